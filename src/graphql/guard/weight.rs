//! How much there is to copy and compare of input values. The library copies a value for every
//! place that refers to it, several times over, so a large one in many places multiplies.

use std::{cell::RefCell, collections::HashMap};

use async_graphql::{Name, Value, Variables};
use async_graphql_value::Value as Written;

/// What a number, a list or an object weighs beside its contents, in bytes.
const NODE: u64 = 32;

/// What the values at some place amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Values as they are written.
    pub nodes: u64,
    /// About how many bytes they take, variables put into their places.
    pub bytes: u64,
}

impl Load {
    /// Both together; saturates rather than wraps.
    pub fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Weighs the values of one request.
pub struct Scale<'a> {
    variables: &'a Variables,
    known: RefCell<HashMap<Name, u64>>,
}

impl<'a> Scale<'a> {
    /// For documents that refer to these variables.
    pub fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            known: RefCell::default(),
        }
    }

    /// Weighs a value of the document.
    pub fn weigh(&self, value: &Written) -> Load {
        let mut load = Load {
            nodes: 1,
            bytes: NODE,
        };
        match value {
            Written::Variable(name) => load.bytes = self.variable(name),
            Written::String(text) => load.bytes += text.len() as u64,
            Written::List(items) => items.iter().for_each(|item| load.add(self.weigh(item))),
            Written::Object(fields) => fields
                .values()
                .for_each(|field| load.add(self.weigh(field))),
            _ => {}
        }
        load
    }

    /// Weighs a variable once, however often it is referred to.
    fn variable(&self, name: &Name) -> u64 {
        if let Some(known) = self.known.borrow().get(name) {
            return *known;
        }
        let bytes = self.variables.get(name).map_or(NODE, bytes);
        self.known.borrow_mut().insert(name.clone(), bytes);
        bytes
    }
}

/// What all variables weigh together.
pub fn of_all(variables: &Variables) -> u64 {
    variables.values().map(bytes).sum()
}

fn bytes(value: &Value) -> u64 {
    let inside = match value {
        Value::String(text) => text.len() as u64,
        Value::List(items) => items.iter().map(bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() as u64 + bytes(value))
            .sum(),
        _ => 0,
    };
    NODE + inside
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn variables_weigh_wherever_they_are_referred_to() {
        let variables = Variables::from_value(value!({"long": "x".repeat(1_000), "none": null}));
        let scale = Scale::new(&variables);
        let long = Written::Variable(Name::new("long"));
        assert_eq!(scale.weigh(&long).bytes, 1_000 + NODE);
        let twice = Written::List(vec![long.clone(), long]);
        let load = scale.weigh(&twice);
        assert_eq!((load.nodes, load.bytes), (3, 2_000 + 3 * NODE));
        assert_eq!(
            scale.weigh(&Written::Variable(Name::new("other"))).bytes,
            NODE
        );
        assert_eq!(of_all(&variables), 1_000 + 2 * NODE);
    }
}
