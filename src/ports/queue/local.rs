//! The queue of a single process: a bounded channel whose messages are answered.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Message, Outcome};

/// A message in a worker's hands. Dropped unanswered, it will be tried again.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    answer: oneshot::Sender<Outcome>,
}

impl Delivery {
    /// Tells the publisher what became of it.
    pub fn finish(self, outcome: Outcome) {
        // An error means that the publisher gave up waiting; its lease decides what happens.
        self.answer.send(outcome).ok();
    }
}

#[derive(Clone)]
pub(super) struct Local(Arc<Channel>);

struct Channel {
    capacity: usize,
    sender: mpsc::Sender<Delivery>,
    receiver: Mutex<mpsc::Receiver<Delivery>>,
    closed: CancellationToken,
}

impl Local {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        let (sender, receiver) = mpsc::channel(capacity);
        let receiver = Mutex::new(receiver);
        Self(Arc::new(Channel {
            capacity,
            sender,
            receiver,
            closed: CancellationToken::new(),
        }))
    }

    pub(super) fn room(&self) -> usize {
        self.0.capacity
    }

    pub(super) async fn publish(&self, message: Message) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        let delivery = Delivery { message, answer };
        if self.0.sender.send(delivery).await.is_err() {
            return Outcome::Retry("the queue was closed".into());
        }
        outcome
            .await
            .unwrap_or_else(|_| Outcome::Retry("no worker finished the job".into()))
    }

    pub(super) async fn next(&self) -> Option<Delivery> {
        let mut receiver = self.0.receiver.lock().await;
        tokio::select! {
            biased;
            () = self.0.closed.cancelled() => {
                give_back(&mut receiver);
                None
            }
            delivery = receiver.recv() => delivery,
        }
    }

    pub(super) fn close(&self) {
        self.0.closed.cancel();
        // Whoever holds the receiver is waiting in `next` and does it there.
        if let Ok(mut receiver) = self.0.receiver.try_lock() {
            give_back(&mut receiver);
        }
    }
}

fn give_back(receiver: &mut mpsc::Receiver<Delivery>) {
    receiver.close();
    // Dropping a delivery answers its publisher.
    while receiver.try_recv().is_ok() {}
}
