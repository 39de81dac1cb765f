//! How many connections each address has open, so that one cannot take them all. The list is no longer
//! than there are connections.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts connections by address. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Addresses {
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
    limit: u32,
}

/// One connection of an address, until this is dropped.
pub struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// At most so many for each.
    pub fn new(limit: u32) -> Self {
        Self {
            open: Arc::default(),
            limit,
        }
    }

    /// Counts one more, unless there are enough.
    pub fn seat(&self, address: IpAddr) -> Option<Seat> {
        let address = network(address);
        let mut open = self.open();
        let count = open.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Seat {
            addresses: self.clone(),
            address,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.addresses.open();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Whoever has one IPv6 address has the 2⁶⁴ around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn each_address_has_its_seats_and_gives_them_back() {
        let addresses = Addresses::new(2);
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
        let addresses = Addresses::new(1);
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
}
