//! What documents weigh, against what is in them.

use std::mem::size_of;

use async_graphql::{Positioned, parser::types::Selection};
use async_graphql_value::Value;

use super::*;
use crate::graphql::guard::limits::tests::LIMITS;

fn weight(text: &str) -> Option<usize> {
    let parsed = Document::parse(&LIMITS, text, hash(text));
    parsed.ok().map(|document| document.weight)
}

/// A document in the middle of which something comes over and over.
struct Repeated {
    before: &'static str,
    each: fn(usize) -> String,
    after: &'static str,
}

const fn repeated(
    before: &'static str,
    each: fn(usize) -> String,
    after: &'static str,
) -> Repeated {
    Repeated {
        before,
        each,
        after,
    }
}

impl Repeated {
    fn text(&self, n: usize) -> String {
        let all: String = (0..n).map(self.each).collect();
        format!("{}{all}{}", self.before, self.after)
    }

    /// The weight of the longest that may be.
    fn most(&self) -> usize {
        let counts = (1..60).rev().map(|n| n * 50);
        let weighed = counts.map(|n| weight(&self.text(n)));
        weighed.flatten().next().expect("a short one is allowed")
    }
}

#[test]
fn a_part_weighs_the_same_with_and_without_spaces() {
    let around = |inside: &str| format!("fragment F on Viewer{{id}}{{viewer{{{inside}}}}}");
    let list = |inside: &str| around(&format!("a(b:[{inside}])"));
    for (n, glued, spaced, around) in [
        (1_440, "...F", "... F ", &around as &dyn Fn(&str) -> String),
        (700, "...@a{b}", "... @ a { b }\n", &around),
        (1_000, "id\u{feff}", "id, ", &around),
        (2_000, "-1", "-1 ", &list),
        (2_000, "0", "0, ", &list),
        (2_000, "true", "true ", &list),
        (1_000, "$a\"b\"", "$ a \"b\" ", &list),
    ] {
        let allowed = |text: &str| weight(&around(text)).expect("allowed");
        let [tight, wide] = [glued, spaced].map(|each| allowed(&each.repeat(n)));
        assert_eq!(tight, wide, "{glued}");
        assert!(tight > n * size_of::<Value>(), "{glued}");
    }
    let spreads = weight(&around(&"...F".repeat(1_440))).expect("allowed");
    assert!(
        spreads >= 1_440 * size_of::<Positioned<Selection>>(),
        "{spreads}"
    );
}

#[test]
fn nothing_weighs_more_than_the_heaviest() {
    let all = [
        repeated("{", |_| "a ".to_owned(), "}"),
        repeated("{", |_| "a:b ".to_owned(), "}"),
        repeated("{", |_| "a{a}".to_owned(), "}"),
        repeated("{", |_| "a@a".to_owned(), "}"),
        repeated("{", |_| "a(a:1)".to_owned(), "}"),
        repeated("{", |_| "...@a{a}".to_owned(), "}"),
        repeated("{", |_| "...on A{a}".to_owned(), "}"),
        repeated("{a(a:[", |_| "[1]".to_owned(), "])}"),
        repeated("{a(a:[", |_| "\"\"".to_owned(), "])}"),
        repeated("{a(a:[", |_| "{a:1}".to_owned(), "])}"),
        repeated("{a(a:{", |n| format!("a{n}:1 "), "})}"),
        repeated("{a(a:[", |_| "{a:1 b:1 c:1 d:1}".to_owned(), "])}"),
        repeated("query(", |n| format!("$a{n}:A"), "){a}"),
        repeated("query(", |n| format!("$a{n}:[A]=1"), "){a}"),
        repeated("", |n| format!("query A{n}{{a}}"), ""),
        repeated("{a}", |n| format!("fragment F{n} on A{{a}}"), ""),
    ];
    let heaviest = all.iter().map(Repeated::most).max().expect("some");
    assert!(heaviest <= MAX_WEIGHT, "{heaviest}");
    assert!(heaviest > MAX_WEIGHT / 2, "{heaviest}");
}
