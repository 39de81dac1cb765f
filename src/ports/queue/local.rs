//! The queue of a single process: a bounded channel for each lane, whose messages are answered.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Delivery, Message, Outcome, Published, Slots};
use crate::domain::job::Lane;

#[derive(Clone)]
pub(super) struct Local(Arc<Channels>);

struct Channels {
    capacity: usize,
    slots: Slots,
    provisioning: Channel,
    letters: Channel,
    closed: CancellationToken,
}

struct Channel {
    sender: mpsc::Sender<Delivery>,
    receiver: Mutex<mpsc::Receiver<Delivery>>,
}

impl Local {
    pub(super) fn new(capacity: usize, slots: Slots) -> Self {
        let capacity = capacity.max(1);
        Self(Arc::new(Channels {
            capacity,
            provisioning: Channel::new(slots.total().max(1)),
            letters: Channel::new(capacity),
            slots,
            closed: CancellationToken::new(),
        }))
    }

    fn channel(&self, lane: Lane) -> &Channel {
        match lane {
            Lane::Provisioning => &self.0.provisioning,
            Lane::Letters => &self.0.letters,
        }
    }

    pub(super) fn room(&self, lane: Lane) -> usize {
        match lane {
            // A row that finds no place waits in the outbox, where others find it.
            Lane::Provisioning => self.0.slots.free(),
            Lane::Letters => self.0.capacity,
        }
    }

    pub(super) async fn publish(&self, message: Message) -> Published {
        let lane = message.job.lane();
        let (answer, outcome) = oneshot::channel();
        let delivery = Delivery::local(message, answer);
        if self.channel(lane).sender.send(delivery).await.is_err() {
            return Published::Unsent("the queue was closed".into());
        }
        let outcome = outcome.await;
        Published::Handled(
            outcome.unwrap_or_else(|_| Outcome::Retry("no worker finished the job".into())),
        )
    }

    pub(super) async fn next(&self, lane: Lane) -> Option<Delivery> {
        let mut receiver = self.channel(lane).receiver.lock().await;
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
        for lane in Lane::ALL {
            // Whoever holds the receiver is waiting in `next` and does it there.
            if let Ok(mut receiver) = self.channel(lane).receiver.try_lock() {
                give_back(&mut receiver);
            }
        }
    }
}

impl Channel {
    fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity);
        let receiver = Mutex::new(receiver);
        Self { sender, receiver }
    }
}

fn give_back(receiver: &mut mpsc::Receiver<Delivery>) {
    receiver.close();
    // Dropping a delivery answers its publisher.
    while receiver.try_recv().is_ok() {}
}
