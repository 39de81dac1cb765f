//! What every job queue promises.

use std::{collections::HashSet, sync::Arc};

use entity::ids::{InvitationId, OutboxMessageId};
use erpmax::{
    domain::job::{Job, Lane},
    ports::{
        clock::Ids,
        queue::{JobQueue, Message, Outcome, Published, Slots},
    },
};
use futures::{FutureExt, future::join_all};
use tokio::sync::Notify;

fn local(capacity: usize) -> JobQueue {
    JobQueue::local(capacity, Slots::new(2, Arc::new(Notify::new())))
}

fn message(ids: &Ids) -> Message {
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

#[tokio::test]
async fn publishing_answers_when_the_job_was_handled() {
    let (queue, ids) = (local(4), Ids::seeded(1));
    for outcome in [
        Outcome::Done,
        Outcome::Retry("not now".into()),
        Outcome::Dead("never".into()),
    ] {
        let sent = message(&ids);
        let mut publishing = Box::pin(queue.publish(sent.clone()));
        assert_eq!(
            (&mut publishing).now_or_never(),
            None,
            "safe before it was handled"
        );
        let delivery = queue.next(Lane::Letters).await.unwrap();
        assert_eq!(delivery.message, sent);
        assert_eq!(
            (&mut publishing).now_or_never(),
            None,
            "safe before it was handled"
        );
        delivery.finish(outcome.clone());
        assert_eq!(publishing.await, Published::Handled(outcome));
    }
}

#[tokio::test]
async fn a_worker_that_drops_a_job_gives_it_back() {
    let (queue, ids) = (local(4), Ids::seeded(1));
    let publishing = tokio::spawn({
        let (queue, message) = (queue.clone(), message(&ids));
        async move { queue.publish(message).await }
    });
    drop(queue.next(Lane::Letters).await.unwrap());
    assert!(matches!(
        publishing.await.unwrap(),
        Published::Handled(Outcome::Retry(_))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_job_reaches_exactly_one_worker() {
    let (queue, ids) = (local(2), Ids::seeded(1));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Some(delivery) = queue.next(Lane::Letters).await {
                    seen.push(delivery.message.id);
                    tokio::task::yield_now().await;
                    delivery.finish(Outcome::Done);
                }
                seen
            })
        })
        .collect();
    let published = join_all((0..200).map(|_| {
        let (queue, message) = (queue.clone(), message(&ids));
        tokio::spawn(async move { queue.publish(message).await })
    }))
    .await;
    assert!(
        published
            .into_iter()
            .all(|outcome| outcome.unwrap() == Published::Handled(Outcome::Done))
    );
    queue.close();
    let seen: Vec<_> = join_all(workers)
        .await
        .into_iter()
        .flat_map(|seen| seen.unwrap())
        .collect();
    assert_eq!(seen.len(), 200);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), 200);
}

#[tokio::test]
async fn a_closed_queue_hands_out_nothing_and_gives_everything_back() {
    let (queue, ids) = (local(4), Ids::seeded(1));
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let (queue, message) = (queue.clone(), message(&ids));
            tokio::spawn(async move { queue.publish(message).await })
        })
        .collect();
    let held = queue.next(Lane::Letters).await.unwrap();
    queue.close();
    assert!(queue.next(Lane::Letters).await.is_none());
    // What a worker has in hand may still be finished.
    held.finish(Outcome::Done);
    let outcomes: Vec<_> = join_all(waiting)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Published::Handled(Outcome::Done))
            .count(),
        1
    );
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| matches!(o, Published::Handled(Outcome::Retry(_))))
            .count(),
        2
    );
    assert!(matches!(
        queue.publish(message(&ids)).await,
        Published::Unsent(_)
    ));
}
