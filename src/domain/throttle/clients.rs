//! The general limit: how many requests of any kind one client may send. Each process counts for
//! itself, because every request passes here and none is to wait for a network.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use entity::Timestamp;

use super::{Axis, Network};
use crate::{
    config::Limits,
    domain::cx::Cx,
    error::{Error, Result},
    ports::cache::rates::{Moments, Rate},
};

/// Clients are spread over so many tables, so that cores rarely wait for each other.
const SHARDS: usize = 64;
/// How many clients each table remembers: of all together a hundred thousand, in some 5 MB.
const ROOM: usize = 2_048;
/// The time that the limit is told for.
const WINDOW: Duration = Duration::from_mins(1);

/// Counts the requests of clients.
pub struct Clients {
    shards: Vec<Moments<Network>>,
    /// Keyed anew in each process, so that nobody can choose to sit in somebody's table.
    places: RandomState,
    rate: Rate,
}

impl Clients {
    /// What the metrics call the limit; an axis is the table's.
    pub const CLASS: &str = "request";

    /// Who may send as much as this allows.
    pub fn new(limits: &Limits) -> Self {
        let requests = limits.scale.of(limits.client_requests_per_minute);
        Self {
            shards: (0..SHARDS).map(|_| Moments::with_room(ROOM)).collect(),
            places: RandomState::new(),
            rate: Rate::new(requests, WINDOW),
        }
    }

    /// Counts something that was asked for: a request, or an operation on a socket.
    pub fn count(&self, cx: &Cx) -> Result<()> {
        let admitted = self.admit(cx.info().ip, cx.now());
        if admitted.is_err() {
            let metrics = &cx.app().metrics;
            metrics.rate_limited(Self::CLASS, Axis::Client.as_str());
        }
        admitted
    }

    /// Counts a request; `RATE_LIMITED`, when there were too many.
    fn admit(&self, address: Option<IpAddr>, now: Timestamp) -> Result<()> {
        let client = Network::of(address);
        let place = self.places.hash_one(client) % SHARDS as u64;
        let shard = usize::try_from(place)
            .ok()
            .and_then(|at| self.shards.get(at));
        // There is a table at every place below `SHARDS`.
        shard
            .map_or(Ok(()), |shard| shard.draw_one(client, self.rate, now))
            .map_err(Error::too_often)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Scale;

    #[test]
    fn each_client_has_its_own_and_gets_it_back_when_told() {
        let clients = Clients::new(&Limits {
            scale: Scale::ONE,
            client_requests_per_minute: 60,
        });
        let start: Timestamp = "2026-01-09T12:00:00Z".parse().unwrap();
        let [ann, bob] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().ok());
        for _ in 0..60 {
            assert!(clients.admit(ann, start).is_ok());
        }
        let refusal = clients.admit(ann, start).unwrap_err();
        assert_eq!(refusal.retry_after(), Some(Duration::from_secs(1)));
        assert!(clients.admit(bob, start).is_ok());
        assert!(clients.admit(None, start).is_ok());
        let later = start + chrono::Duration::seconds(1);
        assert!(clients.admit(ann, later).is_ok());
        assert!(clients.admit(ann, later).is_err());
    }
}
