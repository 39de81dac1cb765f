//! Takes out of what an executable says what only a terminal understands. A database refuses some of it.

use serde_json::{Map, Value};

/// An object in which no text and no key has control characters, however deep.
pub(super) fn object(object: Map<String, Value>) -> Map<String, Value> {
    let entries = object.into_iter();
    entries
        .map(|(key, inner)| (text(&key), value(inner)))
        .collect()
}

fn value(dirty: Value) -> Value {
    match dirty {
        Value::String(dirty) => Value::String(text(&dirty)),
        Value::Array(values) => values.into_iter().map(value).collect(),
        Value::Object(inner) => Value::Object(object(inner)),
        other => other,
    }
}

/// The text without colours and control characters; a break of the line is a space.
pub(super) fn text(dirty: &str) -> String {
    let mut clean = String::with_capacity(dirty.len());
    let mut rest = dirty.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                rest.next_if(|c| matches!(c, '@'..='~'));
            }
            c if c.is_control() && c.is_whitespace() => clean.push(' '),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}
