//! How many connections each address has open, so that one cannot take them all; of IPv6 a network of
//! 64 bits is one address. A trusted proxy has as many as its clients need. The list is no longer than
//! there are connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    config::{Connections, Proxies},
    domain::throttle::Network,
};

/// Counts connections by address. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Addresses {
    open: Arc<Mutex<HashMap<Network, u32>>>,
    limit: u32,
    unlimited: Proxies,
}

/// One connection of an address, until this is dropped.
pub struct Seat {
    addresses: Addresses,
    /// Whose it is; nobody's where it is not counted.
    network: Option<Network>,
}

impl Addresses {
    /// At most so many for each as is configured.
    pub fn new(limits: &Connections) -> Self {
        Self {
            open: Arc::default(),
            limit: limits.max_per_address,
            unlimited: limits.trusted_proxies.clone(),
        }
    }

    /// Counts one more, unless there are enough.
    pub fn seat(&self, address: IpAddr) -> Option<Seat> {
        let network = (!self.unlimited.trusts(address)).then(|| Network::of(Some(address)));
        if let Some(network) = network {
            let mut open = self.open();
            let count = open.entry(network).or_default();
            if *count >= self.limit {
                return None;
            }
            *count += 1;
        }
        Some(Seat {
            addresses: self.clone(),
            network,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Network, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut open = self.addresses.open();
        if let Some(count) = open.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn addresses(limit: u32, proxies: &str) -> Addresses {
        Addresses {
            open: Arc::default(),
            limit,
            unlimited: Proxies::parse(proxies).expect("networks"),
        }
    }

    #[test]
    fn each_address_has_its_seats_and_gives_them_back() {
        let addresses = addresses(2, "");
        let (ann, bob) = (address("192.0.2.1"), address("192.0.2.2"));
        let seats = (addresses.seat(ann), addresses.seat(ann));
        assert!(seats.0.is_some() && seats.1.is_some());
        assert!(addresses.seat(ann).is_none());
        assert!(addresses.seat(bob).is_some());
        drop(seats);
        assert!(addresses.open().is_empty(), "who has left is forgotten");
        assert!(addresses.seat(ann).is_some());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_ipv4_is_itself() {
        let addresses = addresses(1, "");
        let _seat = addresses
            .seat(address("2001:db8:1:2::1"))
            .expect("the first");
        assert!(addresses.seat(address("2001:db8:1:2:ffff::9")).is_none());
        assert!(addresses.seat(address("2001:db8:1:3::1")).is_some());
        let _mapped = addresses
            .seat(address("::ffff:192.0.2.1"))
            .expect("the first");
        assert!(addresses.seat(address("192.0.2.1")).is_none());
    }

    #[test]
    fn a_trusted_proxy_is_not_counted() {
        let addresses = addresses(1, "10.0.0.0/8");
        let proxy = || addresses.seat(address("::ffff:10.0.0.1"));
        let seats = (proxy(), proxy(), proxy());
        assert!(seats.0.is_some() && seats.1.is_some() && seats.2.is_some());
        assert!(addresses.open().is_empty());
        let _seat = addresses.seat(address("11.0.0.1")).expect("the first");
        assert!(addresses.seat(address("11.0.0.1")).is_none());
    }
}
