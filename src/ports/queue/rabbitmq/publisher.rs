//! Puts messages into the queues, and waits until the broker has them. Many may be under way at once.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::{
    sync::{Notify, watch},
    time::{interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    super::{Message, Outcome, Published},
    link::{Link, Patience, Trouble, end},
    topology::Topology,
    wire,
};
use crate::{metrics, ports::breaker::Breaker};

/// How long a broker may take to confirm a message.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the channel is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Written to disk by the broker.
const PERSISTENT: u8 = 2;

pub(super) struct Publisher {
    link: Link,
    topology: Topology,
    channel: watch::Sender<Option<Channel>>,
    /// Told when the channel is there and yet of no use.
    useless: Notify,
    breaker: Breaker,
    counters: metrics::Queue,
}

impl Publisher {
    pub(super) fn new(link: Link, topology: Topology, counters: metrics::Queue) -> Self {
        Self {
            link,
            topology,
            channel: watch::Sender::new(None),
            useless: Notify::new(),
            breaker: Breaker::new("RabbitMQ"),
            counters,
        }
    }

    /// Whether messages can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.channel.borrow().is_some()
    }

    /// Connects, once.
    pub(super) async fn open(&self) -> Result<(), Trouble> {
        let opening = async {
            let channel = self.link.channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            self.channel.send_replace(Some(channel));
            Ok(())
        };
        let opened = opening.await;
        match &opened {
            Ok(()) => self.breaker.answered(),
            Err(trouble) => self.breaker.failed(trouble),
        }
        opened
    }

    /// Stays connected until that is no longer wanted.
    pub(super) async fn keep(&self, closed: &CancellationToken) {
        let mut patience = Patience::new();
        let keeping = async {
            loop {
                if self.is_open() || self.open().await.is_ok() {
                    patience.reset();
                    self.until_lost().await;
                    self.channel.send_replace(None);
                }
                sleep(patience.next()).await;
            }
        };
        tokio::select! {
            () = closed.cancelled() => {}
            () = keeping => {}
        }
    }

    /// Ends the connection.
    pub(super) async fn close(&self) {
        if let Some(channel) = self.channel.send_replace(None) {
            end(&channel).await;
        }
        self.link.close().await;
    }

    async fn until_lost(&self) {
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                () = self.useless.notified() => break,
                _ = look.tick() => {
                    let lost = |channel: &Channel| !channel.status().connected();
                    if self.channel.borrow().as_ref().is_none_or(lost) {
                        let trouble = Trouble::Away("the connection was lost".to_owned());
                        self.breaker.failed(&trouble);
                        break;
                    }
                }
            }
        }
    }

    pub(super) async fn publish(&self, message: &Message) -> Published {
        let body = match wire::encode(message) {
            Ok(body) => body,
            Err(why) => return Published::Handled(Outcome::Dead(why)),
        };
        let Some(channel) = self.channel.borrow().clone() else {
            return Published::Unsent("no connection to RabbitMQ".to_owned());
        };
        self.counters.published.inc();
        let sending = self.send(&channel, message, &body);
        let why = match timeout(CONFIRM_TIMEOUT, sending).await {
            Ok(Ok(Confirmation::Ack(None))) => {
                self.counters.confirmed.inc();
                return Published::Sent;
            }
            Ok(Ok(Confirmation::Ack(Some(_)))) => {
                self.counters.returned.inc();
                // With the next connection the queues that are missing are made.
                self.useless.notify_one();
                "RabbitMQ has no queue for it".to_owned()
            }
            Ok(Ok(Confirmation::Nack(_) | Confirmation::NotRequested)) => {
                "RabbitMQ did not take it".to_owned()
            }
            Ok(Err(error)) => format!("RabbitMQ did not confirm it: {error}"),
            Err(_) => {
                self.useless.notify_one();
                format!("RabbitMQ did not confirm it within {CONFIRM_TIMEOUT:?}")
            }
        };
        tracing::warn!(job.id = %message.id, why, "a job could not be sent; it waits in the outbox");
        Published::Unsent(why)
    }

    async fn send(
        &self,
        channel: &Channel,
        message: &Message,
        body: &[u8],
    ) -> lapin::Result<Confirmation> {
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_message_id(message.id.to_string().into())
            .with_type(message.job.kind().into());
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let queue = self.topology.lane(message.job.lane());
        let confirm = channel.basic_publish("".into(), queue, options, body, properties);
        confirm.await?.await
    }
}
