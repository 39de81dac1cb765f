//! Durable effects on their way: jobs to the queue, events to the log.
//!
//! A job is a row until it is safe elsewhere (handled, or confirmed by a broker). Relays claim rows
//! by lease, so that any number of replicas share the work and a dead one loses its claim; the
//! attempt number fences out a relay that comes back late.

pub(super) mod event_store;
pub(super) mod store;

use std::time::Duration;

use entity::{Timestamp, ids::OutboxMessageId};

use super::{cx::Cx, job::Job};
use crate::error::{Error, Result};

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::from_hours(1);

/// How much of an explanation is kept, in characters.
const WHY_MAX: usize = 500;

/// A job that this relay has taken.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The row.
    pub id: OutboxMessageId,
    /// The work; the error tells why it could not be read.
    pub job: Result<Job, String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// Which attempt this is, from 1; fences the claim.
    pub attempt: i32,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Safe: forget the row.
    Done,
    /// Try again later, until the attempts are used up.
    Retry(String),
    /// Trying again cannot help: keep the row for a person to look at.
    Dead(String),
}

/// Takes up to `limit` jobs that are due, for the length of the configured lease. While outgoing
/// mail is not configured in production, letters wait (ruling 40).
pub async fn claim(cx: &Cx, limit: u64) -> Result<Vec<Claimed>> {
    cx.system_access()?;
    let lease = cx.app().config.worker.claim_lease;
    let unit = cx.begin().await?;
    let waiting = if cx.app().mailer.delivers() {
        &[][..]
    } else {
        Job::LETTERS
    };
    let rows = store::claim(&*unit, cx.now(), add(cx, lease)?, limit, waiting).await?;
    let max = cx.app().config.worker.max_attempts;
    let (exhausted, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.attempts > max);
    for row in exhausted {
        // Its last attempts ended without a word: whoever made them died.
        let why = format!("gave no answer in {max} attempts");
        store::bury(&*unit, row.id, row.attempts, cx.now(), why).await?;
    }
    unit.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            job: serde_json::from_value(row.payload).map_err(|error| error.to_string()),
            request_id: row.request_id,
            attempt: row.attempts,
        })
        .collect())
}

/// Writes down what became of an attempt; a claim that was lost meanwhile changes nothing.
pub async fn settle(
    cx: &Cx,
    id: OutboxMessageId,
    attempt: i32,
    settlement: Settlement,
) -> Result<()> {
    cx.system_access()?;
    let printable = |why: String| {
        why.chars()
            .filter(|c| !c.is_control())
            .take(WHY_MAX)
            .collect()
    };
    match settlement {
        Settlement::Done => store::delete(cx.db(), id, attempt).await,
        Settlement::Retry(why) if attempt < cx.app().config.worker.max_attempts => {
            store::postpone(
                cx.db(),
                id,
                attempt,
                add(cx, backoff(id, attempt))?,
                printable(why),
            )
            .await
        }
        Settlement::Retry(why) | Settlement::Dead(why) => {
            store::bury(cx.db(), id, attempt, cx.now(), printable(why)).await
        }
    }
}

/// Jobs that are not safe yet.
pub async fn pending(cx: &Cx) -> Result<u64> {
    store::pending(cx.db()).await
}

/// Jobs that were given up.
pub async fn dead(cx: &Cx) -> Result<u64> {
    store::dead(cx.db()).await
}

/// How the outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that are not safe yet.
    pub waiting: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// How long ago the oldest waiting one was asked for.
    pub lag: Duration,
}

/// How the outbox stands, by one statement.
pub async fn backlog(cx: &Cx) -> Result<Backlog> {
    cx.system_access()?;
    backlog_in(cx.db(), cx.now()).await
}

/// How the outbox of a database stands that no application has opened.
pub async fn backlog_in(db: &impl sea_orm::ConnectionTrait, now: Timestamp) -> Result<Backlog> {
    let (waiting, dead, oldest) = store::backlog(db).await?;
    let lag = oldest.map(|oldest| now - oldest);
    Ok(Backlog {
        waiting,
        dead,
        lag: lag.and_then(|lag| lag.to_std().ok()).unwrap_or_default(),
    })
}

fn add(cx: &Cx, duration: Duration) -> Result<entity::Timestamp> {
    let duration = chrono::Duration::from_std(duration).map_err(Error::internal)?;
    Ok(cx.now() + duration)
}

/// Doubles from two seconds on; the id spreads jobs that failed together over a quarter more.
fn backoff(id: OutboxMessageId, attempt: i32) -> Duration {
    let exponent = u32::try_from(attempt).unwrap_or(0).min(16);
    let base = Duration::from_secs(1 << exponent).min(MAX_BACKOFF);
    let spread = u32::from(*id.0.as_bytes().last().expect("an id has sixteen bytes"));
    base + base * spread / (4 * 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_ends() {
        let id = OutboxMessageId(uuid::Uuid::from_u128(0));
        let waits: Vec<_> = (1..=14)
            .map(|attempt| backoff(id, attempt).as_secs())
            .collect();
        assert_eq!(waits[..4], [2, 4, 8, 16]);
        assert_eq!(waits[13], MAX_BACKOFF.as_secs());
        let late = OutboxMessageId(uuid::Uuid::from_u128(255));
        assert_eq!(backoff(late, 2), Duration::from_secs(5));
    }
}
