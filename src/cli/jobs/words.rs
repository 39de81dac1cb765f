//! The words in which a person reads of jobs.

use chrono::SecondsFormat;
use entity::{
    Timestamp,
    provisioning_job::{ErrorClass, JobStatus, Model as Job},
    provisioning_log_line::{LogLevel, Model as Line},
    provisioning_step::{Model as Step, StepStatus},
};

use crate::domain::provisioning::operate::Shown;

/// Where a job stands.
pub(super) fn status(job: &Job) -> &'static str {
    match (job.status, job.undo_attempt) {
        (JobStatus::Cancelled, Some(_)) => "cancelled, being undone",
        (JobStatus::Pending, _) => "waiting",
        (JobStatus::InProgress, _) => "in progress",
        (JobStatus::Completed, _) => "completed",
        (JobStatus::Failed, _) => "failed",
        (JobStatus::Cancelled, None) => "cancelled",
    }
}

/// What a job is: whose, what, which attempt.
pub(super) fn title(Shown { job, tenant }: &Shown) -> String {
    let again = if job.attempt > 1 {
        format!(", attempt {}", job.attempt)
    } else {
        String::new()
    };
    format!(
        "{} ({}): {}{again}",
        tenant.name,
        tenant.slug,
        job.job_type.verb()
    )
}

/// Why a job has failed, and what to do.
pub(super) fn failure(job: &Job) -> Option<String> {
    let error = job.error.as_ref()?;
    let class = match job.error_class {
        Some(ErrorClass::Retryable) => " (it may go better next time)",
        Some(ErrorClass::Final) => " (it will not go better by itself)",
        None => "",
    };
    let advice = job
        .error_advice
        .as_deref()
        .map(|advice| format!("\n{advice}"));
    Some(format!("{error}{class}{}", advice.unwrap_or_default()))
}

/// Where a step stands, in a sign and a word.
pub(super) fn step(step: &Step) -> (&'static str, &'static str) {
    match step.status {
        StepStatus::Pending => ("·", "waits"),
        StepStatus::Running => ("▸", "goes on"),
        StepStatus::Completed if step.found => ("✓", "was there already"),
        StepStatus::Completed => ("✓", "done"),
        StepStatus::Failed => ("✗", "failed"),
        StepStatus::Undoing => ("◂", "is undone"),
        StepStatus::Undone => ("↺", "undone"),
    }
}

/// How long a step has taken so far.
pub(super) fn lasted(step: &Step, now: Timestamp) -> Option<String> {
    let until = step.completed_at.unwrap_or(now);
    Some(span((until - step.started_at?).num_seconds()))
}

/// `0:07`, `12:34`, `1:02:03`.
pub(super) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A line of the log, with its time.
pub(super) fn line(line: &Line) -> String {
    let mark = match line.level {
        LogLevel::Info => "",
        LogLevel::Warning => "warning: ",
        LogLevel::Error => "error: ",
    };
    let at = line.at.format("%H:%M:%S");
    format!("{at}  {mark}{}", line.text)
}

/// A time, to the second.
pub(super) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_like_a_clock() {
        let spans = [-5, 0, 7, 754, 3723].map(span);
        assert_eq!(spans, ["0:00", "0:00", "0:07", "12:34", "1:02:03"]);
    }
}
