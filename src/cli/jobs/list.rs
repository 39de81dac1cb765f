//! `jobs list`.

use clap::{ValueEnum, value_parser};
use entity::provisioning_job::JobStatus;
use serde_json::json;

use super::{json, words};
use crate::{
    cli::terminal,
    domain::{
        cx::Cx,
        provisioning::operate::{self, Filter, Jobs},
    },
    error::BoxError,
};

/// Which jobs.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only those of the company with this slug.
    #[arg(long, value_name = "SLUG")]
    pub tenant: Option<String>,
    /// Only those that stand there.
    #[arg(long, value_name = "STATUS")]
    pub status: Option<Status>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Status {
    /// It waits its turn.
    Pending,
    /// A worker is at it.
    InProgress,
    /// It is done.
    Completed,
    /// It was given up.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl From<Status> for JobStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::InProgress => Self::InProgress,
            Status::Completed => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl List {
    /// Looks them up.
    pub(super) async fn perform(self, cx: &Cx, as_json: bool) -> Result<(), BoxError> {
        let filter = Filter {
            tenant: self.tenant,
            status: self.status.map(Into::into),
        };
        let found = operate::list(cx, &filter, self.limit.into()).await?;
        if as_json {
            let jobs: Vec<_> = found.jobs.iter().map(json::job).collect();
            terminal::say(json!({ "jobs": jobs, "more": found.more }));
        } else {
            say(&found);
        }
        Ok(())
    }
}

fn say(Jobs { jobs, more }: &Jobs) {
    let width = jobs.iter().map(|shown| shown.tenant.slug.len()).max();
    let width = width.unwrap_or_default();
    for shown in jobs {
        let job = &shown.job;
        let (id, made, slug) = (job.id, words::time(job.created_at), &shown.tenant.slug);
        let (verb, status) = (job.job_type.verb(), words::status(job));
        let why = job.error.as_deref().map(|error| format!(": {error}"));
        let why = why.unwrap_or_default();
        terminal::say(format_args!(
            "{id}  {made}  {slug:width$}  {verb:7}  {status}{why}"
        ));
    }
    match (jobs.len(), more) {
        (0, _) => terminal::say("no job matches"),
        (1, false) => terminal::say("1 job"),
        (count, false) => terminal::say(format_args!("{count} jobs")),
        (count, true) => terminal::say(format_args!(
            "the newest {count}; there are more, see --tenant, --status and --limit"
        )),
    }
}
