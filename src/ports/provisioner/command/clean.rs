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

/// JSON in which every half of a character is the sign for what nobody can read; none where there is no
/// such half. Python writes bytes that are no text so (`\udc80`), a script that cuts a text in the middle
/// of a pair does (`\ud83d`), and what an executable says of its failure must not be lost for that.
pub(super) fn halves(json: &str) -> Option<String> {
    let mut mended = String::with_capacity(json.len());
    let (mut rest, mut found) = (json, false);
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                found = true;
                mended.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // An escape of one character, so that the second of two backslashes begins none.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    mended.push_str(rest);
    found.then_some(mended)
}

/// The number in an escape like `\u00e9` at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_one_that_nobody_can_read() {
        for (json, mended) in [
            (r#"{"a":"x\ud800y"}"#, Some(r#"{"a":"x\ufffdy"}"#)),
            (r#"{"a":"\udc80\ud83d"}"#, Some(r#"{"a":"\ufffd\ufffd"}"#)),
            (
                r#"{"a":"\ud83d\ude00 \uD83D\n"}"#,
                Some(r#"{"a":"\ud83d\ude00 \ufffd\n"}"#),
            ),
            (r#"{"a":"\ud83d\ude00"}"#, None),
            (r#"{"a":"\\ud800"}"#, None),
            (r#"{"a":"\u00e9\"#, None),
            (r#"{"a":"\u+800\ud8"#, None),
            ("", None),
        ] {
            assert_eq!(halves(json).as_deref(), mended, "{json}");
        }
    }
}
