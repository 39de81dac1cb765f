//! What is told of jobs to a program: the words of the API.

use chrono::SecondsFormat;
use entity::{Timestamp, provisioning_log_line::Model as Line, provisioning_step::Model as Step};
use serde_json::{Value, json};

use crate::domain::provisioning::operate::Shown;

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A job.
pub(super) fn job(Shown { job, tenant }: &Shown) -> Value {
    json!({
        "id": job.id,
        "tenant": { "id": tenant.id, "name": tenant.name, "slug": tenant.slug },
        "job_type": job.job_type,
        "status": job.status,
        "attempt": job.attempt,
        "progress": job.progress,
        "message": job.message,
        "error": job.error,
        "error_class": job.error_class,
        "error_advice": job.error_advice,
        "parameters": job.parameters,
        "result": job.result,
        "undo_attempt": job.undo_attempt,
        "claimed_by": job.claimed_by,
        "lease_until": job.lease_until.map(time),
        "queued_at": time(job.queued_at),
        "created_at": time(job.created_at),
        "started_at": job.started_at.map(time),
        "completed_at": job.completed_at.map(time),
    })
}

/// A step.
pub(super) fn step(step: &Step) -> Value {
    json!({
        "name": step.name,
        "title": step.title,
        "status": step.status,
        "progress": step.progress,
        "found": step.found,
        "tries": step.tries,
        "error": step.error,
        "started_at": step.started_at.map(time),
        "completed_at": step.completed_at.map(time),
    })
}

/// A line of the log.
pub(super) fn line(line: &Line) -> Value {
    json!({
        "seq": line.seq,
        "attempt": line.attempt,
        "step": line.step,
        "level": line.level,
        "text": line.text,
        "at": time(line.at),
    })
}
