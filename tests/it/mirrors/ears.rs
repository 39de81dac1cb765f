//! Somebody who listens at every door at once, and keeps what they hear.

use serde_json::{Value, json};

use super::mapping;
use crate::support::{Actor, Packet, Wire, client::text, live::Socket};

/// The feeds there are.
pub const FEEDS: [&str; 3] = ["notifications", "provisioning", "billing"];

/// The names of namespaces.
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

/// Something that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct One {
    /// The feed that tells it.
    pub feed: &'static str,
    /// What it is called over Socket.IO.
    pub event: &'static str,
    /// Its number.
    pub seq: i64,
    /// As it came.
    pub said: Value,
}

/// A way to listen.
enum Way {
    Namespace(&'static str, Wire),
    Graphql(Socket),
}

/// A listener at one door.
pub struct Ear {
    way: Way,
    /// What was heard, in order.
    pub heard: Vec<One>,
}

/// Listens at every door: first GraphQL, then each namespace.
pub async fn listen(who: &Actor, after: Option<&str>) -> Vec<Ear> {
    let mut ways = vec![Way::Graphql(subscribed(who, after).await)];
    for namespace in NAMESPACES {
        ways.push(Way::Namespace(
            namespace,
            seated(who, namespace, after).await,
        ));
    }
    let ears = ways.into_iter().map(|way| Ear {
        way,
        heard: Vec::new(),
    });
    ears.collect()
}

async fn subscribed(who: &Actor, after: Option<&str>) -> Socket {
    let mut socket = who.online().await;
    for feed in FEEDS {
        let document = mapping::operation(feed);
        match after {
            Some(after) => {
                let variables = json!({ "after": after });
                socket.start(feed, &document, variables).await;
            }
            None => socket.subscribe(feed, &document, json!({})).await,
        }
    }
    socket
}

async fn seated(who: &Actor, namespace: &str, after: Option<&str>) -> Wire {
    let mut wire = Wire::open(who).await;
    wire.connect_after(namespace, who, after).await;
    if is_main(namespace) {
        wire.event(namespace, "connected").await;
    }
    if after.is_none() {
        // Whoever is answered here has been seated.
        wire.emit(namespace, json!(["ping"])).await;
        let pong = Packet::Event("pong".to_owned(), None);
        assert_eq!(wire.packet(namespace).await, pong);
    }
    wire
}

/// Where somebody is in the streams that they hear, before anything happens.
pub async fn place(who: &Actor) -> String {
    let mut wire = Wire::open(who).await;
    wire.connect("/ws", who).await;
    text(&wire.event("/ws", "connected").await, "/cursor")
}

/// Whether everything is told there.
pub fn is_main(namespace: &str) -> bool {
    ["/", "/ws"].contains(&namespace)
}

impl Ear {
    /// The namespace; nothing over GraphQL.
    pub fn namespace(&self) -> Option<&'static str> {
        match &self.way {
            Way::Namespace(name, _) => Some(name),
            Way::Graphql(_) => None,
        }
    }

    /// Whether this feed is heard here.
    pub fn hears(&self, feed: &str) -> bool {
        self.namespace()
            .is_none_or(|name| is_main(name) || name.ends_with(feed))
    }

    /// Hears until something is so.
    pub async fn until(&mut self, mut enough: impl FnMut(&One) -> bool) {
        loop {
            let one = self.next().await;
            let over = enough(&one);
            self.heard.push(one);
            if over {
                return;
            }
        }
    }

    async fn next(&mut self) -> One {
        match &mut self.way {
            Way::Graphql(socket) => {
                let message = socket.json().await;
                let feed = text(&message, "/id");
                let feed = FEEDS.into_iter().find(|of| *of == feed).expect("a feed");
                assert!(message["payload"]["errors"].is_null(), "{message}");
                let said = message["payload"]["data"][feed].clone();
                One {
                    feed,
                    event: mapping::member(&text(&said, "/__typename")).event,
                    seq: mapping::seq(&text(&said, "/cursor")),
                    said,
                }
            }
            Way::Namespace(namespace, wire) => {
                let one = event(wire, namespace).await;
                // The specification's example listens to another name there, which says the same.
                if one.event == "notification:new" && is_main(namespace) {
                    assert_eq!(wire.event(namespace, "notification").await, one.said);
                }
                one
            }
        }
    }
}

async fn event(wire: &mut Wire, namespace: &str) -> One {
    let packet = wire.packet(namespace).await;
    let Packet::Event(name, Some(said)) = packet else {
        panic!("{namespace}: {packet:?}")
    };
    let mirror = mapping::named(&name);
    One {
        feed: mirror.feed,
        event: mirror.event,
        seq: said["seq"].as_i64().expect("a number"),
        said,
    }
}
