//! What every cache promises.

use std::{collections::HashSet, time::Duration};

use erpmax::ports::{
    cache::{Cache, CacheKey},
    clock::Clock,
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::support::{settings, storage};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Ticket {
    holder: String,
    seats: Vec<u32>,
}

struct TicketKey(u32);

impl CacheKey for TicketKey {
    type Value = Ticket;

    fn key(&self) -> String {
        format!("ticket:{}", self.0)
    }

    fn ttl(&self) -> Duration {
        Duration::from_mins(1)
    }
}

fn ticket(holder: &str) -> Ticket {
    Ticket {
        holder: holder.to_owned(),
        seats: vec![1, 2, 3],
    }
}

/// The suite.
async fn keeps_its_promises(cache: Cache, clock: Clock) {
    cache.ping().await.unwrap();

    // What was put is there, whole, until it is removed.
    assert_eq!(cache.get(&TicketKey(1)).await.unwrap(), None);
    cache.put(&TicketKey(1), &ticket("ann")).await.unwrap();
    assert_eq!(cache.get(&TicketKey(1)).await.unwrap(), Some(ticket("ann")));
    assert_eq!(cache.get(&TicketKey(2)).await.unwrap(), None);
    cache
        .put(&TicketKey(1), &ticket("bob \u{0} \n 🎫"))
        .await
        .unwrap();
    assert_eq!(
        cache.get(&TicketKey(1)).await.unwrap(),
        Some(ticket("bob \u{0} \n 🎫"))
    );
    cache.remove(&TicketKey(1)).await.unwrap();
    cache.remove(&TicketKey(1)).await.unwrap();
    assert_eq!(cache.get(&TicketKey(1)).await.unwrap(), None);

    // It lives as long as its key says, by our clock, not the store's.
    cache.put(&TicketKey(3), &ticket("ann")).await.unwrap();
    clock.advance(Duration::from_secs(59));
    assert_eq!(cache.get(&TicketKey(3)).await.unwrap(), Some(ticket("ann")));
    clock.advance(Duration::from_secs(1));
    assert_eq!(cache.get(&TicketKey(3)).await.unwrap(), None);
    assert_eq!(cache.take(&TicketKey(3)).await.unwrap(), None);
    // Putting it again starts its time anew.
    cache.put(&TicketKey(4), &ticket("ann")).await.unwrap();
    clock.advance(Duration::from_secs(40));
    cache.put(&TicketKey(4), &ticket("ann")).await.unwrap();
    clock.advance(Duration::from_secs(40));
    assert_eq!(cache.get(&TicketKey(4)).await.unwrap(), Some(ticket("ann")));

    // Taken once, by one of many.
    for round in 100..120 {
        cache
            .put(&TicketKey(round), &ticket("winner"))
            .await
            .unwrap();
        let takers = (0..20).map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.take(&TicketKey(round)).await.unwrap() })
        });
        let taken: Vec<_> = join_all(takers)
            .await
            .into_iter()
            .filter_map(Result::unwrap)
            .collect();
        assert_eq!(taken, [ticket("winner")]);
        assert_eq!(cache.get(&TicketKey(round)).await.unwrap(), None);
    }

    // Keys do not run into each other.
    for key in 200..210 {
        cache
            .put(&TicketKey(key), &ticket(&key.to_string()))
            .await
            .unwrap();
    }
    let mut holders = HashSet::new();
    for key in 200..210 {
        holders.insert(cache.get(&TicketKey(key)).await.unwrap().unwrap().holder);
    }
    assert_eq!(holders.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_promises_of_a_cache() {
    let clock = settings::clock();
    keeps_its_promises(Cache::memory(clock.clone()), clock).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_promises_of_a_cache() {
    if storage::full_stack() {
        let clock = settings::clock();
        keeps_its_promises(Cache::redis(super::redis().await, clock.clone()), clock).await;
    }
}

#[tokio::test]
async fn redis_is_shared_by_processes_and_split_by_prefix() {
    if storage::full_stack() {
        let (clock, redis) = (settings::clock(), super::redis().await);
        let one = Cache::redis(redis.clone(), clock.clone());
        let two = Cache::redis(redis, clock.clone());
        let stranger = Cache::redis(super::redis().await, clock);
        one.put(&TicketKey(1), &ticket("ann")).await.unwrap();
        assert_eq!(stranger.get(&TicketKey(1)).await.unwrap(), None);
        assert_eq!(two.take(&TicketKey(1)).await.unwrap(), Some(ticket("ann")));
        assert_eq!(one.get(&TicketKey(1)).await.unwrap(), None);
    }
}
