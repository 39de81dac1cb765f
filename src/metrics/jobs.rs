//! Background work by kind and outcome, and events by kind. Kinds are words of the domain's own.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use super::{answer_seconds, shelf::Shelf};

/// Background work and events.
#[derive(Debug)]
pub struct Jobs {
    handled: Family<Handled, Counter>,
    durations: Family<Kind, Histogram, fn() -> Histogram>,
    events: Family<Kind, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Handled {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

impl Jobs {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let jobs = Self {
            handled: Family::default(),
            durations: Family::new_with_constructor(answer_seconds),
            events: Family::default(),
        };
        shelf.put(
            "jobs_handled",
            &["kind", "outcome"],
            "Attempts at jobs, by their outcome: `done`, `retry` (tried again later) or `dead` \
             (given up)",
            jobs.handled.clone(),
        );
        shelf.put_seconds(
            "job_duration",
            &["kind"],
            "Time that attempts at jobs took",
            jobs.durations.clone(),
        );
        shelf.put(
            "events",
            &["kind"],
            "Entries written to the event log, one for each stream that tells of the event",
            jobs.events.clone(),
        );
        jobs
    }

    /// A job was tried.
    pub fn handled(&self, kind: &'static str, outcome: &'static str, elapsed: Duration) {
        self.handled.get_or_create(&Handled { kind, outcome }).inc();
        self.durations
            .get_or_create(&Kind { kind })
            .observe(elapsed.as_secs_f64());
    }

    /// An event was committed.
    pub fn event(&self, kind: &'static str) {
        self.events.get_or_create(&Kind { kind }).inc();
    }
}
