//! Bad input in GraphQL: every argument of every field, and every input of every mutation.

use std::collections::BTreeSet;

use async_graphql::parser::types::{BaseType, InputValueDefinition, Type, TypeKind};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Probe, World, nasty};
use crate::{
    meta::laws::{Edge, Schema, along},
    support::sdl::snake,
};

/// A document whose values all come as variables.
struct Operation {
    name: String,
    document: String,
    /// Its variables, with good values.
    good: Map<String, Value>,
}

fn operations(schema: &Schema, world: &World) -> Vec<Operation> {
    let ways = schema.ways();
    // What is listened to has bad input of its own, beside its door (`subscriptions`).
    let asked = |from: &str| !["Mutation", "Subscription"].contains(&from);
    let with_arguments = schema
        .edges()
        .filter(|edge| asked(edge.from) && !edge.field.arguments.is_empty());
    let queries = with_arguments.map(|edge| {
        let document = document("query", &edge, &ways[edge.from]);
        operation(schema, world, &edge, document)
    });
    let mutations = schema.mutations().map(|edge| {
        let document = document("mutation", &edge, &[]);
        operation(schema, world, &edge, document)
    });
    queries.chain(mutations).collect()
}

fn document(kind: &str, edge: &Edge<'_>, way: &[String]) -> String {
    let arguments = edge.field.arguments.iter().map(|of| &of.node);
    let defined = arguments
        .clone()
        .map(|of| format!("${}: {}", of.name.node, of.ty.node));
    let defined = defined.collect::<Vec<_>>().join(", ");
    let given = arguments.map(|of| format!("{0}: ${0}", of.name.node));
    let given = given.collect::<Vec<_>>().join(", ");
    let paren = |list: String| {
        if list.is_empty() {
            list
        } else {
            format!("({list})")
        }
    };
    let leaf = if edge.to().ends_with("Connection") {
        "{ totalCount nodes { __typename } }"
    } else {
        "{ __typename }"
    };
    let field = format!("{}{} {leaf}", edge.field.name.node, paren(given));
    format!("{kind}{} {{ {} }}", paren(defined), along(way, field))
}

fn operation(schema: &Schema, world: &World, edge: &Edge<'_>, document: String) -> Operation {
    let arguments = edge.field.arguments.iter().map(|of| &of.node);
    let good = arguments.map(|of| (of.name.node.to_string(), sample(schema, world, of)));
    Operation {
        name: edge.name(),
        document,
        good: good.collect(),
    }
}

/// A good value for an input.
fn sample(schema: &Schema, world: &World, input: &InputValueDefinition) -> Value {
    fn named(ty: &Type) -> &str {
        match &ty.base {
            BaseType::Named(name) => name,
            BaseType::List(inner) => named(inner),
        }
    }
    let ty = named(&input.ty.node);
    match (ty, schema.ty(ty).map(|definition| &definition.kind)) {
        (_, Some(TypeKind::Enum(words))) => json!(words.values[0].node.value.node.as_str()),
        (_, Some(TypeKind::InputObject(object))) => {
            let fields = object.fields.iter().map(|of| &of.node);
            let fields = fields.map(|of| (of.name.node.to_string(), sample(schema, world, of)));
            Value::Object(fields.collect())
        }
        ("Boolean", _) => json!(true),
        ("Int", _) if input.ty.node.nullable => Value::Null,
        ("Int" | "Float", _) => json!(1),
        _ => world.sample(&snake(&input.name.node)).unwrap_or(json!("x")),
    }
}

/// All places in a value, its own included, by pointer.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    if let Value::Object(fields) = value {
        for (name, inner) in fields {
            places(inner, &format!("{at}/{name}"), all);
        }
    }
}

/// The value with something written at a place, as text; nothing written means left out.
fn raw(value: &Value, at: &str, text: Option<&str>) -> String {
    const MARK: &str = "\u{1}here\u{1}";
    let mut value = value.clone();
    if let Some(text) = text {
        *value.pointer_mut(at).expect("a place") = json!(MARK);
        let mark = json!(MARK).to_string();
        return value.to_string().replacen(&mark, text, 1);
    }
    let (parent, name) = at.rsplit_once('/').expect("not the whole");
    let parent = value.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.expect("an object").remove(name);
    value.to_string()
}

impl Operation {
    fn probe(&self, what: &str, variables: &str) -> Probe {
        let body = format!(
            "{{\"query\":{},\"variables\":{variables}}}",
            json!(self.document)
        );
        let probe = plain(&self.name).about(what).json(body);
        Probe {
            writes: self.name.starts_with("Mutation."),
            ..probe
        }
    }

    fn bad(&self) -> Vec<Probe> {
        let good = Value::Object(self.good.clone());
        let mut probes = vec![self.probe("nothing", &good.to_string())];
        let mut all = Vec::new();
        places(&good, "", &mut all);
        for place in all {
            for value in nasty::values() {
                probes.push(self.probe(
                    &format!("{place} = {value}"),
                    &raw(&good, &place, Some(&value)),
                ));
            }
            if !place.is_empty() {
                probes.push(self.probe(&format!("no {place}"), &raw(&good, &place, None)));
            }
        }
        if let Some(input) = good.get("input") {
            let mut more = input.clone();
            more["__unknown"] = json!(1);
            let variables = json!({ "input": more, "unknown": 1 });
            probes.push(self.probe("unknown fields", &variables.to_string()));
        }
        probes
    }
}

/// A request without a body.
fn plain(name: &str) -> Probe {
    Probe {
        label: name.to_owned(),
        method: Method::POST,
        path: "/graphql".to_owned(),
        headers: Vec::new(),
        body: None,
        // Errors of execution are told in the answer.
        statuses: BTreeSet::from([200, 400, 413, 415]),
        writes: true,
    }
}

#[tokio::test]
async fn values() {
    let mut world = World::new().await;
    let schema = Schema::parse(&erpmax::graphql::sdl());
    let operations = operations(&schema, &world);
    assert!(
        operations.len() > 20,
        "only {} operations",
        operations.len()
    );
    let probes = operations.iter().flat_map(Operation::bad).collect();
    world.sweep(probes).await;
    world.finish().await;
}

#[tokio::test]
async fn bodies_and_headers() {
    let mut world = World::new().await;
    let good = json!({ "query": "{ plans { id } }" }).to_string();
    let mut probes = Vec::new();
    for body in nasty::bodies(&good) {
        let shown = String::from_utf8_lossy(&body).into_owned();
        probes.push(plain("/graphql").about(&shown).json(body));
    }
    for key in ["query", "operationName", "variables", "extensions"] {
        for value in nasty::values() {
            let body = format!("{{\"query\":\"{{ plans {{ id }} }}\",\"{key}\":{value}}}");
            probes.push(
                plain("/graphql")
                    .about(&format!("{key} = {value}"))
                    .json(body),
            );
            // A longer address no client sends.
            let value: String = value.chars().take(4_000).collect();
            let mut get = plain("/graphql").about(&format!("?{key}={value}"));
            get.method = Method::GET;
            let escaped: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            get.path = format!("/graphql?{key}={escaped}&extensions={escaped}");
            get.statuses.extend([405, 414]);
            probes.push(get);
        }
    }
    for (name, value) in nasty::HEADERS {
        let shown = String::from_utf8_lossy(value).into_owned();
        let probe = plain("/graphql").about(&format!("{name}: {shown}"));
        probes.push(probe.json(good.clone()).header(name, value));
    }
    let large = format!("{{\"query\":\"{}\"}}", "x".repeat(10 << 20));
    probes.push(plain("/graphql").about("ten megabytes").json(large));
    world.sweep(probes).await;
    world.finish().await;
}

#[tokio::test]
async fn chance() {
    let mut chance = nasty::Chance::new();
    let mut world = World::new().await;
    let schema = Schema::parse(&erpmax::graphql::sdl());
    let mut probes = Vec::new();
    for operation in operations(&schema, &world) {
        let good = Value::Object(operation.good.clone());
        let mut all = Vec::new();
        places(&good, "", &mut all);
        for n in 0..20 {
            let mut variables = good.clone();
            for place in &all {
                if chance.draw(0..3) == 0
                    && let Some(at) = variables.pointer_mut(place)
                {
                    *at = chance.json();
                }
            }
            let mut probe = operation.probe("chance", &variables.to_string());
            probe.label = format!(
                "{} with draw {n} of seed {}: {variables}",
                operation.name, chance.seed
            );
            probes.push(probe);
        }
    }
    world.sweep(probes).await;
    world.finish().await;
}
