//! Carries jobs from the relay to workers, each lane by itself.
//!
//! In one process the channel forgets with the process, so `publish` answers when the job was
//! handled. A broker answers as soon as it has the message; whoever gets the message then writes down
//! what became of the job, and only then acknowledges it.

mod delivery;
mod local;
mod slots;

use entity::ids::OutboxMessageId;

use self::local::Local;
pub use self::{
    delivery::Delivery,
    slots::{Slot, Slots},
};
use crate::domain::job::{Job, Lane};

/// A job on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The outbox row; the same for every attempt, so that handlers can be idempotent.
    pub id: OutboxMessageId,
    /// The work.
    pub job: Job,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handled.
    Done,
    /// Not this time; the text says why and holds no secret.
    Retry(String),
    /// Trying again cannot help.
    Dead(String),
}

impl Outcome {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(_) => "retry",
            Self::Dead(_) => "dead",
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// A worker had it, and this became of the job.
    Handled(Outcome),
    /// A broker keeps it until a worker acknowledges it.
    Sent,
    /// Nobody keeps it, as far as we know; the text says why and holds no secret.
    Unsent(String),
}

/// Jobs for workers. Cloning it copies a handle.
#[derive(Clone)]
pub struct JobQueue(Route);

#[derive(Clone)]
enum Route {
    Local(Local),
}

impl JobQueue {
    /// Within the process. So many quick messages may wait, then publishers do; work on sites finds
    /// as much room as there are free places.
    pub fn local(capacity: usize, slots: Slots) -> Self {
        Self(Route::Local(Local::new(capacity, slots)))
    }

    /// Whether messages leave the process, so that workers of others get them, too.
    pub fn is_shared(&self) -> bool {
        match &self.0 {
            Route::Local(_) => false,
        }
    }

    /// How many messages of a lane may usefully be under way at once; none while they could not be
    /// sent.
    pub fn room(&self, lane: Lane) -> usize {
        match &self.0 {
            Route::Local(local) => local.room(lane),
        }
    }

    /// Hands a message over; returns when it is known what became of it.
    pub async fn publish(&self, message: Message) -> Published {
        match &self.0 {
            Route::Local(local) => local.publish(message).await,
        }
    }

    /// The next message of a lane; `None` when the queue is closed.
    pub async fn next(&self, lane: Lane) -> Option<Delivery> {
        match &self.0 {
            Route::Local(local) => local.next(lane).await,
        }
    }

    /// Hands out nothing more; what waits here goes back to where it came from.
    pub fn close(&self) {
        match &self.0 {
            Route::Local(local) => local.close(),
        }
    }
}
