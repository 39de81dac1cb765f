//! Messages to and from the broker. Where there is none, nothing is counted.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use super::shelf::Shelf;

/// Messages to and from the broker. Cloning it copies handles.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Sent to the broker.
    pub published: Counter,
    /// The broker has them.
    pub confirmed: Counter,
    /// The broker had no queue for them.
    pub returned: Counter,
    /// Came from the broker.
    pub received: Counter,
    /// Came again, because whoever had them did not answer.
    pub redelivered: Counter,
    /// Came for a job that was settled meanwhile.
    pub stale: Counter,
    /// Were put aside, because nobody could handle them.
    pub rejected: Counter,
    /// Were put aside, and then written into the outbox.
    pub dead: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Event {
    event: &'static str,
}

impl Queue {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let family = Family::<Event, Counter>::default();
        shelf.put(
            "queue_messages",
            &["event"],
            "Messages to RabbitMQ (`published`, `confirmed`, `returned`: there was no queue) and from it \
             (`received`, `redelivered`: came again, `stale`: the job was settled already, `rejected`: \
             put aside, `dead`: put aside and written into the outbox)",
            family.clone(),
        );
        let counter = |event| family.get_or_create_owned(&Event { event });
        Self {
            published: counter("published"),
            confirmed: counter("confirmed"),
            returned: counter("returned"),
            received: counter("received"),
            redelivered: counter("redelivered"),
            stale: counter("stale"),
            rejected: counter("rejected"),
            dead: counter("dead"),
        }
    }
}
