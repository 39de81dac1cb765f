//! `queue dead`: jobs that were given up.

use clap::{Subcommand, value_parser};
use entity::{ids::OutboxMessageId, outbox_message};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Report;
use crate::{
    domain::{
        cx::Cx,
        outbox::{self, Redriven},
    },
    error::BoxError,
};

/// What to do with jobs that were given up.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List them, the latest first.
    List(List),

    /// Show one, with what it was to do and why it was given up.
    Show(One),

    /// Have one done after all, or all of them.
    ///
    /// It is due at once, with all its attempts before it. Mend first what it was given up for.
    Redrive(Redrive),
}

/// Which jobs.
#[derive(Debug, clap::Args)]
pub struct List {
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u64).range(1..=1000))]
    pub limit: u64,
    /// Answer as one JSON object, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Which job.
#[derive(Debug, clap::Args)]
pub struct One {
    /// Its id, as `list` shows it.
    #[arg(value_name = "ID", value_parser = id)]
    pub id: Uuid,
    /// Answer as one JSON object, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Which job, or all.
#[derive(Debug, clap::Args)]
pub struct Redrive {
    /// Its id, as `list` shows it.
    #[arg(
        value_name = "ID",
        value_parser = id,
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub id: Option<Uuid>,
    /// All that can be read.
    #[arg(long)]
    pub all: bool,
    /// Answer as one JSON object, for programs.
    #[arg(long)]
    pub json: bool,
}

impl Command {
    pub(super) fn json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Show(one) => one.json,
            Self::Redrive(redrive) => redrive.json,
        }
    }

    pub(super) async fn perform(&self, cx: &Cx) -> Result<Report, BoxError> {
        match self {
            Self::List(list) => list.perform(cx).await,
            Self::Show(one) => one.perform(cx).await,
            Self::Redrive(redrive) => redrive.perform(cx).await,
        }
    }
}

impl List {
    async fn perform(&self, cx: &Cx) -> Result<Report, BoxError> {
        let given = outbox::given_up(cx, self.limit).await?;
        let mut lines: Vec<_> = given.jobs.iter().map(line).collect();
        lines.push(match (given.jobs.len(), given.more) {
            (0, _) => "no job was given up".to_owned(),
            (1, false) => "1 job".to_owned(),
            (count, false) => format!("{count} jobs"),
            (count, true) => format!("the latest {count}; there are more, see --limit"),
        });
        let jobs: Vec<_> = given.jobs.iter().map(job_json).collect();
        let json = json!({ "jobs": jobs, "more": given.more });
        Ok(Report { lines, json })
    }
}

impl One {
    async fn perform(&self, cx: &Cx) -> Result<Report, BoxError> {
        let id = OutboxMessageId(self.id);
        let job = outbox::show(cx, id).await?.ok_or_else(|| absent(id))?;
        let fact = |name: &str, fact: String| format!("{name:<10}{fact}");
        let lines = vec![
            fact("job", job.id.to_string()),
            fact("kind", format!("{} ({})", job.kind, lane(&job))),
            fact("asked", job.created_at.to_rfc3339()),
            fact(
                "given up",
                job.dead_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            ),
            fact("attempts", job.attempts.to_string()),
            fact("request", job.request_id.clone().unwrap_or_default()),
            fact("why", job.last_error.clone().unwrap_or_default()),
            fact("content", job.payload.to_string()),
        ];
        let json = json!({ "job": job_json(&job) });
        Ok(Report { lines, json })
    }
}

impl Redrive {
    async fn perform(&self, cx: &Cx) -> Result<Report, BoxError> {
        let redriven = match self.id {
            None => outbox::redrive_all(cx).await?,
            Some(id) => match outbox::redrive(cx, OutboxMessageId(id)).await? {
                Redriven::Due => 1,
                Redriven::Absent => return Err(absent(OutboxMessageId(id))),
                Redriven::Unreadable(why) => {
                    let refused = format!("job {id} cannot be read, so nobody could do it: {why}");
                    return Err(refused.into());
                }
            },
        };
        let left = outbox::dead(cx).await?;
        let mut lines = vec![match redriven {
            0 => "no job that can be read was given up".to_owned(),
            1 => "1 job is due again".to_owned(),
            count => format!("{count} jobs are due again"),
        }];
        if left > 0 {
            lines.push(format!("{left} given up are left"));
        }
        let json = json!({ "redriven": redriven, "left": left });
        Ok(Report { lines, json })
    }
}

/// Reads an id, or says where ids are to be had.
fn id(text: &str) -> Result<Uuid, String> {
    let remedy = "this is no id; `erpmax queue dead list` shows the jobs with their ids";
    text.parse().map_err(|_| remedy.to_owned())
}

fn absent(id: OutboxMessageId) -> BoxError {
    format!("no job {id} was given up; `erpmax queue dead list` shows those that were").into()
}

fn lane(job: &outbox_message::Model) -> &'static str {
    outbox::word(outbox::lane_of(&job.kind))
}

fn line(job: &outbox_message::Model) -> String {
    let at = job
        .dead_at
        .map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let (at, why) = (at.unwrap_or_default(), job.last_error.as_deref());
    let (id, kind, attempts) = (job.id, &job.kind, job.attempts);
    let why = why.unwrap_or("no reason was kept");
    format!("{at}  {id}  {kind:<18} after {attempts} attempts: {why}")
}

fn job_json(job: &outbox_message::Model) -> Value {
    json!({
        "id": job.id,
        "kind": job.kind,
        "lane": lane(job),
        "attempts": job.attempts,
        "created_at": job.created_at,
        "dead_at": job.dead_at,
        "request_id": job.request_id,
        "reason": job.last_error,
        "content": job.payload,
    })
}
