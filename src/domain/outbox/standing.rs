//! How the outbox stands: what waits, what is under way, what was given up.

use std::time::Duration;

use entity::Timestamp;

use super::{UNREADABLE, store};
use crate::{
    domain::{cx::Cx, job::Lane},
    error::Result,
};

/// Jobs that are not done.
pub async fn pending(cx: &Cx) -> Result<u64> {
    Ok(backlog(cx).await?.waiting)
}

/// Jobs that were given up.
pub async fn dead(cx: &Cx) -> Result<u64> {
    Ok(backlog(cx).await?.dead)
}

/// How a lane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which lane; none for messages that nobody can read, which are in no lane.
    pub lane: Option<Lane>,
    /// Jobs that nobody has sent, or that wait for their next attempt.
    pub waiting: u64,
    /// Jobs that a broker has, or whoever got them from it.
    pub sent: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// When the oldest one that is not done was asked for.
    pub oldest: Option<Timestamp>,
}

impl Standing {
    /// What it is about, in one word.
    pub fn word(&self) -> &'static str {
        word(self.lane)
    }
}

/// A lane, or what is in none, in one word.
pub fn word(lane: Option<Lane>) -> &'static str {
    lane.map_or(UNREADABLE, Lane::word)
}

/// In which lane a kind of job is; none for messages that nobody can read.
pub fn lane_of(kind: &str) -> Option<Lane> {
    (kind != UNREADABLE).then(|| Lane::of(kind))
}

/// Every lane, and what is in none.
pub const LANES: [Option<Lane>; 3] = [Some(Lane::Provisioning), Some(Lane::Letters), None];

/// How the outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that are not done, sent or not.
    pub waiting: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// How long ago the oldest waiting one was asked for.
    pub lag: Duration,
}

/// How each lane stands, by one statement.
pub async fn standing(cx: &Cx) -> Result<Vec<Standing>> {
    cx.system_access()?;
    standing_in(cx.db()).await
}

/// How the outbox stands, by one statement.
pub async fn backlog(cx: &Cx) -> Result<Backlog> {
    cx.system_access()?;
    backlog_in(cx.db(), cx.now()).await
}

/// How the outbox of a database stands that no application has opened.
pub async fn backlog_in(db: &impl sea_orm::ConnectionTrait, now: Timestamp) -> Result<Backlog> {
    let lanes = standing_in(db).await?;
    Ok(Backlog::of(&lanes, now))
}

impl Backlog {
    /// All lanes together.
    pub fn of(lanes: &[Standing], now: Timestamp) -> Self {
        let oldest = lanes.iter().filter_map(|lane| lane.oldest).min();
        let lag = oldest.and_then(|oldest| (now - oldest).to_std().ok());
        Self {
            waiting: lanes.iter().map(|lane| lane.waiting + lane.sent).sum(),
            dead: lanes.iter().map(|lane| lane.dead).sum(),
            lag: lag.unwrap_or_default(),
        }
    }
}

async fn standing_in(db: &impl sea_orm::ConnectionTrait) -> Result<Vec<Standing>> {
    let kinds = store::count_kinds(db).await?;
    let lanes = LANES.map(|lane| {
        let of_lane = || kinds.iter().filter(|kind| lane_of(&kind.kind) == lane);
        Standing {
            lane,
            waiting: of_lane().map(store::Tally::waiting).sum(),
            sent: of_lane().map(store::Tally::sent).sum(),
            dead: of_lane().map(store::Tally::dead).sum(),
            oldest: of_lane().filter_map(|kind| kind.oldest).min(),
        }
    });
    Ok(lanes.to_vec())
}
