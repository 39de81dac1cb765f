//! Both doors lead to the same rooms: every scenario is played through REST on one application and
//! through GraphQL on another, and every step must tell the same or be refused for the same reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{
    Actor, Answer, Company, Door, TestApp,
    ops::{Call, GRAPHQL_ONLY},
};

mod accounts;
mod billing;
mod invitations;
mod members;
mod provisioning;
mod tenants;

/// What came of a step, without what differs from run to run.
#[derive(Debug)]
enum Outcome {
    Told(Value),
    Refused(Answer),
}

/// A scenario on its way through one door.
pub struct Play<'app> {
    pub app: &'app TestApp,
    door: Door,
    names: BTreeMap<String, String>,
    steps: Vec<(String, Outcome)>,
}

impl Play<'_> {
    /// Gives an id a name that is the same in both runs.
    pub fn name(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), format!("<{name}>"));
    }

    /// Names a company and its owner.
    pub fn name_company(&mut self, company: &Company<'_>, name: &str) {
        self.name(&company.id, name);
        self.name(&company.owner.id, &format!("{name}'s owner"));
    }

    /// Makes a call and notes what came of it; returns the facts, or null.
    pub async fn step(&mut self, label: &str, who: &Actor, call: Call) -> Value {
        let reply = who.call(self.door, &call).await;
        let (outcome, facts) = if reply.refused() {
            let mut failure = reply.failure();
            if failure.code == "INVALID_INPUT" {
                // Field names are spelled as the door spells them; a path says whose id it is.
                failure.message.clear();
                if failure.fields == ["tenant_id"] {
                    failure.fields = vec!["id".to_owned()];
                }
            }
            (Outcome::Refused(failure), Value::Null)
        } else {
            let facts = call.facts(self.door, &reply);
            (Outcome::Told(self.redacted(&facts)), facts)
        };
        self.steps.push((label.to_owned(), outcome));
        facts
    }

    fn redacted(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.redacted_text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.redacted(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), self.redacted(value)))
                .collect(),
            other => other.clone(),
        }
    }

    fn redacted_text(&self, text: &str) -> String {
        if let Some(name) = self.names.get(text) {
            name.clone()
        } else if text.parse::<uuid::Uuid>().is_ok() {
            "<id>".to_owned()
        } else if text.starts_with("eyJ") {
            "<token>".to_owned()
        } else if text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            // A word of an enum; REST writes it in lower case (ruling 1).
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    }
}

/// Plays a scenario through both doors and compares step by step.
pub async fn play(scenario: impl AsyncFn(&mut Play<'_>)) {
    let mut runs = Vec::new();
    for door in Door::BOTH {
        let app = TestApp::new().await;
        let mut play = Play {
            app: &app,
            door,
            names: BTreeMap::new(),
            steps: Vec::new(),
        };
        scenario(&mut play).await;
        let Play { steps, .. } = play;
        runs.push(steps);
        app.finish().await;
    }
    let [rest, graphql] = runs.try_into().unwrap();
    assert_eq!(rest.len(), graphql.len());
    for ((label, rest), (_, graphql)) in rest.iter().zip(&graphql) {
        match (rest, graphql) {
            (Outcome::Refused(rest), Outcome::Refused(graphql)) => {
                assert_eq!(
                    rest, graphql,
                    "{label}: REST and GraphQL refuse differently"
                );
            }
            (Outcome::Told(rest), Outcome::Told(graphql)) => contains(rest, graphql, label),
            _ => panic!("{label}: REST says {rest:#?}, GraphQL says {graphql:#?}"),
        }
    }
}

/// Whatever GraphQL tells, REST tells too. REST's extra keys are aliases for older clients.
#[track_caller]
fn contains(rest: &Value, graphql: &Value, label: &str) {
    match (rest, graphql) {
        (_, Value::Object(map)) => {
            for (key, value) in map {
                assert!(
                    !rest[key].is_null() || value.is_null(),
                    "{label}: REST has no {key}"
                );
                contains(&rest[key], value, &format!("{label}.{key}"));
            }
        }
        (Value::Array(rest), Value::Array(graphql)) => {
            assert_eq!(rest.len(), graphql.len(), "{label}");
            for (at, (rest, graphql)) in rest.iter().zip(graphql).enumerate() {
                contains(rest, graphql, &format!("{label}[{at}]"));
            }
        }
        // REST tells in `data` what GraphQL has no words for, e.g. the kept letter of a logout.
        (_, Value::Null) => {}
        _ => assert_eq!(rest, graphql, "{label}"),
    }
}

#[test]
fn every_operation_has_a_scenario() {
    let all = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/parity")).unwrap();
    let text: String = all
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let operations = crate::support::sdl::operations();
    let both = |operation: &&String| !GRAPHQL_ONLY.contains(&operation.as_str());
    for operation in operations.iter().filter(both) {
        let call = match operation.as_str() {
            "viewer" => "ops::viewer(".to_owned(),
            other => format!("ops::{}(", crate::support::sdl::snake(other)),
        };
        assert!(
            text.contains(&call),
            "parity: nothing plays {operation} ({call}…)"
        );
    }
}
