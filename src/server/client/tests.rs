//! Whom the server believes, over what all kinds of proxies and liars write.

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

const PROXIES: &str = "10.0.0.0/8, 2001:db8:1::/48";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
        headers.append(*name, value);
    }
    headers
}

/// Who is taken for the client when a trusted peer sends these lines.
fn told(lines: &[(&'static str, &str)]) -> String {
    let proxies = Proxies::parse(PROXIES).expect("networks");
    address(&proxies, ip("10.0.0.1"), &headers(lines)).to_string()
}

fn listed(value: &str) -> String {
    told(&[("x-forwarded-for", value)])
}

fn forwarded(value: &str) -> String {
    told(&[("forwarded", value)])
}

#[test]
fn a_stranger_is_believed_nothing() {
    let proxies = Proxies::parse(PROXIES).expect("networks");
    let lies = headers(&[
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
    ]);
    for (peer, taken) in [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:2::1", "2001:db8:2::1"),
    ] {
        assert_eq!(address(&proxies, ip(peer), &lies), ip(taken));
        assert_eq!(address(&Proxies::default(), ip(peer), &lies), ip(taken));
    }
    // A trusted one is, in any clothes; without a word from it, the request is its own.
    assert_eq!(
        address(&proxies, ip("::ffff:10.9.9.9"), &lies),
        ip("192.0.2.1")
    );
    assert_eq!(told(&[]), "10.0.0.1");
}

#[test]
fn the_first_from_the_right_that_is_no_proxy_is_the_client() {
    for (value, client) in [
        ("192.0.2.1", "192.0.2.1"),
        ("198.51.100.7, 192.0.2.1", "192.0.2.1"),
        ("198.51.100.7,192.0.2.1 , 10.0.0.3,\t10.0.0.2", "192.0.2.1"),
        ("nonsense, 192.0.2.1", "192.0.2.1"),
        ("\", 192.0.2.1", "192.0.2.1"),
        // A client within the proxies' networks.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        // As proxies write them.
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:2::1", "2001:db8:2::1"),
        ("[2001:db8:2::1]", "2001:db8:2::1"),
        ("[2001:db8:2::1]:4711", "2001:db8:2::1"),
        ("192.0.2.1, 2001:db8:1::5", "192.0.2.1"),
    ] {
        assert_eq!(listed(value), client, "{value}");
    }
    let lines = [
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "10.0.0.3, 10.0.0.2"),
    ];
    assert_eq!(told(&lines), "192.0.2.1");
}

#[test]
fn what_is_no_address_ends_at_the_last_proxy() {
    for (value, client) in [
        ("", "10.0.0.1"),
        ("unknown", "10.0.0.1"),
        ("192.0.2.1,", "10.0.0.1"),
        ("192.0.2.1, 192.0.2.256, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.1, localhost", "10.0.0.1"),
        ("192.0.2.1, 10.0.0.2:port", "10.0.0.1"),
        ("192.0.2.1 10.0.0.2", "10.0.0.1"),
        ("fe80::1%eth0", "10.0.0.1"),
        ("ünknown", "10.0.0.1"),
    ] {
        assert_eq!(listed(value), client, "{value}");
    }
}

#[test]
fn the_standard_header_is_read_as_well() {
    for (value, client) in [
        ("for=192.0.2.1", "192.0.2.1"),
        ("For=192.0.2.1;proto=https;by=10.0.0.1;", "192.0.2.1"),
        (
            "proto=http; host=\"a.example:80\" ; for=\"192.0.2.1:80\"",
            "192.0.2.1",
        ),
        (
            "for=198.51.100.7, for=\"[2001:db8:2::1]:80\", for=10.0.0.2",
            "2001:db8:2::1",
        ),
        ("for=\"[2001:db8:2::1]\"", "2001:db8:2::1"),
        // Hidden, unknown, nobody, two at once, broken.
        ("for=_secret", "10.0.0.1"),
        ("for=192.0.2.1, for=unknown, for=10.0.0.2", "10.0.0.2"),
        ("proto=https", "10.0.0.1"),
        ("for=192.0.2.1;for=192.0.2.1", "10.0.0.1"),
        ("for=192.0.2.1;proto", "10.0.0.1"),
        ("for=\"192.0.2.1", "10.0.0.1"),
        ("for=192.0.2.1\"", "10.0.0.1"),
        ("for=\"", "10.0.0.1"),
    ] {
        assert_eq!(forwarded(value), client, "{value}");
    }
}

#[test]
fn quotes_of_a_client_swallow_nothing_that_a_proxy_wrote() {
    for before in [
        "for=1.2.3.4;x=\"",
        "for=\"1.2.3.4",
        "\\\"",
        "for=1.2.3.4;x=\"\\",
    ] {
        let value = format!("{before}, for=192.0.2.1;host=\"a.example\"");
        assert_eq!(forwarded(&value), "192.0.2.1", "{value}");
    }
    // What a proxy quotes, a host that the client chose, cannot pass for an element of its own.
    for host in [
        "a, for=1.2.3.4",
        "a, for=1.2.3.4;x=\\\"",
        "a, for=1.2.3.4;x=\\\"y",
        "a, ",
    ] {
        let value = format!("for=192.0.2.1;host=\"{host}\"");
        assert_eq!(forwarded(&value), "10.0.0.1", "{value}");
    }
}

#[test]
fn two_headers_that_differ_are_both_doubted() {
    let both = |one, other| told(&[("x-forwarded-for", one), ("forwarded", other)]);
    assert_eq!(both("192.0.2.1", "for=192.0.2.1"), "192.0.2.1");
    assert_eq!(both("192.0.2.1", "for=192.0.2.2"), "10.0.0.1");
    assert_eq!(both("192.0.2.1", "for=_hidden"), "10.0.0.1");
    assert_eq!(both("nonsense", "for=192.0.2.2"), "10.0.0.1");
}

#[test]
fn a_chain_without_end_is_not_followed_to_its_end() {
    let chain = format!("192.0.2.1{}", ", 10.0.0.2".repeat(MAX_HOPS));
    assert_eq!(listed(&chain), "10.0.0.2");
}

/// An entry as a proxy writes it.
fn written() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
        any::<[u8; 16]>().prop_map(IpAddr::from),
    ]
}

proptest! {
    #[test]
    fn no_header_does_harm(lines in prop::collection::vec(
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..4)
    ) {
        let mut headers = HeaderMap::new();
        for (standard, bytes) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let name = if standard { FORWARDED } else { X_FORWARDED_FOR };
                headers.append(name, value);
            }
        }
        let proxies = Proxies::parse(PROXIES).expect("networks");
        address(&proxies, ip("10.0.0.1"), &headers);
        let stranger = ip("203.0.113.9");
        prop_assert_eq!(address(&proxies, stranger, &headers), stranger);
    }

    #[test]
    fn nothing_left_of_the_first_stranger_matters(
        junk in "[ -~]{0,60}",
        chain in prop::collection::vec(written(), 0..6),
        standard in any::<bool>(),
    ) {
        let proxies = Proxies::parse(PROXIES).expect("networks");
        let chain = [vec![ip("203.0.113.9")], chain].concat();
        let stranger = chain.iter().rev().find(|address| !proxies.trusts(**address));
        let texts: Vec<_> = chain.iter().map(|address| match (standard, address) {
            (true, IpAddr::V6(_)) => format!("for=\"[{address}]\""),
            (true, IpAddr::V4(_)) => format!("for={address}"),
            (false, _) => address.to_string(),
        }).collect();
        let value = format!("{junk}, {}", texts.join(", "));
        let name = if standard { "forwarded" } else { "x-forwarded-for" };
        let found = address(&proxies, ip("10.0.0.1"), &headers(&[(name, &value)]));
        prop_assert_eq!(Some(found), stranger.map(IpAddr::to_canonical));
    }
}
