//! Statements sent to the database: how many, how long, how many failed.

use std::{array, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use super::shelf::Shelf;

/// Bounds of the histogram, in seconds.
const SECONDS: [f64; 11] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
];
/// Kinds that are told apart; the last one stands for all others.
const KINDS: [&str; 5] = ["select", "insert", "update", "delete", "other"];

/// Statements sent to the database. Cloning it copies handles.
#[derive(Clone, Debug)]
pub struct Sql {
    kinds: [OfKind; KINDS.len()],
}

#[derive(Clone, Debug)]
struct OfKind {
    ok: Counter,
    failed: Counter,
    duration: Histogram,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Statement {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

impl Sql {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let statements = Family::<Statement, Counter>::default();
        let durations: Family<Kind, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        shelf.put(
            "sql_statements",
            &["kind", "outcome"],
            "Statements sent to the database, without the begin and end of transactions",
            statements.clone(),
        );
        shelf.put_seconds(
            "sql_statement_duration",
            &["kind"],
            "Time from sending a statement to its answer; waiting for a free connection is not part of it",
            durations.clone(),
        );
        let kinds = array::from_fn(|place| {
            let kind = KINDS[place];
            let counter = |outcome| statements.get_or_create_owned(&Statement { kind, outcome });
            OfKind {
                ok: counter("ok"),
                failed: counter("failed"),
                duration: durations.get_or_create_owned(&Kind { kind }),
            }
        });
        Self { kinds }
    }

    /// A statement was answered.
    pub fn statement(&self, sql: &str, elapsed: Duration, failed: bool) {
        let kind = &self.kinds[kind(sql)];
        if failed { &kind.failed } else { &kind.ok }.inc();
        kind.duration.observe(elapsed.as_secs_f64());
    }

    /// How many were sent so far.
    pub fn count(&self) -> u64 {
        let counts = self
            .kinds
            .iter()
            .map(|kind| kind.ok.get() + kind.failed.get());
        counts.sum()
    }
}

/// The place of a statement's kind, by its first word.
fn kind(sql: &str) -> usize {
    let starts = |word: &&str| {
        let start = sql.as_bytes().get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    KINDS.iter().position(starts).unwrap_or(KINDS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells_the_kind() {
        let kind = |sql| KINDS[kind(sql)];
        assert_eq!(kind("SELECT 1"), "select");
        assert_eq!(kind("insert into x"), "insert");
        for other in ["WITH x AS (..) SELECT", "PRAGMA x", ""] {
            assert_eq!(kind(other), "other");
        }
    }
}
