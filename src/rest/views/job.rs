//! What is done to a tenant's site, in the words of clients in the field.

use entity::{
    provisioning_job::{self, ErrorClass, JobStatus},
    provisioning_log_line::{self, LogLevel},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;
use crate::domain::provisioning::spelling;

/// Where a job stands (ruling 3).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits its turn.
    Pending,
    /// Being worked on.
    Running,
    /// Done, and seen to be.
    Completed,
    /// Given up, or cancelled: then `message` is `Cancelled`.
    Failed,
}

impl From<JobStatus> for JobState {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Pending => Self::Pending,
            JobStatus::InProgress => Self::Running,
            JobStatus::Completed => Self::Completed,
            JobStatus::Failed | JobStatus::Cancelled => Self::Failed,
        }
    }
}

/// Whether it may help to try again.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// It may go better next time.
    Retryable,
    /// Something must be changed first.
    Final,
}

impl From<ErrorClass> for Remedy {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Retryable => Self::Retryable,
            ErrorClass::Final => Self::Final,
        }
    }
}

/// Something that is done to a company's site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningJob)]
#[expect(clippy::struct_field_names, reason = "the contract's names")]
pub struct Job {
    /// Stays the same when the job is retried.
    id: Uuid,
    tenant_id: Uuid,
    /// As the client that asked for it spells it.
    #[schema(example = "create_site")]
    job_type: String,
    #[schema(inline)]
    status: JobState,
    /// In percent.
    #[schema(minimum = 0, maximum = 100)]
    progress: i32,
    /// What is happening, in words.
    #[schema(example = "Queued")]
    message: String,
    /// Why it failed, or that it was cancelled.
    #[schema(required)]
    error: Option<String>,
    /// The same as `error`.
    #[schema(required)]
    error_message: Option<String>,
    /// Whether trying again may help.
    #[schema(required, inline)]
    error_class: Option<Remedy>,
    /// What to do about the failure; also how a job that was cancelled has left the site, where people have
    /// to do something about that.
    #[schema(required)]
    error_advice: Option<String>,
    /// What was observed when it completed.
    #[schema(required, value_type = Option<Object>)]
    result: Option<Value>,
    /// What was asked for beside the type.
    #[schema(value_type = Object)]
    metadata: Value,
    /// The last lines of the log, at most 100; empty in lists.
    logs: Vec<String>,
    /// Which attempt this is, from 1.
    #[schema(minimum = 1)]
    attempt: i32,
    /// The user who asked for it, as long as that account exists; null where the system did.
    #[schema(required)]
    requested_by: Option<Uuid>,
    /// Since when the present attempt waits or waited.
    queued_at: Time,
    /// When the present attempt began.
    #[schema(required)]
    started_at: Option<Time>,
    /// When the present attempt ended.
    #[schema(required)]
    completed_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl From<provisioning_job::Model> for Job {
    fn from(job: provisioning_job::Model) -> Self {
        Self {
            id: job.id.0,
            tenant_id: job.tenant_id.0,
            job_type: spelling::write(job.job_type, job.spelling),
            status: job.status.into(),
            progress: job.progress,
            message: job.message,
            error_message: job.error.clone(),
            error: job.error,
            error_class: job.error_class.map(Into::into),
            error_advice: job.error_advice,
            result: job.result,
            metadata: job.parameters,
            logs: Vec::new(),
            attempt: job.attempt,
            requested_by: job.requested_by.map(|user| user.0),
            queued_at: job.queued_at.into(),
            started_at: job.started_at.map(Into::into),
            completed_at: job.completed_at.map(Into::into),
            created_at: job.created_at.into(),
            updated_at: job.updated_at.into(),
        }
    }
}

impl Job {
    /// The same with the last lines of its log.
    pub fn with_logs(self, lines: impl IntoIterator<Item = provisioning_log_line::Model>) -> Self {
        Self {
            logs: lines
                .into_iter()
                .map(|line| LogLine::from(line).in_words())
                .collect(),
            ..self
        }
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What happens.
    Info,
    /// What may be wrong.
    Warning,
    /// What went wrong.
    Error,
}

/// A line of a job's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLine {
    /// Its number in the job's log; rises, and skips those of lines that were dropped.
    seq: i64,
    /// In which attempt it was said.
    attempt: i32,
    /// In which step.
    #[schema(required)]
    step: Option<String>,
    #[schema(inline)]
    level: Level,
    /// Show it as text, never as markup: others wrote it.
    text: String,
    at: Time,
}

impl From<provisioning_log_line::Model> for LogLine {
    fn from(line: provisioning_log_line::Model) -> Self {
        Self {
            seq: line.seq,
            attempt: line.attempt,
            step: line.step,
            level: match line.level {
                LogLevel::Info => Level::Info,
                LogLevel::Warning => Level::Warning,
                LogLevel::Error => Level::Error,
            },
            text: line.text,
            at: line.at.into(),
        }
    }
}

impl LogLine {
    /// `2026-01-09T12:00:00Z ERROR new-site: The database does not answer`.
    fn in_words(&self) -> String {
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        let (at, text) = (&self.at, &self.text);
        match &self.step {
            Some(step) => format!("{at} {level} {step}: {text}"),
            None => format!("{at} {level} {text}"),
        }
    }
}
