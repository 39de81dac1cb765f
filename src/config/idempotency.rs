//! Settings of idempotency keys (ruling 32).

use std::time::Duration;

use clap::{Args, value_parser};

/// What a person wrote about idempotency keys.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Idempotency keys")]
pub struct IdempotencySettings {
    /// For how many hours a repeat with the same key gets the first answer.
    #[arg(long, env = "IDEMPOTENCY_KEEP_HOURS", global = true, value_name = "N")]
    #[arg(default_value_t = 24, value_parser = value_parser!(u64).range(1..=720))]
    #[arg(hide_short_help = true)]
    pub idempotency_keep_hours: u64,

    /// How many seconds a repeat waits while the first request is still being worked on, before it
    /// is told to come back.
    #[arg(
        long,
        env = "IDEMPOTENCY_WAIT_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 5, value_parser = value_parser!(u64).range(0..=30))]
    #[arg(hide_short_help = true)]
    pub idempotency_wait_seconds: u64,
}

/// Idempotency keys.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// For how long answers are kept.
    pub keep: Duration,
    /// For how long a repeat waits for the first.
    pub wait: Duration,
}

impl IdempotencySettings {
    /// Completes.
    pub(super) fn resolve(self) -> Idempotency {
        Idempotency {
            keep: Duration::from_hours(self.idempotency_keep_hours),
            wait: Duration::from_secs(self.idempotency_wait_seconds),
        }
    }
}
