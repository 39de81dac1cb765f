//! Settings of background work.

use std::{num::NonZero, time::Duration};

use clap::{Args, ValueEnum, value_parser};

use super::Problems;

/// What a person wrote about background work.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Background work")]
pub struct WorkerSettings {
    /// Whether `serve` does jobs, too: `auto` means without RabbitMQ only, where nobody else would. With
    /// RabbitMQ, `erpmax worker` does them.
    #[arg(long, env = "WORKER_IN_PROCESS", global = true, value_name = "WHEN")]
    #[arg(value_enum, default_value_t = InProcess::Auto, hide_short_help = true)]
    pub worker_in_process: InProcess,

    /// How many jobs run at once.
    #[arg(long, env = "WORKER_CONCURRENCY", global = true, value_name = "N")]
    #[arg(default_value = "4", hide_short_help = true)]
    pub worker_concurrency: NonZero<u16>,

    /// How many jobs on tenants' sites run at once; more of them wait.
    #[arg(long, env = "PROVISION_SLOTS", global = true, value_name = "N")]
    #[arg(default_value = "2", hide_short_help = true)]
    pub provision_slots: NonZero<u16>,

    /// After how many seconds a job is given up and tried again later.
    #[arg(long, env = "JOB_TIMEOUT_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 15, value_parser = value_parser!(u64).range(1..))]
    #[arg(hide_short_help = true)]
    pub job_timeout_seconds: u64,

    /// For how many seconds a job taken from the outbox belongs to the process that took it; so
    /// long the job waits when that process is killed.
    #[arg(long, env = "JOB_LEASE_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 30, hide_short_help = true)]
    pub job_lease_seconds: u64,

    /// After how many minutes a job is sent to RabbitMQ again that nobody has done.
    #[arg(long, env = "QUEUE_RESEND_MINUTES", global = true, value_name = "N")]
    #[arg(default_value_t = 15, value_parser = value_parser!(u64).range(1..=10_080))]
    #[arg(hide_short_help = true)]
    pub queue_resend_minutes: u64,

    /// How often a job is tried before a person must look at it.
    #[arg(long, env = "JOB_MAX_ATTEMPTS", global = true, value_name = "N")]
    #[arg(default_value_t = 10, value_parser = value_parser!(i32).range(1..))]
    #[arg(hide_short_help = true)]
    pub job_max_attempts: i32,

    /// How many jobs are taken from the outbox at a time.
    #[arg(long, env = "RELAY_BATCH", global = true, value_name = "N")]
    #[arg(default_value_t = 50, value_parser = value_parser!(u64).range(1..=1000))]
    #[arg(hide_short_help = true)]
    pub relay_batch: u64,

    /// After how many milliseconds the outbox is looked at though nobody called.
    #[arg(
        long,
        env = "RELAY_INTERVAL_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 1000, value_parser = value_parser!(u64).range(10..))]
    #[arg(hide_short_help = true)]
    pub relay_interval_milliseconds: u64,

    /// How often what is over is deleted (ended sessions, answers to idempotency keys), in minutes.
    #[arg(long, env = "SWEEP_INTERVAL_MINUTES", global = true, value_name = "N")]
    #[arg(default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    #[arg(hide_short_help = true)]
    pub sweep_interval_minutes: u64,

    /// How many rows are deleted at a time.
    #[arg(long, env = "SWEEP_BATCH", global = true, value_name = "N")]
    #[arg(default_value_t = 500, value_parser = value_parser!(u64).range(1..=10_000))]
    #[arg(hide_short_help = true)]
    pub sweep_batch: u64,
}

/// Whether the process that serves does jobs, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InProcess {
    /// Where nobody else would.
    Auto,
    /// In any case.
    Yes,
    /// Not at all: workers do.
    No,
}

/// Background work.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Whether this process does jobs.
    pub in_process: bool,
    /// How many jobs run at once.
    pub concurrency: usize,
    /// How many jobs on sites run at once.
    pub slots: usize,
    /// When a job is given up.
    pub job_timeout: Duration,
    /// For how long a job taken from the outbox belongs to who took it.
    pub claim_lease: Duration,
    /// When a job is sent to the broker again.
    pub resend: Duration,
    /// How often a job is tried.
    pub max_attempts: i32,
    /// How many jobs are taken at a time.
    pub relay_batch: u64,
    /// When the outbox is looked at though nobody called.
    pub relay_interval: Duration,
    /// How often what is over is deleted.
    pub sweep_interval: Duration,
    /// How many rows are deleted at a time.
    pub sweep_batch: u64,
}

impl WorkerSettings {
    /// Checks and completes; `shared` is whether jobs leave the process.
    pub(super) fn resolve(self, shared: bool, problems: &mut Problems) -> Worker {
        // Else a second relay takes a job that the first is still waiting for.
        if self.job_lease_seconds <= self.job_timeout_seconds {
            problems.add(
                "JOB_LEASE_SECONDS",
                "must be longer than JOB_TIMEOUT_SECONDS",
            );
        }
        let in_process = match self.worker_in_process {
            InProcess::Auto => !shared,
            InProcess::Yes => true,
            InProcess::No => false,
        };
        Worker {
            in_process,
            concurrency: self.worker_concurrency.get().into(),
            slots: self.provision_slots.get().into(),
            job_timeout: Duration::from_secs(self.job_timeout_seconds),
            claim_lease: Duration::from_secs(self.job_lease_seconds),
            resend: Duration::from_mins(self.queue_resend_minutes),
            max_attempts: self.job_max_attempts,
            relay_batch: self.relay_batch,
            relay_interval: Duration::from_millis(self.relay_interval_milliseconds),
            sweep_interval: Duration::from_mins(self.sweep_interval_minutes),
            sweep_batch: self.sweep_batch,
        }
    }
}
