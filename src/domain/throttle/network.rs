//! Where a request comes from, as far as counting is concerned.

use std::net::IpAddr;

/// The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, because
/// that is what one subscriber is given and can choose addresses from at will (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    bytes: [u8; 8],
    len: u8,
}

impl Network {
    /// The network of an address. Requests whose address nobody knows count as one client.
    pub fn of(address: Option<IpAddr>) -> Self {
        let mut bytes = [0; 8];
        let len = match address.map(|address| address.to_canonical()) {
            None => 0,
            Some(IpAddr::V4(address)) => {
                bytes[..4].copy_from_slice(&address.octets());
                4
            }
            Some(IpAddr::V6(address)) => {
                bytes.copy_from_slice(&address.octets()[..8]);
                8
            }
        };
        Self { bytes, len }
    }

    /// Its bytes: as many as are told apart.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Network {
        Network::of(Some(text.parse().unwrap()))
    }

    #[test]
    fn a_subscriber_is_one_client() {
        assert_eq!(
            of("2001:db8:1:2::1"),
            of("2001:db8:1:2:ffff:ffff:ffff:ffff")
        );
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("0.0.0.0"), of("::"));
        assert_ne!(of("0.0.0.0"), Network::of(None));
    }
}
