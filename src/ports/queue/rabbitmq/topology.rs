//! The queues: their names, what they promise, and how they are made. Any process makes those that are
//! missing; one that is there with other promises is a refusal, since messages could be lost in it.

use lapin::{
    Channel,
    options::QueueDeclareOptions,
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::domain::job::Lane;

/// What all names begin with, and what the queues promise.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    pub(super) prefix: String,
    /// How often a message is handed out before it is put aside.
    pub(super) delivery_limit: u32,
}

impl Topology {
    /// Where the messages of a lane wait.
    pub(super) fn lane(&self, lane: Lane) -> ShortString {
        format!("{}.jobs.{}", self.prefix, lane.word()).into()
    }

    /// Where messages end that nobody could read, or that ended who had them.
    pub(super) fn dead(&self) -> ShortString {
        format!("{}.jobs.dead", self.prefix).into()
    }

    /// Where the predecessor of this service puts its messages.
    pub(super) fn intake(&self) -> ShortString {
        format!("{}.provisioning", self.prefix).into()
    }

    /// Every queue.
    pub(super) fn all(&self) -> Vec<ShortString> {
        let lanes = Lane::ALL.map(|lane| self.lane(lane));
        lanes
            .into_iter()
            .chain([self.dead(), self.intake()])
            .collect()
    }

    /// Makes what is missing.
    pub(super) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(self.dead(), durable, quorum());
        declared.await?;
        for lane in Lane::ALL {
            let mut arguments = quorum();
            let limit = AMQPValue::LongInt(i32::try_from(self.delivery_limit).unwrap_or(i32::MAX));
            arguments.insert("x-delivery-limit".into(), limit);
            // Through the exchange that has no name, straight into the queue of that name.
            arguments.insert("x-dead-letter-exchange".into(), text(""));
            let dead = text(self.dead().as_str());
            arguments.insert("x-dead-letter-routing-key".into(), dead);
            let declared = channel.queue_declare(self.lane(lane), durable, arguments);
            declared.await?;
        }
        // A classic queue without arguments, as its producer declares it.
        let intake = channel.queue_declare(self.intake(), durable, FieldTable::default());
        intake.await?;
        Ok(())
    }
}

/// Kept by a majority of the brokers of a cluster.
fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
