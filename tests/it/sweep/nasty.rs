//! What people and programs send that they should not: values, bodies, paths, headers. Values are
//! written as JSON, because some of them no JSON library would write.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

/// Values of every type and none, to be put where any input stands.
pub fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1",
        "101",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "1.5",
        "-0.0",
        "1e400",
        "\"\"",
        "\" \"",
        "\"\\t\\n\"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\u001b[2J\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u202egnp.exe\"",
        "\"\\u200b\\ufeff\"",
        "\"e\\u0301\\u0301\\u0301\"",
        "\"👩‍👩‍👧‍👦🏳️‍🌈\"",
        "\"' OR '1'='1' --\"",
        "\"%_\\\\\"",
        "\"<script>alert(1)</script>\"",
        "\"../../etc/passwd\"",
        "\"{{7*7}}${7*7}#{7*7}\"",
        "\"a@example.com\\r\\nBcc: b@example.com\"",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
        "\"OWNER\"",
        "\"1\"",
        "[]",
        "[null]",
        "[\"x\"]",
        "[[],[[]]]",
        "{}",
        "{\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"$gt\":\"\"}",
        "{\"__proto__\":{\"x\":1}}",
        "{\"\":null}",
    ]
    .map(str::to_owned)
    .into();
    values.push(json!("x".repeat(256)).to_string());
    values.push(json!("é".repeat(70_000)).to_string());
    values.push(json!({ "x": "y".repeat(70_000) }).to_string());
    values.push(json!(vec![0; 5_000]).to_string());
    values.push(format!("{}{}", "[".repeat(100), "]".repeat(100)));
    values.push(format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60)));
    values
}

/// Bodies that are no object, or not the one that was meant; `good` is one that would be.
pub fn bodies(good: &str) -> Vec<Vec<u8>> {
    let inside = good.trim_start_matches('{').trim_end_matches('}');
    let comma = if inside.is_empty() { "" } else { "," };
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "true",
        "0",
        "\"x\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "nul",
        "NaN",
        "\u{feff}{}",
        "\0",
        "<xml/>",
        "a=1&b=2",
        "{}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    bodies.push(good.as_bytes()[..good.len() / 2].to_vec());
    bodies.push(format!("{good}{good}").into_bytes());
    bodies.push(format!("[{good}]").into_bytes());
    bodies.push(format!("\u{feff}{good}").into_bytes());
    bodies.push(format!("{{{inside}{comma}{inside}}}").into_bytes());
    bodies.push([b"{\"a\":\"\xff\xfe\"}".as_slice(), b"\xc3"].concat());
    bodies.push(vec![b'['; 100_000]);
    bodies
}

/// What stands in a path where an id is meant.
pub const IDS: &[&str] = &[
    "x",
    "0",
    "-1",
    "null",
    "undefined",
    "*",
    "%00",
    "%20",
    "%2F",
    "%2e%2e%2f",
    "%ff%fe",
    "%",
    "%zz",
    "%E2%80%AE",
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000",
    "00000000-0000-0000-0000-00000000000g",
    "00000000-0000-0000-0000-000000000000%00",
    "1'%20OR%20'1'='1",
];

/// What stands in a query where a number is meant.
pub const NUMBERS: &[&str] = &[
    "",
    "0",
    "-1",
    "1.5",
    "1e9",
    "x",
    "null",
    "true",
    "%00",
    "%ff",
    "%F0%9F%92%A9",
    "0x10",
    "9223372036854775808",
    "-99999999999999999999999",
    "1&page=x",
    "1;size=2",
    "%E0%A4%A",
    "1%20",
];

/// Headers with values that are not theirs.
pub const HEADERS: &[(&str, &[u8])] = &[
    ("authorization", b""),
    ("authorization", b"Bearer"),
    ("authorization", b"Bearer  "),
    ("authorization", b"Bearer a.b.c"),
    ("authorization", b"Bearer \xff\xfe"),
    ("authorization", b"Basic YTpi"),
    ("authorization", b"bearer null"),
    ("x-request-id", b"\xff"),
    ("x-request-id", b"a b\tc"),
    ("accept", b"\xff/\xff"),
    ("accept", b"application/xml;q=NaN"),
    ("accept-language", b"*;q=-1,,,"),
    ("origin", b"null"),
    ("origin", b"\xc3\x28"),
    ("content-type", b""),
    ("content-type", b"text/plain"),
    ("content-type", b"application/xml"),
    ("content-type", b"application/json; charset=utf-16"),
    ("content-type", b"application/x-www-form-urlencoded"),
    ("content-type", b"multipart/form-data; boundary="),
    ("content-type", b"\xff"),
    ("content-encoding", b"gzip"),
    ("forwarded", b"for=\"[::1]\";by=\xff"),
    ("x-forwarded-for", b"999.999.999.999, ::, \xff"),
    ("idempotency-key", b""),
    ("idempotency-key", b" "),
    ("idempotency-key", b"\xc3\xa9"),
    ("cookie", b"a=b; \xff=\xff"),
    ("expect", b"200-ok"),
    ("if-match", b"*"),
    ("range", b"bytes=0-18446744073709551616"),
];

/// Draws values at random; the same ones for the same seed.
pub struct Chance {
    runner: TestRunner,
    /// What to repeat the draw with.
    pub seed: u64,
}

impl Chance {
    /// With the seed of `SWEEP_SEED`, or always the same.
    pub fn new() -> Self {
        let seed = std::env::var("SWEEP_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed: u64 = seed.unwrap_or(7);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self {
            runner: TestRunner::new_with_rng(Config::default(), rng),
            seed,
        }
    }

    /// A value.
    pub fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        let tree = strategy
            .new_tree(&mut self.runner)
            .expect("nothing is filtered");
        tree.current()
    }

    /// Any JSON.
    pub fn json(&mut self) -> Value {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,40}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[A-Z_]{1,12}".prop_map(Value::from),
        ];
        self.draw(leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,8}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        }))
    }
}
