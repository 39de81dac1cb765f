//! Bodies made to cost more than they say: padding, variables, batches, JSON that is none.

use serde_json::{Value, json};

use super::documents::{
    BROKEN, COSTLY, Hostile, INPUT, WRONG, hostile, nested, query, times, with,
};

/// All of them.
pub const BODIES: &[Hostile] = &[
    hostile("commas", COSTLY, 900_000, |n| {
        query(format!("{{ plans {{ {} id }} }}", ",".repeat(n)))
    }),
    hostile("comments", COSTLY, 200_000, |n| {
        query(format!("{{ plans {{ {} id }} }}", "#\n".repeat(n)))
    }),
    hostile("a long comment", COSTLY, 900_000, |n| {
        query(format!("{{ plans #{}\n {{ id }} }}", "{".repeat(n)))
    }),
    hostile("byte order marks", COSTLY, 300_000, |n| {
        query(format!("{{ plans {{ {} id }} }}", "\u{feff}".repeat(n)))
    }),
    hostile("nul bytes", BROKEN, 5_000, |n| {
        query(format!("{{ plans {{ id {} }} }}", "\0 ".repeat(n / 2)))
    }),
    hostile("letters that are none", BROKEN, 5_000, |n| {
        query(format!(
            "{{ plans {{ id {} }} }}",
            "\u{202e}é ".repeat(n / 4)
        ))
    }),
    hostile("variables that are used everywhere", COSTLY, 400, |n| {
        let all = "memberships(after: $v) { totalCount } ".repeat(n);
        with(
            format!("query($v: String) {{ viewer {{ {all} }} }}"),
            &json!({ "v": "x".repeat(n * 2_000) }),
        )
    }),
    hostile("page sizes that are no numbers", COSTLY, 400, |n| {
        let all = "memberships(first: $v) { totalCount } ".repeat(n);
        let list: Vec<_> = (0..n * 400).collect();
        with(
            format!("query($v: Int) {{ viewer {{ {all} }} }}"),
            &json!({ "v": list }),
        )
    }),
    hostile("variable definitions", WRONG, 1_000, |n| {
        query(format!(
            "query({}) {{ plans {{ id }} }}",
            times(n, |n| format!("$v{n}: Int"))
        ))
    }),
    hostile("a variable defined over and over", WRONG, 1_000, |n| {
        query(format!(
            "query({}) {{ plans {{ id }} }}",
            "$v: Int ".repeat(n)
        ))
    }),
    hostile("variables nobody defined", &[], 40_000, |n| {
        let all: serde_json::Map<_, _> = (0..n).map(|n| (format!("v{n}"), json!(n))).collect();
        with("{ plans { id } }", &Value::Object(all))
    }),
    hostile("a deep variable", INPUT, 100_000, |n| {
        let deep = nested(n, "[", "", "]");
        format!(
            "{{\"query\": \"query($v: Int) {{ tenants(first: $v) {{ totalCount }} }}\", \"variables\": {{\"v\": {deep}}}}}"
        )
    }),
    hostile("a wide variable", INPUT, 100_000, |n| {
        let list: Vec<_> = (0..n).collect();
        with(
            "query($v: Int) { tenants(first: $v) { totalCount } }",
            &json!({ "v": list }),
        )
    }),
    hostile("a word that is a book", INPUT, 900_000, |n| {
        let query =
            "query($v: InvitationStatus) { tenant { invitations(status: $v) { totalCount } } }";
        with(query, &json!({ "v": "X".repeat(n) }))
    }),
    hostile("a book said many times", COSTLY, 250, |n| {
        let all = "invitations(status: $v) { totalCount } ".repeat(n);
        with(
            format!("query($v: InvitationStatus) {{ tenant {{ {all} }} }}"),
            &json!({ "v": "X".repeat(n * 3_000) }),
        )
    }),
    hostile("an object of unknown fields", INPUT, 60_000, |n| {
        let all: serde_json::Map<_, _> = (0..n).map(|n| (format!("f{n}"), json!(n))).collect();
        with(
            "query($f: TenantFilter) { tenants(filter: $f) { totalCount } }",
            &json!({ "f": all }),
        )
    }),
    hostile("a batch", INPUT, 20_000, |n| {
        format!(
            "[{}]",
            vec!["{\"query\": \"{ plans { id } }\"}"; n].join(",")
        )
    }),
    hostile("a batch behind a mark", INPUT, 20_000, |n| {
        format!(
            "\u{feff}[{}]",
            vec!["{\"query\": \"{ plans { id } }\"}"; n].join(",")
        )
    }),
    hostile("equal keys", INPUT, 40_000, |n| {
        format!(
            "{{{}\"query\": \"{{ plans {{ id }} }}\"}}",
            "\"query\": \"{ a }\", ".repeat(n)
        )
    }),
    hostile("unknown keys", &[], 40_000, |n| {
        format!(
            "{{{}\"query\": \"{{ plans {{ id }} }}\"}}",
            times(n, |n| format!("\"k{n}\": [],"))
        )
    }),
    hostile("an operation name that is a book", WRONG, 900_000, |n| {
        json!({ "query": "query A { plans { id } }", "operationName": "x".repeat(n) }).to_string()
    }),
    hostile(
        "a body beyond all bodies",
        &["PAYLOAD_TOO_LARGE"],
        2_000_000,
        |n| query("x".repeat(n)),
    ),
];
