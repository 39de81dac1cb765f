//! What may run and what may not, by the limits.

use std::{fmt::Write, time::Duration};

use async_graphql::value;

use super::*;
use crate::graphql::error::code_of;

pub const LIMITS: config::Graphql = config::Graphql {
    max_depth: 20,
    max_cost: 3000,
    max_aliases: 30,
    max_root_fields: 30,
    max_document_bytes: 65_536,
    documents: 100,
    documents_bytes: 2 << 20,
    timeout: Duration::from_secs(1),
    introspection: true,
    suggestions: true,
};

fn look(query: &str, variables: Value) -> Checked {
    let request = Request::new(query).variables(Variables::from_value(variables));
    check(&LIMITS, &Documents::new(&LIMITS), request)
}

fn cost(query: &str) -> u64 {
    cost_with(query, value!({}))
}

fn cost_with(query: &str, variables: Value) -> u64 {
    look(query, variables).operation.expect("measured").cost
}

fn refused(query: &str) -> String {
    let error = look(query, value!({})).verdict.expect_err("refused");
    code_of(&error).expect("a code").to_owned()
}

#[test]
fn objects_cost_one_and_lists_multiply() {
    assert_eq!(cost("{ viewer { id email } }"), 1);
    assert_eq!(cost("{ viewer { currentTenant { name } } }"), 2);
    let page = "memberships(first: 10) { nodes { tenant { name } } }";
    assert_eq!(cost(&format!("{{ viewer {{ {page} }} }}")), 1 + 1 + 10 * 2);
    assert_eq!(cost("{ tenants { totalCount pageInfo { endCursor } } }"), 2);
    assert_eq!(cost("{ tenants { edges { node { id } } } }"), 1 + 20 * 2);
    assert_eq!(cost("{ plans { name priceMonthly { amount } } }"), 20 * 2);
    assert_eq!(cost("{ permissions }"), 0);
    assert_eq!(cost("mutation { logout { signedOut } }"), 1);
}

#[test]
fn page_sizes_come_from_variables_and_defaults_too() {
    let query = "query($n: Int = 7) { tenants(last: $n) { ...T } } fragment T on TenantConnection { nodes { id } }";
    assert_eq!(cost(query), 1 + 7);
    assert_eq!(cost_with(query, value!({"n": 50})), 1 + 50);
    // The resolver refuses what is out of range; the cost does not get in its way.
    assert_eq!(cost_with(query, value!({"n": 1_000_000})), 1 + 100);
    assert_eq!(cost_with(query, value!({"n": "x"})), 1 + 20);
}

#[test]
fn what_hashes_is_dear() {
    let login = "login(input: {email: \"a\", password: \"b\"}) { tokens { accessToken } }";
    assert_eq!(cost(&format!("mutation {{ {login} }}")), 252);
    let logins: String = (0..12).fold(String::new(), |mut logins, n| {
        let _ = write!(logins, "a{n}: {login} ");
        logins
    });
    assert_eq!(
        refused(&format!("mutation {{ {logins} }}")),
        "QUERY_TOO_COSTLY"
    );
}

#[test]
fn width_and_depth_are_limited() {
    let aliases = |n: usize| {
        let fields: Vec<_> = (0..n).map(|n| format!("a{n}: id")).collect();
        format!("{{ viewer {{ {} }} }}", fields.join(" "))
    };
    assert!(look(&aliases(30), value!({})).verdict.is_ok());
    assert_eq!(refused(&aliases(31)), "QUERY_TOO_COSTLY");
    assert_eq!(
        refused(&format!("{{ {} }}", "__typename ".repeat(31))),
        "QUERY_TOO_COSTLY"
    );
    let deep = |n: usize| {
        let inside = "currentTenant { members(first: 1) { nodes { user { id } } } }";
        let nested = (0..n).fold(inside.to_owned(), |inner, _| format!("... {{ {inner} }}"));
        format!("{{ viewer {{ {nested} }} }}")
    };
    assert!(
        look(&deep(20), value!({})).verdict.is_ok(),
        "inline fragments are no fields"
    );
    assert_eq!(refused(&deep(60)), "QUERY_TOO_DEEP");
    let chain = "membership { tenant { members(first: 1) { nodes { tenant {".repeat(5);
    let end = "} } } } }".repeat(5);
    assert_eq!(
        refused(&format!("{{ viewer {{ {chain} id {end} }} }}")),
        "QUERY_TOO_DEEP"
    );
    assert_eq!(refused(&"{a".repeat(100_000)), "QUERY_TOO_DEEP");
    assert_eq!(refused(&"{ id ".repeat(60)), "GRAPHQL_PARSE_FAILED");
}

#[test]
fn fragments_cannot_explode() {
    let mut bomb = "{ viewer { ...F0 } } fragment F40 on Viewer { id } ".to_owned();
    for n in 0..40 {
        let _ = write!(
            bomb,
            "fragment F{n} on Viewer {{ ...F{0} ...F{0} }} ",
            n + 1
        );
    }
    assert_eq!(refused(&bomb), "QUERY_TOO_COSTLY");
    let cycle =
        "{ viewer { ...A } } fragment A on Viewer { ...B ...B } fragment B on Viewer { ...A ...A }";
    assert_eq!(refused(cycle), "GRAPHQL_VALIDATION_FAILED");
    let unused = "{ viewer { id } } fragment A on Viewer { ...A }";
    assert_eq!(refused(unused), "GRAPHQL_VALIDATION_FAILED");
    let mut chain = "{ viewer { id } } ".to_owned();
    for n in 0..500 {
        let _ = write!(chain, "fragment F{n} on Viewer {{ ...F{} }} ", n + 1);
    }
    assert_eq!(refused(&chain), "QUERY_TOO_DEEP");
}

#[test]
fn the_schema_can_be_asked_for_once() {
    let standard = include_str!("../introspection.graphql");
    let checked = look(standard, value!({}));
    assert!(checked.verdict.is_ok(), "{:?}", checked.verdict.err());
    let cost = checked.operation.expect("measured").cost;
    assert!(
        cost <= 250,
        "{cost} exceeds the least budget that can be configured"
    );
    let types = "fields { type { fields { type { fields { name } } } } }";
    assert_eq!(
        refused(&format!("{{ __schema {{ types {{ {types} }} }} }}")),
        "QUERY_TOO_DEEP"
    );
    let off = config::Graphql {
        introspection: false,
        ..LIMITS
    };
    let inside = "{ ...S } fragment S on Query { __schema { types { name } } }";
    let error = check(&off, &Documents::new(&off), Request::new(inside))
        .verdict
        .expect_err("refused");
    assert_eq!(code_of(&error), Some("GRAPHQL_VALIDATION_FAILED"));
}

#[test]
fn variables_need_their_values() {
    let query = "query($a: ID!, $b: ID! = \"b\", $c: ID) { tenant(id: $a) { id } }";
    let code = |variables| look(query, variables).verdict.map_err(|e| e.message).err();
    assert_eq!(code(value!({"a": "x"})), None);
    let missing = Some("These variables need a value: $a.".to_owned());
    assert_eq!(code(value!({})), missing);
    assert_eq!(code(value!({"a": null})), missing);
}

#[test]
fn operations_are_chosen_by_name() {
    let two = "query A { viewer { id } } query B { plans { id } }";
    let named = |name: &str| {
        let request = Request::new(two).operation_name(name);
        check(&LIMITS, &Documents::new(&LIMITS), request)
    };
    assert_eq!(named("B").operation.expect("measured").cost, 20);
    assert!(named("C").verdict.is_err());
    assert_eq!(refused(two), "GRAPHQL_VALIDATION_FAILED");
}
