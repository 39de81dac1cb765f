//! A message in a worker's hands.

use tokio::sync::oneshot;

use super::{Message, Outcome};

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
}

impl Delivery {
    /// A message whose publisher waits.
    pub(super) fn local(message: Message, answer: oneshot::Sender<Outcome>) -> Self {
        Self {
            message,
            answer: Answer::Publisher(answer),
        }
    }

    /// Whether its publisher waits to write down what became of the job. Else whoever has this does.
    pub fn is_awaited(&self) -> bool {
        match self.answer {
            Answer::Publisher(_) => true,
        }
    }

    /// What became of the job; written down already, unless the publisher [waits](Self::is_awaited).
    pub fn finish(self, outcome: Outcome) {
        match self.answer {
            // An error means that the publisher gave up waiting; its lease decides what happens.
            Answer::Publisher(answer) => drop(answer.send(outcome)),
        }
    }
}
