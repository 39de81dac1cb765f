//! Jobs that were given up: for a person to look at, and to have done after all.

use entity::{ids::OutboxMessageId, outbox_message};
use serde_json::{Value, json};

use super::{dead_store as store, printable};
use crate::{
    domain::{cx::Cx, job::Job},
    error::{Error, Result},
};

/// The kind of a message that nobody could read.
pub const UNREADABLE: &str = "unreadable";

/// How much of a message is kept that nobody could read, in characters.
const RAW_MAX: usize = 4_000;

/// How many are brought back by one statement.
const BATCH: u64 = 500;

/// Jobs that were given up.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Those that were given up last.
    pub jobs: Vec<outbox_message::Model>,
    /// Whether there are more.
    pub more: bool,
}

/// What came of the wish to have a job done after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redriven {
    /// It is due now, with all its attempts before it.
    Due,
    /// No job with this id was given up.
    Absent,
    /// It cannot be read, so nobody could do it.
    Unreadable(String),
}

/// Jobs that were given up, the latest first.
pub async fn given_up(cx: &Cx, limit: u64) -> Result<Given> {
    cx.system_access()?;
    let mut jobs = store::latest(cx.db(), limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = jobs.len() > shown;
    jobs.truncate(shown);
    Ok(Given { jobs, more })
}

/// One that was given up.
pub async fn show(cx: &Cx, id: OutboxMessageId) -> Result<Option<outbox_message::Model>> {
    cx.system_access()?;
    store::find(cx.db(), id).await
}

/// Has one done after all.
pub async fn redrive(cx: &Cx, id: OutboxMessageId) -> Result<Redriven> {
    let Some(row) = show(cx, id).await? else {
        return Ok(Redriven::Absent);
    };
    let job = match readable(&row) {
        Ok(job) => job,
        Err(why) => return Ok(Redriven::Unreadable(why)),
    };
    let payload = serde_json::to_value(&job).map_err(Error::internal)?;
    let revived = store::revive(cx.db(), id, job.kind(), payload, cx.now()).await?;
    if !revived {
        return Ok(Redriven::Absent);
    }
    tracing::info!(job.id = %id, job.kind = job.kind(), "a job that was given up is due again");
    cx.app().outbox_wake.notify_one();
    Ok(Redriven::Due)
}

/// Has all done after all that can be read; returns how many those are.
pub async fn redrive_all(cx: &Cx) -> Result<u64> {
    cx.system_access()?;
    let mut revived = 0;
    loop {
        let some = store::revive_some(cx.db(), UNREADABLE, cx.now(), BATCH).await?;
        if some == 0 {
            break;
        }
        revived += some;
    }
    if revived > 0 {
        tracing::info!(revived, "jobs that were given up are due again");
        cx.app().outbox_wake.notify_one();
    }
    Ok(revived)
}

/// Keeps a message that nobody could read, with the reason, where a person looks for such things.
pub async fn bury_unreadable(cx: &Cx, raw: &[u8], why: &str) -> Result<()> {
    cx.system_access()?;
    let text = String::from_utf8_lossy(raw);
    // PostgreSQL keeps no NUL.
    let kept: String = text
        .replace('\0', "\u{fffd}")
        .chars()
        .take(RAW_MAX)
        .collect();
    let now = cx.now();
    let row = outbox_message::Model {
        id: cx.new_id(),
        kind: UNREADABLE.to_owned(),
        payload: json!({ "raw": kept, "bytes": raw.len() }),
        request_id: None,
        attempts: 0,
        available_at: now,
        claimed_until: None,
        sent_at: None,
        dead_at: Some(now),
        last_error: Some(printable(why)),
        created_at: now,
    };
    store::insert(cx.db(), row).await
}

/// The job in a row; what could not be read once, may be by this version.
fn readable(row: &outbox_message::Model) -> Result<Job, String> {
    let read = if row.kind == UNREADABLE {
        let raw = row.payload.get("raw").and_then(Value::as_str);
        let body: Value = serde_json::from_str(raw.unwrap_or_default())
            .map_err(|error| format!("it is no JSON: {error}"))?;
        serde_json::from_value(body.get("job").cloned().unwrap_or(body))
    } else {
        serde_json::from_value(row.payload.clone())
    };
    read.map_err(|error| error.to_string())
}
