//! Bad input over REST: every route of the OpenAPI document.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{NOBODY, Probe, World, nasty};

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    parameters: Vec<(String, String)>,
    /// The properties of its body.
    body: Option<Vec<String>>,
    statuses: BTreeSet<u16>,
}

fn document() -> Value {
    serde_json::to_value(erpmax::rest::openapi()).expect("a document")
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, about) in methods.as_object().expect("methods") {
            let parameters = about["parameters"].as_array().into_iter().flatten();
            let word = |of: &Value, key: &str| of[key].as_str().expect("a word").to_owned();
            let schema = about.pointer("/requestBody/content/application~1json/schema/$ref");
            let body = schema.and_then(Value::as_str).map(|reference| {
                let schema = document.pointer(reference.trim_start_matches('#'));
                let properties = schema.and_then(|schema| schema["properties"].as_object());
                properties
                    .expect("a body with properties")
                    .keys()
                    .cloned()
                    .collect()
            });
            let statuses = about["responses"].as_object().expect("responses").keys();
            operations.push(Operation {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                parameters: parameters
                    .map(|of| (word(of, "in"), word(of, "name")))
                    .collect(),
                body,
                statuses: statuses
                    .map(|status| status.parse().expect("a status"))
                    .collect(),
            });
        }
    }
    operations
}

impl Operation {
    fn of(&self, place: &str) -> impl Iterator<Item = &str> {
        let found = self
            .parameters
            .iter()
            .filter(move |(other, _)| other == place);
        found.map(|(_, name)| name.as_str())
    }

    /// The path with one id replaced.
    fn path(&self, world: &World, bad: Option<(&str, &str)>) -> String {
        self.of("path").fold(self.path.clone(), |path, name| {
            // What is deleted must not be needed again.
            let good = match name {
                _ if self.method == Method::DELETE && name != "tenant_id" => NOBODY,
                "tenant_id" => &world.tenant,
                "user_id" => &world.member,
                "invitation_id" => &world.invitation,
                _ => NOBODY,
            };
            let id = bad
                .filter(|(other, _)| *other == name)
                .map_or(good, |(_, bad)| bad);
            path.replace(&format!("{{{name}}}"), id)
        })
    }

    fn good_body(&self, world: &World) -> Option<Map<String, Value>> {
        let names = self.body.as_ref()?.iter();
        Some(
            names
                .map(|name| (name.clone(), world.sample(name).unwrap_or(json!("x"))))
                .collect(),
        )
    }

    /// A request that nothing is wrong with.
    fn good(&self, world: &World) -> Probe {
        let probe = Probe {
            label: format!("{} {}", self.method, self.path),
            method: self.method.clone(),
            path: self.path(world, None),
            headers: Vec::new(),
            body: None,
            statuses: self.statuses.clone(),
            writes: self.method != Method::GET,
        };
        match self.good_body(world) {
            Some(body) => probe.json(Value::Object(body).to_string()),
            None => probe,
        }
    }

    fn bad_addresses(&self, world: &World) -> Vec<Probe> {
        let mut probes = Vec::new();
        for name in self.of("path") {
            for bad in nasty::IDS
                .iter()
                .copied()
                .chain(["x".repeat(2_000).as_str()])
            {
                let mut probe = self.good(world).about(&format!("{name} = {bad}"));
                probe.path = self.path(world, Some((name, bad)));
                // A slash in an id leads to another route, or to none.
                probe.statuses.extend([404, 405]);
                probes.push(probe);
            }
        }
        for name in self.of("query").chain(["unknown"]) {
            for bad in nasty::NUMBERS {
                let mut probe = self.good(world).about(&format!("?{name}={bad}"));
                probe.path = format!("{}?{name}={bad}&{name}", probe.path);
                probes.push(probe);
            }
        }
        probes
    }

    fn bad_bodies(&self, world: &World) -> Vec<Probe> {
        let mut probes = Vec::new();
        let Some(good) = self.good_body(world) else {
            return probes;
        };
        let probe = |what: &str, body: Vec<u8>| {
            let mut probe = self.good(world).about(what);
            probe.body = Some(body);
            probe
        };
        for name in good.keys() {
            for value in nasty::values() {
                let body = raw(&good, name, Some(&value));
                probes.push(probe(&format!("{name} = {value}"), body.into_bytes()));
            }
            probes.push(probe(
                &format!("no {name}"),
                raw(&good, name, None).into_bytes(),
            ));
        }
        for value in nasty::values() {
            let body = raw(&good, "__unknown", Some(&value));
            probes.push(probe(
                &format!("an unknown field = {value}"),
                body.into_bytes(),
            ));
        }
        for body in nasty::bodies(&Value::Object(good).to_string()) {
            let shown = String::from_utf8_lossy(&body).into_owned();
            probes.push(probe(&format!("the body {shown}"), body));
        }
        let large = format!("{{\"x\":\"{}\"}}", "x".repeat(10 << 20));
        probes.push(probe("ten megabytes", large.into_bytes()));
        probes
    }

    fn bad_headers(&self, world: &World) -> Vec<Probe> {
        let headers = nasty::HEADERS.iter().map(|(name, value)| {
            let shown = String::from_utf8_lossy(value);
            let about = self.good(world).about(&format!("{name}: {shown}"));
            about.header(name, value)
        });
        let long = "k".repeat(256).into_bytes();
        let key = self
            .good(world)
            .about("a long key")
            .header("idempotency-key", &long);
        headers.chain([key]).collect()
    }
}

/// An object with one field replaced by a text, or left out.
fn raw(good: &Map<String, Value>, name: &str, value: Option<&str>) -> String {
    let others = good.iter().filter(|(other, _)| *other != name);
    let mut fields: Vec<_> = others
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    fields.extend(value.map(|value| format!("{}:{value}", json!(name))));
    format!("{{{}}}", fields.join(","))
}

async fn sweep(probes: impl Fn(&Operation, &World) -> Vec<Probe>) {
    let mut world = World::new().await;
    let all = operations(&document());
    assert!(all.len() > 20, "only {} operations", all.len());
    let probes: Vec<_> = all.iter().flat_map(|of| probes(of, &world)).collect();
    world.sweep(probes).await;
    world.finish().await;
}

#[tokio::test]
async fn addresses() {
    sweep(Operation::bad_addresses).await;
}

#[tokio::test]
async fn bodies() {
    sweep(Operation::bad_bodies).await;
}

#[tokio::test]
async fn headers() {
    sweep(Operation::bad_headers).await;
}

#[tokio::test]
async fn methods() {
    let mut world = World::new().await;
    let mut probes = Vec::new();
    let all = operations(&document());
    for operation in &all {
        let others = all.iter().filter(|other| other.path == operation.path);
        let known: Vec<_> = others.map(|other| other.method.clone()).collect();
        for word in [
            "PUT", "TRACE", "OPTIONS", "BREW", "get", "POST", "DELETE", "PATCH",
        ] {
            let method: Method = word.parse().expect("a method");
            if !known.contains(&method) {
                let mut probe = operation.good(&world).about(&format!("{method}"));
                probe.method = method;
                probe.statuses = BTreeSet::from([405]);
                probes.push(probe);
            }
        }
    }
    world.sweep(probes).await;
    world.finish().await;
}

#[tokio::test]
async fn chance() {
    let mut chance = nasty::Chance::new();
    let mut world = World::new().await;
    let mut probes = Vec::new();
    for operation in operations(&document()) {
        let Some(good) = operation.good_body(&world) else {
            continue;
        };
        for n in 0..30 {
            let mut body = good.clone();
            for name in good.keys() {
                if chance.draw(proptest::bool::ANY) {
                    body.insert(name.clone(), chance.json());
                }
            }
            let what = format!("draw {n} of seed {}: {}", chance.seed, json!(body));
            let probe = Probe {
                label: format!("{} {} with {what}", operation.method, operation.path),
                body: None,
                headers: Vec::new(),
                ..operation.good(&world)
            };
            probes.push(probe.json(json!(body).to_string()));
        }
    }
    world.sweep(probes).await;
    world.finish().await;
}
