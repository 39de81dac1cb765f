//! What workers do to sites: runs by type and outcome, how long they take, and how often a worker had to
//! be replaced.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

use super::shelf::Shelf;

/// Bounds of the histogram of runs, in seconds: from a simulation to a large upgrade.
const RUN_SECONDS: [f64; 12] = [
    0.1, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0,
];

/// Work on sites.
#[derive(Debug)]
pub struct Provisioning {
    runs: Family<Ran, Counter>,
    durations: Family<Kind, Histogram, fn() -> Histogram>,
    takeovers: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ran {
    job_type: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    job_type: &'static str,
}

impl Provisioning {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let provisioning = Self {
            runs: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(RUN_SECONDS)),
            takeovers: Counter::default(),
        };
        shelf.put(
            "provisioning_runs",
            &["job_type", "outcome"],
            "Runs of provisioning jobs that this process has ended with, by outcome: `completed`, \
             `failed`, `undone` (called off), `undone_later` (it cannot be undone now), `given_back` \
             (the process stops) or `lost` (another process has it)",
            provisioning.runs.clone(),
        );
        shelf.put_seconds(
            "provisioning_run_duration",
            &["job_type"],
            "Time that runs of provisioning jobs took",
            provisioning.durations.clone(),
        );
        shelf.put(
            "provisioning_takeovers",
            &[],
            "Provisioning jobs that this process went on with after another one, or that it undid",
            provisioning.takeovers.clone(),
        );
        provisioning
    }

    /// A run ended. Both words are ours.
    pub fn ran(&self, job_type: &'static str, outcome: &'static str, elapsed: Duration) {
        self.runs.get_or_create(&Ran { job_type, outcome }).inc();
        self.durations
            .get_or_create(&Kind { job_type })
            .observe(elapsed.as_secs_f64());
    }

    /// A job was taken over.
    pub fn taken_over(&self) {
        self.takeovers.inc();
    }
}
