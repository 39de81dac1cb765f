//! Where a request comes from: its peer, or, where that is a trusted proxy, whoever the proxies say it
//! came to them from.
//!
//! Each proxy adds on the right whom it got the request from. So the list is read from the right, as
//! long as who wrote the next entry is trusted: the first address that is no proxy's is the client's,
//! and what stands left of it was written by the client and is never looked at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header::FORWARDED};

use crate::config::Proxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More proxies than these are not in front of anybody.
const MAX_HOPS: usize = 32;

/// The client's address.
pub fn address(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if !proxies.trusts(peer) {
        return peer;
    }
    let forwarded = follow(proxies, peer, headers, &FORWARDED, node_of_element);
    let listed = follow(proxies, peer, headers, &X_FORWARDED_FOR, node);
    match (forwarded, listed) {
        // A proxy writes one of them and may let through what the client wrote into the other. Which
        // one, nobody knows here, so where they differ neither is believed.
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// Whether a request says that it came through a proxy.
pub fn names_proxies(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// Follows the entries of a header from the right to the first that is no trusted proxy's, or to the
/// last before one that says no address; nothing where there is no such header.
///
/// An entry is what stands between two commas, in quotes or not: then nothing that a client has written
/// can swallow what a proxy has written after it.
fn follow(
    proxies: &Proxies,
    peer: IpAddr,
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Option<IpAddr> {
    let lines = headers.get_all(name).iter().rev();
    let mut entries = lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map(|entry| {
            std::str::from_utf8(entry)
                .ok()
                .and_then(|text| read(trim(text)))
        })
        .take(MAX_HOPS)
        .peekable();
    entries.peek()?;
    let mut last = peer;
    for entry in entries {
        let Some(address) = entry else { break };
        last = address;
        if !proxies.trusts(address) {
            break;
        }
    }
    Some(last)
}

/// An address as proxies write it, perhaps with a port: of IPv6 then in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| bracketed().map(|address: Ipv6Addr| address.into()));
    Some(address?.to_canonical())
}

/// Whom an element of `Forwarded` is for (RFC 7239 section 4). One pair that cannot be read spoils the
/// element, and so does a hidden or unknown node.
fn node_of_element(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';').map(trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = unquoted(value)?;
        if name.eq_ignore_ascii_case("for") && found.replace(node(value)?).is_some() {
            return None;
        }
    }
    found
}

/// A value without its quotes, if it has any; nothing where quotes or escapes are left inside.
fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.contains(['"', '\\'])).then_some(inner)
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests;
