//! What the table means: the words of Socket.IO made from those of GraphQL, and the operation that asks
//! for everything that the table names.

use std::{collections::BTreeMap, fmt::Write};

use erpmax::domain::{event::Stream, realtime::Cursor};
use serde_json::{Map, Value, json};

use super::table::{Key, MIRRORS, Mirror, Source};
use crate::support::client::text;

/// The event of this name.
pub fn named(event: &str) -> &'static Mirror {
    let found = MIRRORS.iter().find(|mirror| mirror.event == event);
    found.unwrap_or_else(|| panic!("no row for {event}"))
}

/// The event that has this type over GraphQL.
pub fn member(name: &str) -> &'static Mirror {
    let found = MIRRORS.iter().find(|mirror| mirror.member == name);
    found.unwrap_or_else(|| panic!("no row for {name}"))
}

/// The number of an event, by its cursor, which names one stream.
pub fn seq(cursor: &str) -> i64 {
    let cursor = Cursor::parse(cursor).expect("a cursor");
    match (cursor.user, cursor.tenant) {
        (Some((_, seq)), None) | (None, Some((_, seq))) => seq,
        both => panic!("not one stream: {both:?}"),
    }
}

/// The number that a cursor holds for a stream.
pub fn seq_in(cursor: &str, stream: Stream) -> Option<i64> {
    let cursor = Cursor::parse(cursor).expect("a cursor");
    match stream {
        Stream::User(id) => cursor.user.filter(|of| of.0 == id).map(|of| of.1),
        Stream::Tenant(id) => cursor.tenant.filter(|of| of.0 == id).map(|of| of.1),
    }
}

/// The payload of Socket.IO, made from an event of GraphQL and nothing else.
pub fn payload(event: &Value, tenant: &str) -> Value {
    let mirror = member(&text(event, "/__typename"));
    Value::Object(made(mirror.keys.iter().copied().flatten(), event, tenant))
}

fn made<'a>(
    keys: impl IntoIterator<Item = &'a Key>,
    event: &Value,
    tenant: &str,
) -> Map<String, Value> {
    let keys = keys.into_iter();
    keys.map(|(key, from)| ((*key).to_owned(), value(from, event, tenant)))
        .collect()
}

fn value(from: &Source, event: &Value, tenant: &str) -> Value {
    match from {
        Source::Same(path) => at(event, path).clone(),
        Source::Word(path) => json!(word(event, path).to_lowercase()),
        Source::Standing(path) => match word(event, path) {
            "IN_PROGRESS" => json!("running"),
            other => json!(other.to_lowercase()),
        },
        Source::Number(path) => serde_json::from_str(word(event, path)).expect("a number"),
        Source::Said(word) => json!(word),
        Source::Hundred => json!(100),
        Source::Tenant => json!(tenant),
        Source::Seq => json!(seq(word(event, "cursor"))),
        Source::Keys(keys) => Value::Object(made(*keys, event, tenant)),
        Source::Each(path, keys) => {
            let list = at(event, path).as_array().expect("a list");
            let each = list
                .iter()
                .map(|one| Value::Object(made(*keys, one, tenant)));
            each.collect()
        }
    }
}

fn at<'a>(event: &'a Value, path: &str) -> &'a Value {
    let found = event.pointer(&format!("/{}", path.replace('.', "/")));
    found.unwrap_or_else(|| panic!("no {path} in {event}"))
}

fn word<'a>(event: &'a Value, path: &str) -> &'a str {
    let found = at(event, path);
    found
        .as_str()
        .unwrap_or_else(|| panic!("{path} is no text: {event}"))
}

/// The fields that are said at both doors.
pub fn shared(mirror: &Mirror) -> Vec<String> {
    let mut paths = Vec::new();
    for (_, from) in mirror.keys.iter().copied().flatten() {
        add(from, "", &mut paths);
    }
    paths
}

fn add(from: &Source, before: &str, paths: &mut Vec<String>) {
    match from {
        Source::Same(path) | Source::Word(path) | Source::Standing(path) | Source::Number(path) => {
            paths.push(format!("{before}{path}"));
        }
        Source::Seq => paths.push("cursor".to_owned()),
        Source::Said(_) | Source::Hundred | Source::Tenant => {}
        Source::Keys(keys) => keys.iter().for_each(|(_, from)| add(from, before, paths)),
        Source::Each(path, keys) => {
            let inside = format!("{before}{path}.");
            keys.iter().for_each(|(_, from)| add(from, &inside, paths));
        }
    }
}

/// A tree of fields.
#[derive(Default)]
struct Fields(BTreeMap<String, Self>);

impl Fields {
    fn insert(&mut self, path: &str) {
        let mut here = self;
        for name in path.split('.') {
            here = here.0.entry(name.to_owned()).or_default();
        }
    }

    fn write(&self, text: &mut String) {
        for (name, below) in &self.0 {
            let _ = write!(text, " {name}");
            if !below.0.is_empty() {
                text.push_str(" {");
                below.write(text);
                text.push_str(" }");
            }
        }
    }
}

/// The operation that asks for all that the table names of a feed.
pub fn operation(feed: &str) -> String {
    let mut members = String::new();
    for mirror in MIRRORS.iter().filter(|mirror| mirror.feed == feed) {
        let mut fields = Fields::default();
        let alone = mirror.alone.iter().map(|(path, _)| (*path).to_owned());
        for path in shared(mirror).into_iter().chain(alone) {
            fields.insert(&path);
        }
        let _ = write!(members, " ... on {} {{", mirror.member);
        fields.write(&mut members);
        members.push_str(" }");
    }
    format!("subscription($after: String) {{ {feed}(after: $after) {{ __typename{members} }} }}")
}
