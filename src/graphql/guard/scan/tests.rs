//! The count against the specification's tokens, and against the parser itself.

use async_graphql::{Variables, parser::parse_query};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::graphql::guard::{facts::Facts, measure::Ruler};

/// Tokens of every kind, and those that are easily taken for part of their neighbours.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "=",
    "!",
    "$",
    "@",
    "&",
    "|",
    "...",
    "a",
    "_",
    "on",
    "id1",
    "e5",
    "E",
    "F",
    "true",
    "false",
    "null",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "truer",
    "nullnull",
    "queries",
    "0",
    "-0",
    "1",
    "-1",
    "907",
    "0.5",
    "-1.05",
    "1e5",
    "0E-7",
    "2.0e+10",
    "\"\"",
    "\"a\"",
    "\"#{\\\"\"",
    "\"\\\\\"",
    "\"\\u00e9\"",
    "\"\"\"\"\"\"",
    "\"\"\"b\"\"\"",
    "\"\"\" \" \\\"\"\" \n\"\"\"",
];
/// What may stand between them.
const SPACES: &[&str] = &[
    " ",
    ",",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\u{feff}",
    " , ",
    "#\n",
    "#\r",
    "# \"\"\" {\n",
    "#\"\r\n",
];
/// Parts of values that the parser may or may not understand.
const VALUES: &[&str] = &[
    "true",
    "false",
    "null",
    "0",
    "00",
    "1",
    "-",
    "-1",
    ".",
    ".5",
    "1.5",
    "e",
    "e5",
    "E+5",
    "+",
    "\"",
    "\"\"",
    "\"a\"",
    "\"\\\"",
    "\"\"\"",
    "\"\"\"b\"\"\"",
    "\\\"\"\"",
    "\\",
    "x",
    "$a",
    "$",
    "[",
    "]",
    "[]",
    "{a:",
    "{",
    "}",
    "#",
    "#\r",
    "\n",
    " ",
    ",",
    "\u{feff}",
    "é",
];
/// Parts of selections, the same way.
const SELECTIONS: &[&str] = &[
    "...F", "...", "...on", "on ", "on A{b}", "F", "...@a{b}", "@a", "@a(b:1)", "(b:-1-1)", "a",
    "a:", "1", "{b}", "{", "}", "query", "true", "fragment", "$", "#", "\r", " ", ",", "\u{feff}",
    ".", "\"\"\"",
];
/// Parts of documents, the same way.
const DEFINITIONS: &[&str] = &[
    "query",
    "mutation",
    "subscription",
    "fragment",
    "A",
    "B",
    "on A",
    "on\u{feff}A",
    " ",
    "{a}",
    "{",
    "}",
    "a",
    "($a:A)",
    "($a:[A!]!=[1]$b:B@c)",
    "@a",
    "#\r",
    "(",
    ")",
    "...A",
    "\u{feff}",
];

fn count(text: &str) -> usize {
    let all: Result<Vec<_>, _> = tokens(text).collect();
    all.expect("closed").len()
}

/// Whether two tokens stay two without a space: by the specification, and where the parser sees two
/// without asking for one.
fn may_touch(first: &str, second: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (Some(end), Some(start)) = (first.bytes().last(), second.bytes().next()) else {
        return false;
    };
    let number = |token: &str| token.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if first == "\"\"" && start == b'"' {
        return false;
    }
    if number(first) {
        let zero = matches!(first, "0" | "-0");
        return !is_name(start)
            || (zero && start.is_ascii_digit() && !second.contains(['.', 'e', 'E']));
    }
    WORDS.contains(&first) || !(is_name(end) && is_name(start))
}

/// How many selections, directives, values and definitions of variables a document has.
fn parts(text: &str) -> Option<u64> {
    let document = parse_query(text).ok()?;
    let variables = Variables::default();
    let mut ruler = Ruler::new(Facts::of_schema(), &document, &variables);
    let mut parts = 0;
    for (_, operation) in document.operations.iter() {
        parts += ruler.operation(&operation.node).ok()?.load.nodes;
    }
    Some(parts)
}

proptest! {
    #[test]
    fn spaces_do_not_matter(
        all in vec((select(TOKENS), select(SPACES), any::<bool>()), 1..40),
    ) {
        let (mut spaced, mut glued) = (String::new(), String::new());
        let mut last = "";
        for (token, space, touch) in &all {
            spaced.extend([*space, token]);
            if !(*touch && may_touch(last, token)) {
                glued.push_str(space);
            }
            glued.push_str(token);
            last = token;
        }
        prop_assert_eq!(count(&spaced), count(&glued), "{:?} {:?}", spaced, glued);
        prop_assert!(count(&glued) >= all.len(), "{:?}", glued);
    }

    #[test]
    fn the_parser_makes_no_more_of_a_text(
        definitions in vec(select(DEFINITIONS), 0..6),
        selections in vec(select(SELECTIONS), 0..8),
        values in vec(select(VALUES), 0..10),
    ) {
        let (selections, values) = (selections.concat(), values.concat());
        for text in [
            format!("{{a(a:[{values}]){{a}}}}"),
            format!("query($a:[A]=[{values}]){{a}}"),
            format!("{{a(a:{values}){{a}}}}"),
            format!("{{a{selections}}}"),
            format!("{{a(a:[{values}]){selections}}}"),
            format!("{}{{a{selections}}}", definitions.concat()),
            definitions.concat(),
        ] {
            if let (Some(parts), Ok(_)) = (parts(&text), scan(&text)) {
                let counted = count(&text);
                prop_assert!(parts <= counted as u64, "{} parts of {}: {:?}", parts, counted, text);
            }
        }
    }
}

#[test]
fn every_token_counts() {
    for (tokens, text) in [
        (
            30,
            "query A($a: Int = -1) { b(c: $a) @include(if: true) { ...D } } # {",
        ),
        (4, "...F...F"),
        (4, "...on...on"),
        (3, "-1-1-1"),
        (4, "00-00"),
        (2, "1.5-1e+5"),
        (2, "0..."),
        (3, "truefalsenull"),
        (2, "fragmentF"),
        (3, "id\u{feff}id#\rid"),
        (2, "\"a\"\"b\""),
        (2, "\"\"\"a\"\"\"\"b\""),
        (5, "[A!]!"),
        (4, "$a$b"),
        (4, "@a@b"),
    ] {
        assert_eq!(count(text), tokens, "{text}");
    }
}

#[test]
fn strings_and_comments_are_not_brackets() {
    let brackets = "{".repeat(MAX_BRACKETS * 2);
    let seen = |text: &str| scan(text).map(|seen| seen.texts);
    let line = format!("# {brackets}\n{{ a(b: \"{brackets} \\\" {brackets}\") }}");
    assert_eq!(seen(&line), Ok(true));
    let block = format!("{{ a(b: \"\"\"{brackets} \\\"\"\" \" {brackets}\"\"\") }}");
    assert_eq!(seen(&block), Ok(true));
}

#[test]
fn excess_is_refused() {
    assert_eq!(scan(&"{a".repeat(MAX_BRACKETS + 1)), Err(Fault::Brackets));
    assert_eq!(scan(&"[".repeat(1 << 20)), Err(Fault::Brackets));
    assert!(scan(&"a ".repeat(MAX_TOKENS)).is_ok());
    assert_eq!(scan(&"a ".repeat(MAX_TOKENS + 1)), Err(Fault::Tokens));
}

#[test]
fn what_does_not_end_is_not_parsed() {
    let brackets = "[".repeat(MAX_BRACKETS * 2);
    for text in [
        "\"\"\"",
        "{ a(b: [\"\"\"a\" ",
        "\"\"\"\"\"\" \"\"\"\\\"\"\"",
    ] {
        assert_eq!(
            scan(&format!("{text}{brackets}")),
            Err(Fault::Unclosed),
            "{text}"
        );
    }
}
