//! GraphQL operations by name and outcome. Names are the clients', so only so many are told apart,
//! and only callers who have signed in can add one: a stranger cannot use the places up.

use std::{
    array,
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use super::{answer_seconds, shelf::Shelf};
use crate::error::Code;

/// An operation without a name.
const ANONYMOUS: &str = "anonymous";
/// An operation whose name is not told apart.
const OTHER: &str = "other";
/// Names that are there from the start: ours, and those of `docs/operations` that somebody sends who
/// has not signed in.
const OWN: [&str; 7] = [
    ANONYMOUS,
    OTHER,
    "SignIn",
    "SignUp",
    "AcceptInvitation",
    "RefreshToken",
    "Plans",
];
/// Longer names are not told apart.
const NAME_MAX: usize = 64;
/// The place of an outcome without errors, and of one whose code is none of ours.
const OK: usize = Code::ALL.len();
const UNCODED: usize = OK + 1;

/// Operations of the GraphQL door.
#[derive(Debug)]
pub struct Graphql {
    names: usize,
    operations: Family<Operation, Counter>,
    durations: Family<Name, Histogram, fn() -> Histogram>,
    known: RwLock<HashMap<Box<str>, Arc<Handles>>>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Name {
    operation: String,
}

#[derive(Debug)]
struct Handles {
    duration: Histogram,
    outcomes: [OnceLock<Counter>; UNCODED + 1],
}

impl Graphql {
    pub(super) fn new(shelf: &mut Shelf<'_>, names: usize) -> Self {
        let graphql = Self {
            names,
            operations: Family::default(),
            durations: Family::new_with_constructor(answer_seconds),
            known: RwLock::default(),
        };
        shelf.put(
            "graphql_operations",
            &["operation", "outcome"],
            "GraphQL operations, by the name their client gave them (`anonymous`: none; `other`: \
             one name too many) and their outcome (`ok`, or the code of the first error)",
            graphql.operations.clone(),
        );
        shelf.put_seconds(
            "graphql_operation_duration",
            &["operation"],
            "Time that GraphQL operations took",
            graphql.durations.clone(),
        );
        let own = OWN.map(|name| (name.into(), graphql.handles_of(name)));
        Self {
            known: RwLock::new(own.into()),
            ..graphql
        }
    }

    /// An operation ended, with the code of an error if there was one. `trusted`: its sender has
    /// signed in.
    pub fn operation(
        &self,
        name: Option<&str>,
        trusted: bool,
        code: Option<&str>,
        elapsed: Duration,
    ) {
        let handles = self.handles(name, trusted);
        let place = code.map_or(OK, |code| {
            let known = Code::ALL.iter().position(|known| known.as_str() == code);
            known.unwrap_or(UNCODED)
        });
        let counter = handles.0.outcomes[place].get_or_init(|| {
            let outcome = match Code::ALL.get(place) {
                Some(code) => code.as_str(),
                None if place == OK => "ok",
                None => "uncoded",
            };
            self.operations.get_or_create_owned(&Operation {
                operation: handles.1.to_owned(),
                outcome,
            })
        });
        counter.inc();
        handles.0.duration.observe(elapsed.as_secs_f64());
    }

    /// The handles of a name, and the name they go by.
    fn handles<'a>(&self, name: Option<&'a str>, trusted: bool) -> (Arc<Handles>, &'a str) {
        let mut name = name.unwrap_or(ANONYMOUS);
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            let room = known.len() < self.names + OWN.len();
            let welcome = trusted && room && name.len() <= NAME_MAX;
            if !welcome && !known.contains_key(name) {
                name = OTHER;
            }
            if let Some(handles) = known.get(name) {
                return (Arc::clone(handles), name);
            }
        }
        let handles = self.handles_of(name);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        (
            Arc::clone(known.entry(name.into()).or_insert(handles)),
            name,
        )
    }

    fn handles_of(&self, name: &str) -> Arc<Handles> {
        let operation = name.to_owned();
        Arc::new(Handles {
            duration: self.durations.get_or_create_owned(&Name { operation }),
            outcomes: array::from_fn(|_| OnceLock::new()),
        })
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;

    fn names(graphql: &Graphql) -> Vec<String> {
        let known = graphql.known.read().unwrap();
        let mut names: Vec<_> = known.keys().map(ToString::to_string).collect();
        names.retain(|name| !OWN.contains(&name.as_str()));
        names.sort();
        names
    }

    #[test]
    fn strangers_add_no_names_and_nobody_adds_many() {
        let (mut registry, mut catalogue) = (Registry::default(), Vec::new());
        let graphql = Graphql::new(&mut Shelf::new(&mut registry, &mut catalogue), 3);
        let run = |name: &str, trusted| {
            graphql.operation(Some(name), trusted, None, Duration::ZERO);
        };
        for n in 0..100 {
            run(&format!("Stranger{n}"), false);
        }
        assert!(names(&graphql).is_empty());
        for n in 0..100 {
            run(&format!("Member{n}"), true);
        }
        assert_eq!(names(&graphql), ["Member0", "Member1", "Member2"]);
    }
}
