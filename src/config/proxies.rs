//! The proxies in front of the server: whose word is taken for where a request comes from.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::Problems;

/// Bits of an IPv6 address before the IPv4 address that it may hold (`::ffff:0:0/96`).
const MAPPED: u8 = 96;

/// Networks of proxies. The server believes what they say of a client's address, and nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads addresses and networks (`10.0.0.0/8`) separated by commas; else what is wrong with each
    /// that is none.
    pub fn parse(list: &str) -> Result<Self, Vec<String>> {
        let (mut networks, mut wrong) = (Vec::new(), Vec::new());
        for text in list.split(',').map(str::trim) {
            if text.is_empty() {
                continue;
            }
            match network(text) {
                None => wrong.push(format!(
                    "`{text}` is neither an address nor a network; write it like 10.0.0.5 or \
                     10.0.0.0/8"
                )),
                // Whoever trusts everybody lets clients choose the address they are counted by.
                Some(network) if network.prefix_len() == 0 => wrong.push(format!(
                    "`{text}` is everybody; name only the networks of your own proxies"
                )),
                Some(network) => networks.push(network),
            }
        }
        if wrong.is_empty() {
            Ok(Self(networks))
        } else {
            Err(wrong)
        }
    }

    /// The same for the setting.
    pub(super) fn resolve(list: Option<&str>, problems: &mut Problems) -> Self {
        Self::parse(list.unwrap_or_default()).unwrap_or_else(|wrong| {
            for advice in wrong {
                problems.add("TRUSTED_PROXIES", advice);
            }
            Self::default()
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the address of one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A network, or an address as a network of one; an IPv4 network in IPv6's clothes is undressed.
fn network(text: &str) -> Option<IpNet> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()?;
    let mapped = match network {
        IpNet::V6(network) if network.prefix_len() >= MAPPED => network
            .addr()
            .to_ipv4_mapped()
            .and_then(|address| Ipv4Net::new(address, network.prefix_len() - MAPPED).ok()),
        IpNet::V6(_) | IpNet::V4(_) => None,
    };
    Some(mapped.map_or(network, IpNet::V4).trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: &str, address: &str) -> bool {
        Proxies::parse(list)
            .expect("a list")
            .trusts(address.parse().expect("an address"))
    }

    #[test]
    fn addresses_and_networks_are_trusted_as_they_are_written() {
        let list = " 10.1.2.3/8, 192.0.2.7 ,2001:db8::/32,,";
        for inside in [
            "10.255.0.1",
            "::ffff:10.0.0.1",
            "192.0.2.7",
            "2001:db8:ffff::1",
        ] {
            assert!(trusts(list, inside), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::a00:1"] {
            assert!(!trusts(list, outside), "{outside}");
        }
    }

    #[test]
    fn ipv4_in_ipv6_is_ipv4() {
        assert!(trusts("::ffff:10.0.0.0/104", "10.9.9.9"));
        assert!(!trusts("::ffff:10.0.0.0/104", "11.0.0.1"));
        assert!(trusts("::ffff:192.0.2.1", "192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_or_everybody_is_refused_by_name() {
        assert_eq!(Proxies::parse(""), Ok(Proxies::default()));
        let list = "10.0.0.0/33, nginx, 192.0.2.1, 0.0.0.0/0, ::/0, 10.0.0.1:80, *";
        let wrong = Proxies::parse(list).unwrap_err();
        let named: Vec<_> = wrong.iter().filter_map(|it| it.split('`').nth(1)).collect();
        let expected = [
            "10.0.0.0/33",
            "nginx",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.1:80",
            "*",
        ];
        assert_eq!(named, expected);
    }
}
