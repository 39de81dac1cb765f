//! Documents and bodies made to cost the server more than they cost the sender, each growing with
//! `n`, and the code that refuses them.

use std::fmt::Write;

use serde_json::{Value, json};

/// One kind of attack.
pub struct Hostile {
    /// What it tries.
    pub name: &'static str,
    /// The codes that may refuse it; empty when it is harmless and simply answered.
    pub codes: &'static [&'static str],
    /// How large it is made.
    pub n: usize,
    /// The body of the request.
    pub body: fn(usize) -> String,
}

pub const COSTLY: &[&str] = &["QUERY_TOO_COSTLY"];
pub const DEEP: &[&str] = &["QUERY_TOO_DEEP"];
pub const WRONG: &[&str] = &["GRAPHQL_VALIDATION_FAILED"];
pub const BROKEN: &[&str] = &["GRAPHQL_PARSE_FAILED"];
pub const INPUT: &[&str] = &["INVALID_INPUT"];

/// A body with a document alone.
pub fn query(text: impl Into<String>) -> String {
    json!({ "query": text.into() }).to_string()
}

pub fn with(text: impl Into<String>, variables: &Value) -> String {
    json!({ "query": text.into(), "variables": variables }).to_string()
}

/// `n` times a text that may name its number.
pub fn times(n: usize, each: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut all, n| {
        let _ = write!(all, "{} ", each(n));
        all
    })
}

pub fn nested(n: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(n), close.repeat(n))
}

pub const fn hostile(
    name: &'static str,
    codes: &'static [&'static str],
    n: usize,
    body: fn(usize) -> String,
) -> Hostile {
    Hostile {
        name,
        codes,
        n,
        body,
    }
}

/// Documents that are deep, wide, repetitive or circular.
pub const TEXTS: &[Hostile] = &[
    hostile(
        "one directive over and over on a field",
        COSTLY,
        2_000,
        |n| {
            query(format!(
                "{{ plans {{ id {} }} }}",
                "@include(if: true) ".repeat(n)
            ))
        },
    ),
    hostile("repeated directives on a field", WRONG, 600, |n| {
        query(format!(
            "{{ plans {{ id {} }} }}",
            "@include(if: true) ".repeat(n)
        ))
    }),
    hostile(
        "repeated directives on a fragment spread",
        WRONG,
        600,
        |n| {
            let all = "@include(if: true) ".repeat(n);
            query(format!(
                "{{ plans {{ ...F {all} }} }} fragment F on Plan {{ id }}"
            ))
        },
    ),
    hostile(
        "repeated directives on an inline fragment",
        WRONG,
        600,
        |n| {
            query(format!(
                "{{ plans {{ ... {} {{ id }} }} }}",
                "@skip(if: false) ".repeat(n)
            ))
        },
    ),
    hostile("repeated directives on the operation", WRONG, 600, |n| {
        query(format!(
            "query {} {{ plans {{ id }} }}",
            "@include(if: true) ".repeat(n)
        ))
    }),
    hostile("unknown directives", WRONG, 2_000, |n| {
        query(format!(
            "{{ plans {{ id {} }} }}",
            times(n, |n| format!("@d{n}"))
        ))
    }),
    hostile("directives on many fields", &[], 600, |n| {
        query(format!(
            "{{ plans {{ {} }} }}",
            "id @skip(if: false) ".repeat(n)
        ))
    }),
    hostile("a field over and over", COSTLY, 4_500, |n| {
        query(format!("{{ plans {{ {} }} }}", "id ".repeat(n)))
    }),
    hostile("fields that do not exist", WRONG, 2_500, |n| {
        query(format!(
            "{{ viewer {{ {} }} }}",
            times(n, |n| format!("field{n}"))
        ))
    }),
    hostile("a name as long as a body", COSTLY, 900_000, |n| {
        query(format!("{{ viewer {{ {} }} }}", "a".repeat(n)))
    }),
    hostile("an argument with a long name", COSTLY, 900_000, |n| {
        query(format!(
            "{{ tenants({}: 1) {{ totalCount }} }}",
            "a".repeat(n)
        ))
    }),
    hostile("a type with a long name", COSTLY, 900_000, |n| {
        query(format!(
            "{{ plans {{ ... on {} {{ id }} }} }}",
            "A".repeat(n)
        ))
    }),
    hostile(
        "a variable of a type with a long name",
        COSTLY,
        900_000,
        |n| query(format!("query($a: {}) {{ plans {{ id }} }}", "A".repeat(n))),
    ),
    hostile("an operation with a long name", COSTLY, 900_000, |n| {
        query(format!("query {} {{ plans {{ id }} }}", "A".repeat(n)))
    }),
    hostile("arguments that conflict", WRONG, 500, |n| {
        let each = |n| format!("memberships(first: {n}) {{ totalCount }}");
        query(format!("{{ viewer {{ {} }} }}", times(n, each)))
    }),
    hostile("conflicts seen from forty levels", WRONG, 480, |n| {
        let each = |n| format!("memberships(first: {n}) {{ totalCount }}");
        query(format!(
            "{{ viewer {{ {} }} }}",
            nested(40, "... { ", &times(n, each), "} ")
        ))
    }),
    hostile("conflicting names without aliases", INPUT, 400, |n| {
        let each = |n| format!("currentTenant {{ members(first: {n}) {{ totalCount }} }}");
        query(format!("{{ viewer {{ {} }} }}", times(n, each)))
    }),
    hostile("a fragment spread in many places", COSTLY, 500, |n| {
        let text = times(n, |_| "currentTenant { ...F }".to_owned());
        let fields = "id ".repeat(n * 4);
        query(format!(
            "{{ viewer {{ {text} }} }} fragment F on Tenant {{ {fields} }}"
        ))
    }),
    hostile(
        "an unused fragment that spreads another in many places",
        COSTLY,
        500,
        |n| {
            let text = times(n, |_| "currentTenant { ...F }".to_owned());
            let fields = "id ".repeat(n * 4);
            let unused =
                format!("fragment U on Viewer {{ {text} }} fragment F on Tenant {{ {fields} }}");
            query(format!("{{ plans {{ id }} }} {unused}"))
        },
    ),
    hostile("many unused fragments", WRONG, 700, |n| {
        let unused = times(n, |n| format!("fragment F{n} on Plan {{ id }}"));
        query(format!("{{ plans {{ id }} }} {unused}"))
    }),
    hostile("many operations", COSTLY, 900, |n| {
        query(times(n, |n| format!("query Q{n} {{ plans {{ id }} }}")))
    }),
    hostile(
        "many operations that share what is wrong",
        COSTLY,
        500,
        |n| {
            let arguments = times(n, |n| format!("a{n}: $v{n}"));
            let operations = times(n, |n| format!("query Q{n} {{ ...F }}"));
            query(format!(
                "{operations} fragment F on Query {{ tenants({arguments}) {{ totalCount }} }}"
            ))
        },
    ),
    hostile("fragments in a circle", DEEP, 600, |n| {
        let ring = times(n, |i| {
            format!("fragment F{i} on Plan {{ ...F{} }}", (i + 1) % n)
        });
        query(format!("{{ plans {{ ...F0 }} }} {ring}"))
    }),
    hostile("fragments in a circle, nested", DEEP, 30, |n| {
        let each = |i| {
            format!(
                "fragment F{i} on Tenant {{ members {{ nodes {{ tenant {{ ...F{} }} }} }} }}",
                (i + 1) % n
            )
        };
        query(format!("{{ tenant {{ ...F0 }} }} {}", times(n, each)))
    }),
    hostile("every fragment spreads every other", WRONG, 45, |n| {
        let all = times(n, |i| format!("...F{i}"));
        query(format!(
            "{{ plans {{ ...F0 }} }} {}",
            times(n, |i| format!("fragment F{i} on Plan {{ {all} }}"))
        ))
    }),
    hostile("fragments that double", COSTLY, 46, |n| {
        let each = |i| format!("fragment F{i} on Plan {{ ...F{0} ...F{0} }}", i + 1);
        query(format!(
            "{{ plans {{ ...F0 }} }} {} fragment F{n} on Plan {{ id }}",
            times(n, each)
        ))
    }),
    hostile("fragments that double, unused", COSTLY, 46, |n| {
        let each = |i| format!("fragment F{i} on Plan {{ ...F{0} ...F{0} }}", i + 1);
        query(format!(
            "{{ plans {{ id }} }} {} fragment F{n} on Plan {{ id }}",
            times(n, each)
        ))
    }),
    hostile("pages of pages in fragments", DEEP, 40, |n| {
        let each = |i| {
            format!(
                "fragment F{i} on Tenant {{ members(first: {i}) {{ nodes {{ tenant {{ ...F{} }} }} }} }}",
                i + 1
            )
        };
        query(format!(
            "{{ tenant {{ ...F0 }} }} {} fragment F{n} on Tenant {{ id }}",
            times(n, each)
        ))
    }),
    hostile("aliases", COSTLY, 900, |n| {
        query(format!(
            "{{ {} }}",
            times(n, |n| format!("a{n}: plans {{ id }}"))
        ))
    }),
    hostile("aliases inside a page", COSTLY, 31, |n| {
        let all = times(n, |n| format!("a{n}: tenant {{ id }}"));
        query(format!(
            "{{ viewer {{ memberships(first: 100) {{ nodes {{ {all} }} }} }} }}"
        ))
    }),
    hostile("the same page over and over", COSTLY, 100, |n| {
        let all = "memberships(first: 100) { nodes { tenant { id } } } ".repeat(n);
        query(format!("{{ viewer {{ {all} }} }}"))
    }),
    hostile("type names at the top", COSTLY, 4_500, |n| {
        query(format!("{{ {} }}", "__typename ".repeat(n)))
    }),
    hostile("type names below", COSTLY, 4_500, |n| {
        query(format!("{{ plans {{ {} }} }}", "__typename ".repeat(n)))
    }),
    hostile("the schema over and over", COSTLY, 29, |n| {
        let types = "types { name description fields { name description args { name } } }";
        query(format!(
            "{{ {} }}",
            times(n, |_| format!("__schema {{ {types} }}"))
        ))
    }),
    hostile("the schema under many names", COSTLY, 29, |n| {
        let types = "types { name description fields { name description args { name } } }";
        query(format!(
            "{{ {} }}",
            times(n, |n| format!("a{n}: __schema {{ {types} }}"))
        ))
    }),
    hostile("the schema's types over and over", COSTLY, 300, |n| {
        let types = "types { name description fields { name } }";
        query(format!(
            "{{ __schema {{ {} }} }}",
            format!("{types} ").repeat(n)
        ))
    }),
    hostile(
        "the schema's fields over and over, in a fragment",
        COSTLY,
        400,
        |n| {
            let all = "fields { name type { name } } ".repeat(n);
            query(format!(
                "{{ __schema {{ types {{ ...F }} }} }} fragment F on __Type {{ {all} }}"
            ))
        },
    ),
    hostile("types of types", DEEP, 16, |n| {
        let all = nested(n, "fields { type { ", "name", " } }");
        query(format!("{{ __type(name: \"Tenant\") {{ {all} }} }}"))
    }),
    hostile("the types that types wrap", DEEP, 40, |n| {
        let all = nested(n, "ofType { ", "name", " }");
        query(format!(
            "{{ __type(name: \"Tenant\") {{ fields {{ type {{ {all} }} }} }} }}"
        ))
    }),
    hostile("deep selections", DEEP, 100_000, |n| query("{a".repeat(n))),
    hostile("deep lists", DEEP, 300_000, |n| {
        query(format!(
            "{{ plans(a: {}) {{ id }} }}",
            nested(n, "[", "", "]")
        ))
    }),
    hostile("deep objects", DEEP, 100_000, |n| {
        query(format!(
            "{{ plans(a: {}) {{ id }} }}",
            nested(n, "{a: ", "1", "}")
        ))
    }),
    hostile("a wrapped type", DEEP, 400_000, |n| {
        query(format!(
            "query($a: {}Int{}) {{ plans {{ id }} }}",
            "[".repeat(n),
            "]".repeat(n)
        ))
    }),
    hostile("a long list", COSTLY, 400_000, |n| {
        query(format!("{{ plans(a: [{}]) {{ id }} }}", "1,".repeat(n)))
    }),
    hostile("a long text", COSTLY, 900_000, |n| {
        query(format!(
            "{{ tenants(after: \"{}\") {{ totalCount }} }}",
            "x".repeat(n)
        ))
    }),
    hostile("a long text in lines", COSTLY, 400_000, |n| {
        query(format!(
            "{{ tenants(after: \"\"\"{}\"\"\") {{ totalCount }} }}",
            " \n".repeat(n / 2)
        ))
    }),
    hostile("a long number", COSTLY, 900_000, |n| {
        query(format!(
            "{{ tenants(first: 1{}) {{ totalCount }} }}",
            "0".repeat(n)
        ))
    }),
    hostile("a number beyond all numbers", BROKEN, 400, |n| {
        query(format!("{{ tenants(first: 1e{n}) {{ totalCount }} }}"))
    }),
];
