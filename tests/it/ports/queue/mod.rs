//! What every job queue promises.

mod rabbitmq_only;

use std::{collections::HashSet, sync::Arc, time::Duration};

use entity::ids::{InvitationId, OutboxMessageId, ProvisioningJobId};
use erpmax::{
    domain::job::{Job, Lane},
    metrics::Metrics,
    ports::{
        clock::{Clock, Ids},
        queue::{Delivery, JobQueue, Message, Outcome, Published, Slots},
    },
};
use futures::{FutureExt, future::join_all};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

use crate::support::{process::until, rabbitmq::Broker, storage};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A queue, and what stands behind it.
pub struct Stand {
    pub queue: JobQueue,
    pub broker: Option<Broker>,
    keeper: Option<JoinHandle<()>>,
}

impl Stand {
    fn local() -> Self {
        let slots = Slots::new(2, Arc::new(Notify::new()));
        Self {
            queue: JobQueue::local(4, slots),
            broker: None,
            keeper: None,
        }
    }

    /// On RabbitMQ, connected.
    pub async fn rabbitmq(change: impl FnOnce(&mut Broker)) -> Self {
        let mut broker = Broker::new().await;
        change(&mut broker);
        let queue = rabbitmq(&broker);
        queue.open().await.expect("RabbitMQ answers");
        Self {
            keeper: Some(tokio::spawn(queue.clone().keep())),
            queue,
            broker: Some(broker),
        }
    }

    pub fn broker(&self) -> &Broker {
        self.broker.as_ref().expect("it is on RabbitMQ")
    }

    /// Every adapter of the stack.
    async fn all() -> Vec<Self> {
        let mut stands = vec![Self::local()];
        if storage::full_stack() {
            stands.push(Self::rabbitmq(|_| {}).await);
        }
        stands
    }

    /// Ends, within bounds, and leaves nothing behind.
    pub async fn end(self) {
        self.queue.close();
        if let Some(keeper) = self.keeper {
            let ended = timeout(PATIENCE, keeper).await;
            ended.expect("it ends in time").expect("it does not panic");
        }
        if let Some(broker) = self.broker {
            broker.remove().await;
        }
    }
}

/// A queue as another process has it.
pub fn rabbitmq(broker: &Broker) -> JobQueue {
    let metrics = Metrics::new(Clock::system().now(), 1);
    JobQueue::rabbitmq(&broker.settings, 50, metrics.queue.clone())
}

pub fn message(ids: &Ids) -> Message {
    Message {
        id: OutboxMessageId(ids.next()),
        job: Job::InvitationMail {
            invitation_id: InvitationId(ids.next()),
            generation: 1,
        },
        request_id: Some("r-1".to_owned()),
        attempt: 1,
    }
}

pub fn provision(ids: &Ids) -> Message {
    Message {
        job: Job::Provision {
            job_id: ProvisioningJobId(ids.next()),
        },
        ..message(ids)
    }
}

/// The next message, which must come.
pub async fn next(queue: &JobQueue, lane: Lane) -> Delivery {
    let next = timeout(PATIENCE, queue.next(lane)).await;
    next.expect("a message comes").expect("the queue is open")
}

/// Publishes in the background, as a relay does.
fn publish(queue: &JobQueue, message: &Message) -> JoinHandle<Published> {
    let (queue, message) = (queue.clone(), message.clone());
    tokio::spawn(async move { queue.publish(message).await })
}

#[tokio::test]
async fn a_message_reaches_a_worker_of_its_lane_as_it_was() {
    for stand in Stand::all().await {
        let (queue, ids) = (&stand.queue, Ids::seeded(1));
        let (letter, site) = (message(&ids), provision(&ids));
        let sending = [publish(queue, &letter), publish(queue, &site)];
        let came = next(queue, Lane::Provisioning).await;
        assert_eq!(came.message, site);
        came.finish(Outcome::Done).await;
        let came = next(queue, Lane::Letters).await;
        assert_eq!(came.message, letter);
        came.finish(Outcome::Done).await;
        for sent in sending {
            let handled = Published::Handled(Outcome::Done);
            let expected = if queue.is_shared() {
                Published::Sent
            } else {
                handled
            };
            assert_eq!(sent.await.unwrap(), expected);
        }
        stand.end().await;
    }
}

#[tokio::test]
async fn what_a_worker_drops_or_gives_back_is_not_lost() {
    for stand in Stand::all().await {
        let (queue, ids) = (&stand.queue, Ids::seeded(1));
        let sent = message(&ids);
        let sending = publish(queue, &sent);
        next(queue, Lane::Letters).await.give_back("not now").await;
        if queue.is_shared() {
            // Nobody waits for it, so it comes by itself.
            let again = next(queue, Lane::Letters).await;
            assert_eq!(again.message, sent);
            again.finish(Outcome::Done).await;
            assert_eq!(sending.await.unwrap(), Published::Sent);
        } else {
            let again = Published::Handled(Outcome::Retry("not now".into()));
            assert_eq!(sending.await.unwrap(), again);
            let sending = publish(queue, &sent);
            drop(next(queue, Lane::Letters).await);
            let sent = sending.await.unwrap();
            assert!(matches!(sent, Published::Handled(Outcome::Retry(_))));
        }
        stand.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_job_reaches_exactly_one_worker() {
    for stand in Stand::all().await {
        let (queue, ids) = (&stand.queue, Ids::seeded(1));
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while let Some(delivery) = queue.next(Lane::Letters).await {
                        seen.push(delivery.message.id);
                        tokio::task::yield_now().await;
                        delivery.finish(Outcome::Done).await;
                    }
                    seen
                })
            })
            .collect();
        let published = join_all((0..200).map(|_| publish(queue, &message(&ids)))).await;
        for published in published {
            assert!(!matches!(published.unwrap(), Published::Unsent(_)));
        }
        if let Some(broker) = &stand.broker {
            until("all were taken", async || {
                let letters = broker.look().await.lanes.pop().unwrap();
                letters.found.unwrap().0 == 0
            })
            .await;
        }
        queue.close();
        let seen = join_all(workers).await;
        let mut seen: Vec<_> = seen.into_iter().flat_map(Result::unwrap).collect();
        if queue.is_shared() {
            // What workers had no time for went back.
            let left = rabbitmq(stand.broker());
            while seen.len() < 200 {
                let delivery = next(&left, Lane::Letters).await;
                seen.push(delivery.message.id);
                delivery.finish(Outcome::Done).await;
            }
        }
        assert_eq!(seen.len(), 200);
        assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), 200);
        stand.end().await;
    }
}

#[tokio::test]
async fn a_closed_queue_hands_out_nothing_and_gives_everything_back() {
    for stand in Stand::all().await {
        let (queue, ids) = (&stand.queue, Ids::seeded(1));
        let waiting: Vec<_> = (0..3).map(|_| publish(queue, &message(&ids))).collect();
        let held = next(queue, Lane::Letters).await;
        if queue.is_shared() {
            until("all were sent", async || {
                waiting.iter().all(JoinHandle::is_finished)
            })
            .await;
        }
        queue.close();
        for lane in Lane::ALL {
            assert!(queue.next(lane).await.is_none());
        }
        // What a worker has in hand may still be finished.
        held.finish(Outcome::Done).await;
        let outcomes = join_all(waiting).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        if queue.is_shared() {
            assert_eq!(outcomes, vec![Published::Sent; 3]);
            let other = rabbitmq(stand.broker());
            for _ in 0..2 {
                next(&other, Lane::Letters)
                    .await
                    .finish(Outcome::Done)
                    .await;
            }
        } else {
            let count = |like: fn(&Published) -> bool| outcomes.iter().filter(|o| like(o)).count();
            assert_eq!(count(|o| *o == Published::Handled(Outcome::Done)), 1);
            assert_eq!(
                count(|o| matches!(o, Published::Handled(Outcome::Retry(_)))),
                2
            );
            let late = queue.publish(message(&ids)).await;
            assert!(matches!(late, Published::Unsent(_)));
        }
        stand.end().await;
    }
}

#[tokio::test]
async fn in_one_process_publishing_answers_when_the_job_was_handled() {
    let (stand, ids) = (Stand::local(), Ids::seeded(1));
    for outcome in [
        Outcome::Done,
        Outcome::Retry("not now".into()),
        Outcome::Dead("never".into()),
    ] {
        let mut publishing = Box::pin(stand.queue.publish(message(&ids)));
        assert_eq!(
            (&mut publishing).now_or_never(),
            None,
            "before it was handled"
        );
        let delivery = next(&stand.queue, Lane::Letters).await;
        assert!(delivery.is_awaited());
        assert_eq!(
            (&mut publishing).now_or_never(),
            None,
            "before it was handled"
        );
        delivery.finish(outcome.clone()).await;
        assert_eq!(publishing.await, Published::Handled(outcome));
    }
    stand.end().await;
}

#[tokio::test]
async fn in_one_process_work_on_sites_finds_as_much_room_as_there_are_places() {
    let slots = Slots::new(2, Arc::new(Notify::new()));
    let queue = JobQueue::local(4, slots.clone());
    assert_eq!(
        (queue.room(Lane::Provisioning), queue.room(Lane::Letters)),
        (2, 4)
    );
    let mut place = slots.acquire().await;
    assert_eq!(queue.room(Lane::Provisioning), 2, "nothing has begun");
    place.begin();
    assert_eq!(queue.room(Lane::Provisioning), 1);
    drop(place);
    assert_eq!(queue.room(Lane::Provisioning), 2);
}
