//! A message in a worker's hands.

use entity::ids::OutboxMessageId;
use tokio::sync::oneshot;

use super::{Message, Outcome, rabbitmq::Receipt};

/// A message in a worker's hands. Dropped unanswered, it comes again.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// The publisher waits, and writes down what became of the job.
    Publisher(oneshot::Sender<Outcome>),
    /// A broker waits until it need not keep the message any longer.
    Broker(Receipt),
}

impl Delivery {
    /// A message whose publisher waits.
    pub(super) fn local(message: Message, answer: oneshot::Sender<Outcome>) -> Self {
        Self {
            message,
            answer: Answer::Publisher(answer),
        }
    }

    /// A message that a broker keeps.
    pub(super) fn broker(message: Message, receipt: Receipt) -> Self {
        Self {
            message,
            answer: Answer::Broker(receipt),
        }
    }

    /// Whether its publisher waits to write down what became of the job. Else whoever has this does.
    pub fn is_awaited(&self) -> bool {
        match self.answer {
            Answer::Publisher(_) => true,
            Answer::Broker(_) => false,
        }
    }

    /// This became of the job; it is written down already, unless the publisher
    /// [waits](Self::is_awaited).
    pub async fn finish(self, outcome: Outcome) {
        match self.answer {
            // An error means that the publisher gave up waiting; its lease decides what happens.
            Answer::Publisher(answer) => drop(answer.send(outcome)),
            Answer::Broker(receipt) => receipt.ack().await,
        }
    }

    /// Nothing could be done with it, or nothing be written down: it is to come again.
    pub async fn give_back(self, why: &str) {
        match self.answer {
            Answer::Publisher(answer) => drop(answer.send(Outcome::Retry(why.to_owned()))),
            Answer::Broker(receipt) => receipt.give_back().await,
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is one of ours.
    Message(Message),
    /// It is one of ours, and its job is of a version that this is not.
    UnknownJob {
        /// The outbox row.
        id: OutboxMessageId,
        /// Which attempt it is.
        attempt: i32,
        /// Why it could not be read.
        why: String,
    },
    /// It is none of ours; the text says what is wrong with it.
    Unreadable(String),
}

impl Reading {
    /// Why it cannot be handled where it came.
    pub fn trouble(&self) -> &str {
        match self {
            Self::Message(_) => "it is in the wrong lane",
            Self::UnknownJob { why, .. } | Self::Unreadable(why) => why,
        }
    }
}

/// A message outside of the lanes: one that was put aside, or comes from elsewhere. Dropped unanswered,
/// it comes again.
#[derive(Debug)]
pub struct Stray {
    /// What it says.
    pub reading: Reading,
    /// As it came.
    pub raw: Vec<u8>,
    /// Why the broker put it aside, in its words.
    pub cause: Option<String>,
    receipt: Receipt,
}

impl Stray {
    pub(super) fn new(
        reading: Reading,
        raw: Vec<u8>,
        cause: Option<String>,
        receipt: Receipt,
    ) -> Self {
        Self {
            reading,
            raw,
            cause,
            receipt,
        }
    }

    /// What it says is written down elsewhere.
    pub async fn ack(self) {
        self.receipt.ack().await;
    }

    /// It is to come again.
    pub async fn give_back(self) {
        self.receipt.give_back().await;
    }
}
