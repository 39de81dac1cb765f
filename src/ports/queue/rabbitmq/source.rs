//! Takes messages out of a queue, and comes back after a connection was lost. What was not
//! acknowledged by then comes again.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use lapin::{
    Acker, Channel, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    },
    types::{FieldTable, ShortString},
};
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};
use tokio_util::{
    sync::CancellationToken,
    task::task_tracker::{TaskTracker, TaskTrackerToken},
};

use super::link::{Link, Patience, Trouble, end};

/// How long a broker may take to hear what became of a message.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// One queue, for as many as want to take from it.
pub(super) struct Source {
    link: Arc<Link>,
    queue: ShortString,
    /// How many messages may be here unanswered.
    prefetch: u16,
    feed: Mutex<Option<Feed>>,
    /// What is in somebody's hands.
    in_hand: TaskTracker,
    closed: CancellationToken,
}

/// What comes over one channel. Without a consumer nothing comes, but what did can be answered.
struct Feed {
    channel: Channel,
    consumer: Option<Consumer>,
}

/// A message, and the way to answer it.
pub(super) struct Taken {
    pub(super) delivery: Delivery,
    pub(super) receipt: Receipt,
}

/// The way to answer a message. Dropped unanswered, the message comes again when the channel ends.
#[derive(Debug)]
pub struct Receipt {
    acker: Acker,
    _in_hand: TaskTrackerToken,
}

impl Receipt {
    /// It need not come again.
    pub(in super::super) async fn ack(self) {
        let told = self.acker.ack(BasicAckOptions::default());
        note("acknowledge", timeout(ANSWER_TIMEOUT, told).await.ok());
    }

    /// It is to come again, to anybody.
    pub(in super::super) async fn give_back(self) {
        self.refuse(true).await;
    }

    /// It is put aside.
    pub(in super::super) async fn put_aside(self) {
        self.refuse(false).await;
    }

    async fn refuse(self, requeue: bool) {
        let options = BasicNackOptions {
            multiple: false,
            requeue,
        };
        let told = self.acker.nack(options);
        note("give back", timeout(ANSWER_TIMEOUT, told).await.ok());
    }
}

/// Without its connection a message comes again, and is recognised.
fn note(what: &str, told: Option<lapin::Result<bool>>) {
    match told {
        Some(Ok(_)) => {}
        Some(Err(error)) => tracing::debug!(%error, "could not {what} a message"),
        None => tracing::debug!("could not {what} a message in time"),
    }
}

impl Source {
    pub(super) fn new(
        link: Arc<Link>,
        queue: ShortString,
        prefetch: u16,
        in_hand: TaskTracker,
        closed: CancellationToken,
    ) -> Self {
        Self {
            link,
            queue,
            prefetch,
            feed: Mutex::default(),
            in_hand,
            closed,
        }
    }

    /// The next message; `None` once it is closed.
    pub(super) async fn next(&self) -> Option<Taken> {
        let mut held = self.feed.lock().await;
        let mut patience = Patience::new();
        loop {
            if self.closed.is_cancelled() {
                if let Some(feed) = &mut *held {
                    feed.pause().await;
                }
                return None;
            }
            let Some(consumer) = held.as_mut().and_then(|feed| feed.consumer.as_mut()) else {
                let opened = tokio::select! {
                    () = self.closed.cancelled() => continue,
                    opened = self.open(held.take()) => opened,
                };
                match opened {
                    Ok(feed) => *held = Some(feed),
                    // Whoever publishes says so in the log.
                    Err(trouble) => {
                        tracing::debug!(%trouble, queue = %self.queue, "cannot take messages");
                        tokio::select! {
                            () = self.closed.cancelled() => {}
                            () = sleep(patience.next()) => {}
                        }
                    }
                }
                continue;
            };
            let came = tokio::select! {
                () = self.closed.cancelled() => continue,
                came = consumer.next() => came,
            };
            match came {
                Some(Ok(delivery)) => {
                    let receipt = Receipt {
                        acker: delivery.acker.clone(),
                        _in_hand: self.in_hand.token(),
                    };
                    return Some(Taken { delivery, receipt });
                }
                // The channel, the connection or the queue is gone.
                Some(Err(_)) | None => *held = None,
            }
        }
    }

    /// Lets nothing more come until somebody asks for the next message.
    pub(super) async fn pause(&self) {
        if let Some(feed) = &mut *self.feed.lock().await {
            feed.pause().await;
        }
    }

    /// Ends its channel.
    pub(super) async fn end(&self) {
        if let Some(feed) = self.feed.lock().await.take() {
            end(&feed.channel).await;
        }
    }

    /// Begins to take, on the channel that is there if it still is.
    async fn open(&self, before: Option<Feed>) -> Result<Feed, Trouble> {
        let channel = match before {
            Some(feed) if feed.channel.status().connected() => feed.channel,
            _ => {
                let channel = self.link.channel().await?;
                let options = BasicQosOptions::default();
                channel.basic_qos(self.prefetch, options).await?;
                channel
            }
        };
        let (queue, any) = (self.queue.clone(), ShortString::default());
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel
            .basic_consume(queue, any, options, arguments)
            .await?;
        Ok(Feed {
            channel,
            consumer: Some(consumer),
        })
    }
}

impl Feed {
    /// Lets nothing more come, and gives back what has come and is in nobody's hands.
    async fn pause(&mut self) {
        let Some(mut consumer) = self.consumer.take() else {
            return;
        };
        let pausing = async {
            let cancelled = self
                .channel
                .basic_cancel(consumer.tag(), BasicCancelOptions::default());
            if cancelled.await.is_err() {
                return;
            }
            while let Some(Ok(delivery)) = consumer.next().await {
                let options = BasicNackOptions {
                    multiple: false,
                    requeue: true,
                };
                delivery.nack(options).await.ok();
            }
        };
        timeout(ANSWER_TIMEOUT, pausing).await.ok();
    }
}
