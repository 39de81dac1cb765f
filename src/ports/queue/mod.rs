//! Carries jobs from the relay to workers, each lane by itself.
//!
//! In one process the channel forgets with the process, so `publish` answers when the job was
//! handled. A broker answers as soon as it has the message; whoever gets the message then writes down
//! what became of the job, and only then [answers](Delivery::finish).

mod delivery;
mod local;
mod rabbitmq;
mod slots;

use entity::ids::OutboxMessageId;

pub use self::{
    delivery::{Delivery, Reading, Stray},
    rabbitmq::{Depth, Look, Trouble, look, remove},
    slots::{Slot, Slots},
};
use self::{local::Local, rabbitmq::Rabbit};
use crate::{
    config::RabbitMq,
    domain::job::{Job, Lane},
    metrics,
};

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
    Rabbit(Rabbit),
}

impl JobQueue {
    /// Within the process. So many quick messages may wait, then publishers do; work on sites finds
    /// as much room as there are free places.
    pub fn local(capacity: usize, slots: Slots) -> Self {
        Self(Route::Local(Local::new(capacity, slots)))
    }

    /// On RabbitMQ; so many messages may be under way to it at once. Connects to nothing until it is
    /// [opened](Self::open), [kept](Self::keep) or taken from.
    pub fn rabbitmq(settings: &RabbitMq, room: usize, counters: metrics::Queue) -> Self {
        Self(Route::Rabbit(Rabbit::new(settings, room, counters)))
    }

    /// Whether messages leave the process, so that workers of others get them, too.
    pub fn is_shared(&self) -> bool {
        match &self.0 {
            Route::Local(_) => false,
            Route::Rabbit(_) => true,
        }
    }

    /// Whether the broker answers, where there is one.
    pub fn answers(&self) -> Option<bool> {
        match &self.0 {
            Route::Local(_) => None,
            Route::Rabbit(rabbit) => Some(rabbit.answers()),
        }
    }

    /// Connects to the broker, where there is one, and makes the queues that are missing.
    pub async fn open(&self) -> Result<(), Trouble> {
        match &self.0 {
            Route::Local(_) => Ok(()),
            Route::Rabbit(rabbit) => rabbit.open().await,
        }
    }

    /// Keeps up the connections to the broker, where there is one, until the queue is closed and what
    /// workers have in hand is answered. Without this nothing can be published there.
    pub async fn keep(self) {
        match self.0 {
            Route::Local(_) => {}
            Route::Rabbit(rabbit) => rabbit.keep().await,
        }
    }

    /// How many messages of a lane may usefully be under way at once; none while they could not be
    /// sent.
    pub fn room(&self, lane: Lane) -> usize {
        match &self.0 {
            Route::Local(local) => local.room(lane),
            Route::Rabbit(rabbit) => rabbit.room(),
        }
    }

    /// Hands a message over; returns when it is known what became of it.
    pub async fn publish(&self, message: Message) -> Published {
        match &self.0 {
            Route::Local(local) => local.publish(message).await,
            Route::Rabbit(rabbit) => rabbit.publish(&message).await,
        }
    }

    /// The next message of a lane; `None` when the queue is closed.
    pub async fn next(&self, lane: Lane) -> Option<Delivery> {
        match &self.0 {
            Route::Local(local) => local.next(lane).await,
            Route::Rabbit(rabbit) => rabbit.next(lane).await,
        }
    }

    /// Takes nothing more of a lane into this process until somebody asks for the next message. What
    /// is within the process waits in the outbox anyway, where its relay has [room](Self::room) for
    /// no more.
    pub async fn pause(&self, lane: Lane) {
        match &self.0 {
            Route::Local(_) => {}
            Route::Rabbit(rabbit) => rabbit.pause(lane).await,
        }
    }

    /// The next message that was put aside, where a broker does that; `None` when the queue is closed.
    pub async fn next_dead(&self) -> Option<Stray> {
        match &self.0 {
            Route::Local(_) => None,
            Route::Rabbit(rabbit) => rabbit.next_dead().await,
        }
    }

    /// The next message from the predecessor of this service, where there is a broker; `None` when the
    /// queue is closed.
    pub async fn next_legacy(&self) -> Option<Stray> {
        match &self.0 {
            Route::Local(_) => None,
            Route::Rabbit(rabbit) => rabbit.next_legacy().await,
        }
    }

    /// Hands out nothing more; what waits here goes back to where it came from.
    pub fn close(&self) {
        match &self.0 {
            Route::Local(local) => local.close(),
            Route::Rabbit(rabbit) => rabbit.close(),
        }
    }
}
