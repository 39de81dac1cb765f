//! The queue of many processes, on RabbitMQ: confirmed publishing, a durable queue for each lane, and
//! consumers that come back. A message only says that a row of the outbox is due; so a broker that
//! loses one, or hands it out twice, costs time and nothing else.
//!
//! One connection publishes, another takes: a broker that is short of memory stops those that publish.

mod link;
mod look;
mod publisher;
mod source;
mod topology;
mod wire;

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::task_tracker::TaskTracker};

use self::{
    link::Link,
    publisher::Publisher,
    source::{Source, Taken},
    topology::Topology,
};
pub use self::{
    link::Trouble,
    look::{Depth, Look, look, remove},
    source::Receipt,
};
use super::{Delivery, Message, Published, Reading, Stray};
use crate::{config::RabbitMq, domain::job::Lane, metrics};

/// Messages that are put aside, or come from the predecessor, are few.
const FEW: u16 = 4;

#[derive(Clone)]
pub(super) struct Rabbit(Arc<Parts>);

struct Parts {
    publisher: Publisher,
    taking: Arc<Link>,
    provisioning: Source,
    letters: Source,
    dead: Source,
    intake: Source,
    /// How many messages may be under way to the broker at once.
    room: usize,
    in_hand: TaskTracker,
    closed: CancellationToken,
    counters: metrics::Queue,
}

impl Rabbit {
    pub(super) fn new(settings: &RabbitMq, room: usize, counters: metrics::Queue) -> Self {
        let topology = Topology {
            prefix: settings.prefix.clone(),
            delivery_limit: settings.delivery_limit,
        };
        let link = |name| Link::new(settings.url.clone(), name, topology.clone());
        let taking = Arc::new(link("worker"));
        let (in_hand, closed) = (TaskTracker::new(), CancellationToken::new());
        let source = |queue, prefetch| {
            let (in_hand, closed) = (in_hand.clone(), closed.clone());
            Source::new(taking.clone(), queue, prefetch, in_hand, closed)
        };
        Self(Arc::new(Parts {
            // One at a time: each waits for a place of its own.
            provisioning: source(topology.lane(Lane::Provisioning), 1),
            letters: source(topology.lane(Lane::Letters), settings.prefetch),
            dead: source(topology.dead(), FEW),
            intake: source(topology.intake(), FEW),
            publisher: Publisher::new(link("relay"), topology, counters.clone()),
            taking,
            room,
            in_hand,
            closed,
            counters,
        }))
    }

    fn source(&self, lane: Lane) -> &Source {
        match lane {
            Lane::Provisioning => &self.0.provisioning,
            Lane::Letters => &self.0.letters,
        }
    }

    pub(super) fn room(&self) -> usize {
        if self.0.publisher.is_open() {
            self.0.room
        } else {
            0
        }
    }

    pub(super) fn answers(&self) -> bool {
        self.0.publisher.is_open()
    }

    pub(super) async fn open(&self) -> Result<(), Trouble> {
        self.0.publisher.open().await
    }

    /// Stays connected until it is closed and nothing is in anybody's hands.
    pub(super) async fn keep(&self) {
        self.0.publisher.keep(&self.0.closed).await;
        self.0.in_hand.close();
        self.0.in_hand.wait().await;
        let Parts {
            provisioning,
            letters,
            dead,
            intake,
            ..
        } = &*self.0;
        tokio::join!(provisioning.end(), letters.end(), dead.end(), intake.end());
        self.0.publisher.close().await;
        self.0.taking.close().await;
    }

    pub(super) async fn publish(&self, message: &Message) -> Published {
        self.0.publisher.publish(message).await
    }

    pub(super) async fn next(&self, lane: Lane) -> Option<Delivery> {
        loop {
            let taken = self.take(self.source(lane)).await?;
            match wire::decode(&taken.delivery.data) {
                Reading::Message(message) if message.job.lane() == lane => {
                    return Some(Delivery::broker(message, taken.receipt));
                }
                reading => {
                    let why = reading.trouble();
                    tracing::warn!(why, "a message that cannot be handled is put aside");
                    self.0.counters.rejected.inc();
                    taken.receipt.put_aside().await;
                }
            }
        }
    }

    pub(super) async fn pause(&self, lane: Lane) {
        self.source(lane).pause().await;
    }

    pub(super) async fn next_dead(&self) -> Option<Stray> {
        Some(stray(self.take(&self.0.dead).await?))
    }

    pub(super) async fn next_legacy(&self) -> Option<Stray> {
        Some(stray(self.take(&self.0.intake).await?))
    }

    async fn take(&self, source: &Source) -> Option<Taken> {
        let taken = source.next().await?;
        self.0.counters.received.inc();
        if taken.delivery.redelivered {
            self.0.counters.redelivered.inc();
        }
        Some(taken)
    }

    pub(super) fn close(&self) {
        self.0.closed.cancel();
    }
}

fn stray(taken: Taken) -> Stray {
    let Taken { delivery, receipt } = taken;
    let headers = delivery.properties.headers().as_ref();
    let cause = headers.and_then(|headers| {
        let cause = headers.inner().get("x-first-death-reason")?;
        let cause = cause.as_long_string()?.as_bytes();
        Some(String::from_utf8_lossy(cause).into_owned())
    });
    Stray::new(wire::decode(&delivery.data), delivery.data, cause, receipt)
}
