//! Durable effects on their way: jobs to the queue, events to the log.
//!
//! A job is a row until it was handled, whatever carries its message. Relays claim rows by lease, so
//! that any number of replicas share the work and a dead one loses its claim; the attempt number
//! fences out whoever comes back late. What a broker has confirmed is *sent*, and belongs to whoever
//! gets the message; the row is sent again when nobody has settled it for long. So retries, back-off
//! and what was given up are the same with and without a broker.

mod dead;
mod dead_store;
pub(super) mod event_store;
mod standing;
pub(super) mod store;

use std::time::Duration;

use entity::ids::OutboxMessageId;

pub use self::{
    dead::{Given, Redriven, UNREADABLE, bury_unreadable, given_up, redrive, redrive_all, show},
    standing::{
        Backlog, LANES, Standing, backlog, backlog_in, dead, lane_of, pending, standing, word,
    },
};
use super::{
    cx::Cx,
    job::{Job, Lane},
};
use crate::{
    config::ProvisionerKind,
    error::{Error, Result},
};

/// The longest wait between two attempts.
const MAX_BACKOFF: Duration = Duration::from_hours(1);

/// How long a job waits whose message could not be sent.
const UNSENT_PAUSE: Duration = Duration::from_secs(2);

/// How much of an explanation is kept, in characters.
const WHY_MAX: usize = 500;

/// How many jobs of a lane may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which lane.
    pub lane: Lane,
    /// How many.
    pub jobs: u64,
}

/// A job that this relay has taken.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The row.
    pub id: OutboxMessageId,
    /// Where it waits.
    pub lane: Lane,
    /// The work; the error tells why it could not be read.
    pub job: Result<Job, String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// Which attempt this is, from 1; fences the claim. To send a message again is no new attempt.
    pub attempt: i32,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Forget the row.
    Done,
    /// A broker has it: whoever gets the message settles it.
    Sent,
    /// No broker has it; that was no attempt.
    Unsent(String),
    /// Try again later, until the attempts are used up.
    Retry(String),
    /// Trying again cannot help: keep the row for a person to look at.
    Dead(String),
}

/// Takes jobs that are due, for the length of the configured lease. While outgoing mail is not
/// configured in production, letters wait; and so does work on sites that nobody would do (ruling 40).
pub async fn claim(cx: &Cx, rooms: &[Room]) -> Result<Vec<Claimed>> {
    cx.system_access()?;
    let lease = cx.app().config.worker.claim_lease;
    // A statement by itself would go on, and claim for nobody, when whoever asks for it gives up.
    let unit = cx.begin().await?;
    let due = store::Due {
        now: cx.now(),
        letters_wait: !cx.app().mailer.delivers(),
        sites_wait: cx.app().config.provisioning.provisioner == ProvisionerKind::Off,
    };
    let rows = store::claim(&*unit, due, add(cx, lease)?, rooms).await?;
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
            lane: Lane::of(&row.kind),
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
    let db = cx.db();
    match settlement {
        Settlement::Done => store::delete(db, id, attempt).await,
        Settlement::Sent => sent(cx, &[(id, attempt)]).await,
        Settlement::Unsent(why) => {
            let until = add(cx, UNSENT_PAUSE)?;
            store::give_back(db, id, attempt, until, printable(&why)).await
        }
        Settlement::Retry(why) if attempt < cx.app().config.worker.max_attempts => {
            let until = add(cx, backoff(id, attempt))?;
            store::postpone(db, id, attempt, until, printable(&why)).await
        }
        Settlement::Retry(why) | Settlement::Dead(why) => {
            store::bury(db, id, attempt, cx.now(), printable(&why)).await
        }
    }
}

/// Writes down that a broker has the messages of these attempts. What a worker has settled meanwhile
/// is settled.
pub async fn sent(cx: &Cx, attempts: &[(OutboxMessageId, i32)]) -> Result<()> {
    cx.system_access()?;
    if attempts.is_empty() {
        return Ok(());
    }
    let until = add(cx, cx.app().config.worker.resend)?;
    store::mark_sent(cx.db(), attempts, cx.now(), until).await
}

/// Whether somebody waits for this attempt. A message may come twice, or late: then the row is gone,
/// or at another attempt.
pub async fn is_wanted(cx: &Cx, id: OutboxMessageId, attempt: i32) -> Result<bool> {
    cx.system_access()?;
    store::is_claimed(cx.db(), id, attempt).await
}

/// One line of an explanation, of bounded length.
fn printable(why: &str) -> String {
    why.chars()
        .filter(|c| !c.is_control())
        .take(WHY_MAX)
        .collect()
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
