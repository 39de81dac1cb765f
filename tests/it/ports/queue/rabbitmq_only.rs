//! What RabbitMQ adds: outages, messages that nobody can read, workers that die, the predecessor.

use std::time::{Duration, Instant};

use erpmax::{
    domain::job::Lane,
    ports::{
        clock::Ids,
        queue::{Outcome, Published, Reading, Trouble},
    },
};
use secrecy::SecretString;
use tokio::time::timeout;

use super::{PATIENCE, Stand, message, next, provision, rabbitmq};
use crate::support::{process::until, storage};

#[tokio::test]
async fn connections_that_are_cut_come_back_and_nothing_is_lost() {
    if !storage::full_stack() {
        return;
    }
    let (stand, ids) = (Stand::rabbitmq(|_| {}).await, Ids::seeded(1));
    let queue = &stand.queue;
    let first = message(&ids);
    assert_eq!(queue.publish(first.clone()).await, Published::Sent);
    let held = next(queue, Lane::Letters).await;
    stand.broker().wire.cut();
    // Its channel is gone, so this says nothing to anybody; the message comes again.
    held.finish(Outcome::Done).await;
    let again = next(queue, Lane::Letters).await;
    assert_eq!(again.message, first);
    again.finish(Outcome::Done).await;
    let second = message(&ids);
    until("it publishes again", async || {
        queue.publish(second.clone()).await == Published::Sent
    })
    .await;
    assert_eq!(next(queue, Lane::Letters).await.message.id, second.id);
    stand.end().await;
}

#[tokio::test]
async fn while_the_broker_is_away_publishing_fails_at_once() {
    if !storage::full_stack() {
        return;
    }
    let (stand, ids) = (Stand::rabbitmq(|_| {}).await, Ids::seeded(1));
    let queue = &stand.queue;
    assert_eq!(
        (queue.answers(), queue.room(Lane::Letters)),
        (Some(true), 50)
    );
    stand.broker().wire.take_away();
    until("it is noticed", async || queue.answers() == Some(false)).await;
    assert_eq!(queue.room(Lane::Letters), 0);
    let asked = Instant::now();
    let sent = queue.publish(message(&ids)).await;
    assert!(matches!(sent, Published::Unsent(_)), "{sent:?}");
    assert!(asked.elapsed() < Duration::from_secs(1));
    let opened = queue.open().await;
    assert!(matches!(opened, Err(Trouble::Away(_))), "{opened:?}");
    stand.broker().wire.give_back();
    until("it is back", async || queue.answers() == Some(true)).await;
    assert_eq!(queue.publish(message(&ids)).await, Published::Sent);
    stand.end().await;
}

#[tokio::test]
async fn what_nobody_can_read_is_put_aside_and_holds_up_nothing() {
    if !storage::full_stack() {
        return;
    }
    let (stand, ids) = (Stand::rabbitmq(|_| {}).await, Ids::seeded(1));
    let (queue, broker) = (&stand.queue, stand.broker());
    let later = br#"{"version":1,"id":"00000000-0000-0000-0000-000000000007","attempt":3,"request_id":null,"job":{"kind":"of_a_later_version"}}"#;
    let bodies = [&b"{ not json"[..], b"", b"\xff\xfe\x00", later];
    for body in bodies {
        broker.put("jobs.letters", body).await;
    }
    let good = message(&ids);
    assert_eq!(queue.publish(good.clone()).await, Published::Sent);
    let came = next(queue, Lane::Letters).await;
    assert_eq!(came.message, good);
    came.finish(Outcome::Done).await;
    for body in bodies {
        let stray = timeout(PATIENCE, queue.next_dead()).await.unwrap().unwrap();
        assert_eq!(stray.raw, body);
        assert_eq!(stray.cause.as_deref(), Some("rejected"));
        match &stray.reading {
            Reading::Unreadable(_) => assert_ne!(body, later),
            Reading::UnknownJob { id, attempt, why } => {
                assert_eq!((id.0.as_u128(), *attempt), (7, 3));
                assert!(why.contains("of_a_later_version"), "{why}");
            }
            Reading::Message(message) => panic!("{message:?} was understood"),
        }
        stray.ack().await;
    }
    stand.end().await;
}

#[tokio::test]
async fn a_message_that_ends_its_workers_is_put_aside() {
    if !storage::full_stack() {
        return;
    }
    let stand = Stand::rabbitmq(|broker| broker.settings.delivery_limit = 2).await;
    let (queue, ids) = (&stand.queue, Ids::seeded(1));
    let poison = message(&ids);
    assert_eq!(queue.publish(poison.clone()).await, Published::Sent);
    for _ in 0..3 {
        // A worker that dies says as little.
        let worker = rabbitmq(stand.broker());
        let held = next(&worker, Lane::Letters).await;
        assert_eq!(held.message, poison);
        drop(held);
        stand.broker().wire.cut();
    }
    let stray = timeout(PATIENCE, queue.next_dead()).await.unwrap().unwrap();
    assert_eq!(stray.reading, Reading::Message(poison));
    assert_eq!(stray.cause.as_deref(), Some("delivery_limit"));
    stray.ack().await;
    stand.end().await;
}

#[tokio::test]
async fn a_paused_lane_leaves_messages_to_others() {
    if !storage::full_stack() {
        return;
    }
    let (stand, ids) = (Stand::rabbitmq(|_| {}).await, Ids::seeded(1));
    let (queue, other) = (&stand.queue, rabbitmq(stand.broker()));
    let sites: Vec<_> = (0..3).map(|_| provision(&ids)).collect();
    for site in &sites {
        assert_eq!(queue.publish(site.clone()).await, Published::Sent);
    }
    let held = next(queue, Lane::Provisioning).await;
    assert_eq!(held.message, sites[0]);
    queue.pause(Lane::Provisioning).await;
    held.finish(Outcome::Done).await;
    for site in &sites[1..] {
        let came = next(&other, Lane::Provisioning).await;
        assert_eq!(came.message, *site);
        came.finish(Outcome::Done).await;
    }
    // It takes again when somebody asks. The other may have taken it first, so it stops.
    other.close();
    assert!(other.next(Lane::Provisioning).await.is_none());
    let last = provision(&ids);
    assert_eq!(queue.publish(last.clone()).await, Published::Sent);
    let came = next(queue, Lane::Provisioning).await;
    assert_eq!(came.message, last);
    came.finish(Outcome::Done).await;
    stand.end().await;
}

#[tokio::test]
async fn queues_that_were_deleted_are_made_again() {
    if !storage::full_stack() {
        return;
    }
    let (stand, ids) = (Stand::rabbitmq(|_| {}).await, Ids::seeded(1));
    let (queue, lost) = (&stand.queue, message(&ids));
    stand.broker().delete("jobs.letters").await;
    let sent = queue.publish(lost.clone()).await;
    assert!(
        matches!(&sent, Published::Unsent(why) if why.contains("no queue")),
        "{sent:?}"
    );
    until("the queue is there", async || {
        queue.publish(lost.clone()).await == Published::Sent
    })
    .await;
    // A worker is told that its queue has gone, and comes back to the new one.
    next(queue, Lane::Letters).await.finish(Outcome::Done).await;
    stand.broker().delete("jobs.letters").await;
    let coming = tokio::spawn({
        let queue = queue.clone();
        async move { next(&queue, Lane::Letters).await.message }
    });
    until("the queue is there", async || {
        queue.publish(lost.clone()).await == Published::Sent
    })
    .await;
    assert_eq!(coming.await.unwrap(), lost);
    stand.end().await;
}

#[tokio::test]
async fn messages_of_the_predecessor_come_as_they_are() {
    if !storage::full_stack() {
        return;
    }
    let stand = Stand::rabbitmq(|_| {}).await;
    let body = br#"{"job_id":"0b0e7a0c-7f1e-4c52-a0b5-000000000001"}"#;
    stand.broker().put("provisioning", body).await;
    let stray = timeout(PATIENCE, stand.queue.next_legacy()).await;
    let stray = stray.unwrap().unwrap();
    assert_eq!(
        (stray.raw.as_slice(), stray.cause.as_deref()),
        (&body[..], None)
    );
    stray.ack().await;
    stand.end().await;
}

#[tokio::test]
async fn a_broker_that_refuses_us_is_told_from_one_that_is_away() {
    if !storage::full_stack() {
        return;
    }
    let stand = Stand::rabbitmq(|_| {}).await;
    let mut other = stand.broker().settings.clone();
    other.delivery_limit += 1;
    let refused = |settings| {
        let metrics = erpmax::metrics::Metrics::new(entity::Timestamp::default(), 1);
        let queue = erpmax::ports::queue::JobQueue::rabbitmq(&settings, 1, metrics.queue.clone());
        async move { queue.open().await }
    };
    // The queues are there, with other promises.
    let told = refused(other.clone()).await.unwrap_err();
    assert!(
        matches!(&told, Trouble::Refused(why) if why.contains("PRECONDITION")),
        "{told:?}"
    );
    let url = crate::support::rabbitmq::url().replace("guest:guest", "guest:hunter2");
    other.url = SecretString::from(url);
    let told = refused(other.clone()).await.unwrap_err();
    assert!(matches!(told, Trouble::Refused(_)), "{told:?}");
    assert!(!told.to_string().contains("hunter2"), "{told}");
    other.url = SecretString::from("amqp://127.0.0.1:1");
    let told = refused(other).await.unwrap_err();
    assert!(matches!(told, Trouble::Away(_)), "{told:?}");
    stand.end().await;
}
