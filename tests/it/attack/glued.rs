//! Documents without a space where GraphQL needs none: what looks like one word to a careless
//! reader is thousands of parts to the parser.

use super::documents::{BROKEN, COSTLY, DEEP, Hostile, hostile, query};

const SPREAD: &str = "fragment F on Viewer { id }";

/// All of them.
pub const TEXTS: &[Hostile] = &[
    hostile("spreads without spaces", COSTLY, 16_000, |n| {
        query(format!("{{ viewer {{ {} }} }} {SPREAD}", "...F".repeat(n)))
    }),
    hostile("spreads of nothing", COSTLY, 20_000, |n| {
        query(format!("{{ viewer {{ {} }} }}", "...".repeat(n)))
    }),
    hostile("negative numbers without spaces", COSTLY, 32_000, |n| {
        query(list(&"-1".repeat(n)))
    }),
    hostile("zeros without spaces", COSTLY, 64_000, |n| {
        query(list(&"0".repeat(n)))
    }),
    hostile("negative zeros without spaces", COSTLY, 32_000, |n| {
        query(list(&"-0".repeat(n)))
    }),
    hostile("truths without spaces", COSTLY, 16_000, |n| {
        query(list(&"true".repeat(n)))
    }),
    hostile("nulls and numbers without spaces", COSTLY, 10_000, |n| {
        query(list(&"null0-1".repeat(n)))
    }),
    hostile("texts without spaces", COSTLY, 20_000, |n| {
        query(list(&"\"a\"".repeat(n)))
    }),
    hostile("variables without spaces", COSTLY, 30_000, |n| {
        query(list(&"$a".repeat(n)))
    }),
    hostile("names between byte order marks", COSTLY, 12_000, |n| {
        query(format!("{{ viewer {{ {} }} }}", "id\u{feff}".repeat(n)))
    }),
    hostile("comments ended by returns", COSTLY, 13_000, |n| {
        query(format!("{{ viewer {{ {} }} }}", "id#\r".repeat(n)))
    }),
    hostile(
        "brackets behind a text without an end",
        BROKEN,
        60_000,
        |n| query(list(&format!("\"\"\"a\"{}", "[".repeat(n)))),
    ),
    hostile(
        "numbers behind a text without an end",
        BROKEN,
        60_000,
        |n| query(list(&format!("\"\"\"a\"{}", "1 ".repeat(n / 2)))),
    ),
    hostile(
        "texts without an end, each to the end",
        BROKEN,
        1_600,
        |n| {
            let comment = "#".repeat(n * 20);
            query(list(&format!(
                "{}{comment}",
                "\"\\\\\"\"\"\"x\" ".repeat(n)
            )))
        },
    ),
    hostile("deep lists behind a text with an end", DEEP, 60_000, |n| {
        query(list(&format!("\"\"\"a\"\"\"{}", "[".repeat(n))))
    }),
];

fn list(inside: &str) -> String {
    format!("{{ viewer {{ memberships(first: [{inside}]) {{ totalCount }} }} }}")
}
