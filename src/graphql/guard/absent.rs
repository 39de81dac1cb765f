//! Variables that the client did not send are absent, not null (specification of GraphQL, section
//! 6.4.1: an input field whose variable has no value has no entry). The library reads them as null,
//! which would clear what a partial update never mentioned; so such arguments are resolved here.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet, VariableDefinition,
    },
};
use axum::body::Bytes;

/// Takes out of the document what depends on variables that were not sent and have no default.
pub fn drop_absent(document: &mut ExecutableDocument, variables: &Variables) {
    let resolver = Resolver::new(document, variables);
    if resolver.absent.is_empty() {
        return;
    }
    let before = referenced(document);
    for_each_field(document, &mut |field| resolver.resolve_arguments(field));
    let after = referenced(document);
    for_each_definition_list(document, |definitions| {
        definitions.retain(|definition| {
            let name = &definition.node.name.node;
            after.contains(name) || !before.contains(name)
        });
    });
}

/// What each variable of a document stands for.
struct Resolver<'a> {
    absent: HashSet<Name>,
    defaults: Vec<(Name, Value)>,
    variables: &'a Variables,
}

impl<'a> Resolver<'a> {
    fn new(document: &ExecutableDocument, variables: &'a Variables) -> Self {
        let unsent: Vec<_> = document
            .operations
            .iter()
            .flat_map(|(_, operation)| &operation.node.variable_definitions)
            .map(|definition| &definition.node)
            .filter(|definition| !variables.contains_key(&definition.name.node))
            .collect();
        // Operations that disagree about a variable share fragments, where it can be only one of
        // both; then the library's reading stands.
        let needed = |name: &Name| {
            unsent
                .iter()
                .any(|other| other.name.node == *name && !is_optional(other))
        };
        let names = unsent.iter().map(|definition| &definition.name.node);
        let absent = names.filter(|name| !needed(name)).cloned().collect();
        let defaults = unsent.iter().filter_map(|definition| {
            let default = definition.default_value.as_ref()?;
            Some((definition.name.node.clone(), default.node.clone()))
        });
        Self {
            absent,
            defaults: defaults.collect(),
            variables,
        }
    }

    /// Resolves those arguments of a field that depend on absent variables.
    fn resolve_arguments(&self, field: &mut Field) {
        field.arguments.retain_mut(|(_, argument)| {
            let input = &mut argument.node;
            let mut names = HashSet::new();
            let _ = input.clone().into_const_with(|name| {
                names.insert(name);
                Ok::<_, ()>(Value::Null)
            });
            if names.is_disjoint(&self.absent) {
                return true;
            }
            // A variable that must have a value and has none is for the validation to report.
            let Ok(mut value) = input.clone().into_const_with(|name| self.value(&name)) else {
                return true;
            };
            let present = prune(&mut value);
            *input = value.into_value();
            present
        });
    }

    fn value(&self, name: &Name) -> Result<Value, ()> {
        if self.absent.contains(name) {
            return Ok(absent());
        }
        let default = self.defaults.iter().find(|(defined, _)| defined == name);
        let value = self.variables.get(name).or(default.map(|(_, value)| value));
        value.cloned().ok_or(())
    }
}

fn is_optional(definition: &VariableDefinition) -> bool {
    definition.default_value.is_none() && definition.var_type.node.nullable
}

/// Stands for an absent value: bytes come neither in a document nor in JSON.
fn absent() -> Value {
    Value::Binary(Bytes::new())
}

/// Whether the value is there; its absent parts are taken out.
fn prune(value: &mut Value) -> bool {
    match value {
        Value::Binary(_) => return false,
        Value::Object(fields) => fields.retain(|_, value| prune(value)),
        // An item of a list has a place to keep: there, absent is null.
        Value::List(items) => items.iter_mut().for_each(|item| {
            if !prune(item) {
                *item = Value::Null;
            }
        }),
        _ => {}
    }
    true
}

/// The variables that arguments and directives of the document refer to.
fn referenced(document: &mut ExecutableDocument) -> HashSet<Name> {
    let mut names = HashSet::new();
    for_each_field(document, &mut |field| {
        let directives = field
            .directives
            .iter()
            .flat_map(|directive| &directive.node.arguments);
        for (_, argument) in field.arguments.iter().chain(directives) {
            let _ = argument.node.clone().into_const_with(|name| {
                names.insert(name);
                Ok::<_, ()>(Value::Null)
            });
        }
    });
    names
}

fn for_each_definition_list(
    document: &mut ExecutableDocument,
    mut change: impl FnMut(&mut Vec<Positioned<VariableDefinition>>),
) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => change(&mut operation.node.variable_definitions),
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .for_each(|operation| change(&mut operation.node.variable_definitions)),
    }
}

fn for_each_field(document: &mut ExecutableDocument, visit: &mut impl FnMut(&mut Field)) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => walk(&mut operation.node.selection_set, visit),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                walk(&mut operation.node.selection_set, visit);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        walk(&mut fragment.node.selection_set, visit);
    }
}

fn walk(set: &mut Positioned<SelectionSet>, visit: &mut impl FnMut(&mut Field)) {
    for selection in &mut set.node.items {
        match &mut selection.node {
            Selection::Field(field) => {
                visit(&mut field.node);
                walk(&mut field.node.selection_set, visit);
            }
            Selection::InlineFragment(fragment) => walk(&mut fragment.node.selection_set, visit),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn pruned(query: &str, variables: Value) -> (String, usize) {
        let mut document = parse_query(query).expect("parses");
        drop_absent(&mut document, &Variables::from_value(variables));
        let operation = &document.operations.iter().next().expect("one").1.node;
        let Selection::Field(field) = &operation.selection_set.node.items[0].node else {
            panic!("a field");
        };
        let arguments = field.node.arguments.iter();
        let arguments = arguments.map(|(name, value)| format!("{}: {}", name.node, value.node));
        (
            arguments.collect::<Vec<_>>().join(", "),
            operation.variable_definitions.len(),
        )
    }

    #[test]
    fn what_was_not_sent_is_not_there() {
        let query = "mutation($a: String, $b: String, $c: Int = 1) {
            f(x: $a, input: {a: $a, b: $b, c: $c}, list: [$a, $b])
        }";
        let (arguments, definitions) = pruned(query, value!({"b": null}));
        assert_eq!(arguments, "input: {b: null, c: 1}, list: [null, null]");
        assert_eq!(definitions, 0);
        let (arguments, definitions) = pruned(query, value!({"a": "x", "b": "y"}));
        assert_eq!(
            arguments,
            "x: $a, input: {a: $a, b: $b, c: $c}, list: [$a, $b]"
        );
        assert_eq!(definitions, 3);
    }

    #[test]
    fn what_must_be_sent_stays_and_is_missed() {
        let query = "query($a: String!, $b: Int) { f(x: {a: $a, b: $b}) }";
        assert_eq!(
            pruned(query, value!({})),
            ("x: {a: $a, b: $b}".to_owned(), 2)
        );
    }

    #[test]
    fn what_is_never_used_is_still_told() {
        assert_eq!(
            pruned("query($a: Int, $b: Int) { f(x: $a) }", value!({})).1,
            1
        );
    }
}
