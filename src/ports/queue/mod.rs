//! Carries jobs from the relay to workers.
//!
//! `publish` returns when the message is safe. In one process that is when it was handled, because
//! the channel forgets with the process; so the outbox row is the only durable copy, and is kept
//! until then. A broker answers as soon as it has confirmed.

mod local;

use entity::ids::OutboxMessageId;

pub use self::local::Delivery;
use self::local::Local;
use crate::domain::job::Job;

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

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Safe, or handled.
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

/// Jobs for workers. Cloning it copies a handle.
#[derive(Clone)]
pub struct JobQueue(Route);

#[derive(Clone)]
enum Route {
    Local(Local),
}

impl JobQueue {
    /// Within the process; `capacity` messages may wait, then publishers do.
    pub fn local(capacity: usize) -> Self {
        Self(Route::Local(Local::new(capacity)))
    }

    /// How many messages may usefully be under way at once.
    pub fn room(&self) -> usize {
        match &self.0 {
            Route::Local(local) => local.room(),
        }
    }

    /// Hands a message over; returns when it is safe, or will not be.
    pub async fn publish(&self, message: Message) -> Outcome {
        match &self.0 {
            Route::Local(local) => local.publish(message).await,
        }
    }

    /// The next message; `None` when the queue is closed.
    pub async fn next(&self) -> Option<Delivery> {
        match &self.0 {
            Route::Local(local) => local.next().await,
        }
    }

    /// Hands out nothing more; what waits goes back to its publishers to be tried again.
    pub fn close(&self) {
        match &self.0 {
            Route::Local(local) => local.close(),
        }
    }
}
