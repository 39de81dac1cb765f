//! The Socket.IO door: what clients of the specification say and hear, packet by packet.

mod events;
mod exchange;
mod limits;
mod notifications;
mod polling;
mod refusals;
mod replay;
mod revocation;

use serde_json::Value;

use crate::support::{Packet, Wire};

/// All names of namespaces.
const NAMESPACES: [&str; 8] = [
    "/",
    "/notifications",
    "/provisioning",
    "/billing",
    "/ws",
    "/ws/notifications",
    "/ws/provisioning",
    "/ws/billing",
];

/// An event that tells why the socket may not stay, and that it is disconnected.
async fn parted(wire: &mut Wire, namespace: &str) -> Value {
    let why = wire.until(namespace, "error").await;
    assert_eq!(wire.packet(namespace).await, Packet::Disconnect);
    why
}
