//! What every event bus promises.

use std::{sync::Arc, time::Duration};

use entity::ids::{EventId, TenantId};
use erpmax::{
    domain::{
        event::{DomainEvent, Recorded, Stream},
        signal::Signal,
    },
    ports::{clock::Ids, events::EventBus},
};
use tokio::{sync::broadcast::Receiver, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{settings, storage};

fn events(ids: &Ids, how_many: i64) -> Vec<Signal> {
    let tenant_id = TenantId(ids.next());
    let recorded = |seq| Recorded {
        id: EventId(ids.next()),
        stream: Stream::Tenant(tenant_id),
        seq,
        occurred_at: settings::clock().now(),
        event: DomainEvent::TenantUpdated { tenant_id },
    };
    (1..=how_many).map(recorded).map(Signal::from).collect()
}

async fn hear(listener: &mut Receiver<Arc<Signal>>, how_many: usize) -> Vec<Signal> {
    let mut heard = Vec::new();
    while heard.len() < how_many {
        let event = timeout(Duration::from_secs(10), listener.recv()).await;
        heard.push(
            event
                .expect("an event in time")
                .expect("a bus that goes on")
                .as_ref()
                .clone(),
        );
    }
    heard
}

/// The suite, for two handles that may belong to two processes.
async fn keeps_its_promises(here: EventBus, there: EventBus) {
    here.ping().await.unwrap();
    let ids = Ids::seeded(1);
    // Everybody hears everything, whole and in order, wherever they listen.
    let mut listeners = [here.subscribe(), here.subscribe(), there.subscribe()];
    let told = events(&ids, 50);
    for batch in told.chunks(7) {
        here.publish(batch).await;
    }
    for listener in &mut listeners {
        assert_eq!(hear(listener, told.len()).await, told);
    }
    let answer = events(&ids, 3);
    there.publish(&answer).await;
    for listener in &mut listeners {
        assert_eq!(hear(listener, answer.len()).await, answer);
    }

    // Whoever comes later hears what comes later.
    let mut late = there.subscribe();
    let news = events(&ids, 1);
    here.publish(&news).await;
    assert_eq!(hear(&mut late, 1).await, news);
    here.publish(&[]).await;
    assert!(late.try_recv().is_err());
}

#[tokio::test]
async fn the_local_bus_keeps_the_promises_of_a_bus() {
    let bus = EventBus::local();
    // Nobody listens: publishing is no failure.
    bus.publish(&events(&Ids::seeded(2), 1)).await;
    keeps_its_promises(bus.clone(), bus).await;
}

#[tokio::test]
async fn redis_keeps_the_promises_of_a_bus() {
    if storage::full_stack() {
        let (redis, stop) = (super::redis().await, CancellationToken::new());
        let (here, one) = EventBus::redis(redis.clone(), stop.clone()).await.unwrap();
        let (there, two) = EventBus::redis(redis, stop.clone()).await.unwrap();
        let ears = [tokio::spawn(one), tokio::spawn(two)];
        keeps_its_promises(here, there).await;
        stop.cancel();
        for ear in ears {
            timeout(Duration::from_secs(10), ear)
                .await
                .expect("the ear ends")
                .unwrap();
        }
    }
}

#[tokio::test]
async fn buses_with_different_prefixes_do_not_hear_each_other() {
    if storage::full_stack() {
        let stop = CancellationToken::new();
        let (here, one) = EventBus::redis(super::redis().await, stop.clone())
            .await
            .unwrap();
        let (there, two) = EventBus::redis(super::redis().await, stop.clone())
            .await
            .unwrap();
        let ears = [tokio::spawn(one), tokio::spawn(two)];
        let (ids, mut stranger) = (Ids::seeded(1), there.subscribe());
        here.publish(&events(&ids, 5)).await;
        let own = events(&ids, 1);
        there.publish(&own).await;
        // The first thing heard is its own, although the others were told before.
        assert_eq!(hear(&mut stranger, 1).await, own);
        stop.cancel();
        for ear in ears {
            timeout(Duration::from_secs(10), ear)
                .await
                .expect("the ear ends")
                .unwrap();
        }
    }
}
