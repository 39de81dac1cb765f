//! Nobody can do harm by how much, how often or how little they say.

use std::time::Duration;

use erpmax::config::Scale;
use serde_json::json;
use tokio::time::timeout;

use super::{hear, parted, pay};
use crate::support::{Packet, TestApp, Wire};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_flood_of_events_ends_the_one_who_sends_it() {
    let app = TestApp::with(|config| config.realtime.events_per_second = 2).await;
    let acme = app.company("Acme").await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/ws", &acme.owner).await;
    other.event("/ws", "connected").await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws/billing", &acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    wire.event("/ws", "connected").await;
    wire.say_all(&vec!["42/ws,[\"dance\"]".to_owned(); 500])
        .await;
    let why = parted(&mut wire, "/ws").await;
    assert_eq!(why["code"], "RATE_LIMITED");
    // What is heard elsewhere on the connection is heard on.
    pay(&app, &acme, 0..1).await;
    hear(&mut wire, "/ws/billing", 0..1).await;
    assert!(other.until("/ws", "payment:received").await.is_object());
    // What still comes goes to nobody.
    wire.emit("/ws", json!(["dance"])).await;
    wire.closed().await;
    other.emit("/ws", json!(["ping"])).await;
    assert_eq!(
        other.packet("/ws").await,
        Packet::Event("pong".to_owned(), None)
    );
    app.finish().await;
}

#[tokio::test]
async fn who_leaves_and_comes_back_has_said_what_was_said() {
    let app = TestApp::with(|config| config.realtime.events_per_second = 1).await;
    let acme = app.company("Acme").await;
    let mut wire = Wire::open(&acme.owner).await;
    let mut rounds = 0;
    // Two at once; a test that takes as long as it takes to fill again needs more rounds.
    let why = loop {
        wire.connect("/ws", &acme.owner).await;
        wire.event("/ws", "connected").await;
        wire.say_all(&vec!["42/ws,[\"ping\"]".to_owned(); 2]).await;
        rounds += 1;
        let mut pongs = 0;
        let stopped = loop {
            match wire.packet("/ws").await {
                Packet::Event(name, _) if name == "pong" => pongs += 1,
                Packet::Event(name, why) if name == "error" => break why,
                other => panic!("{other:?}"),
            }
            if pongs == 2 {
                break None;
            }
        };
        if let Some(why) = stopped {
            break why;
        }
        assert!(rounds < 50, "nobody counts");
        wire.say("41/ws,").await;
    };
    assert_eq!(why["code"], "RATE_LIMITED");
    assert_eq!(wire.packet("/ws").await, Packet::Disconnect);
    app.finish().await;
}

#[tokio::test]
async fn a_packet_that_is_too_large_ends_the_connection() {
    let app = TestApp::with(|config| config.realtime.max_payload = 10_000).await;
    let acme = app.company("Acme").await;
    let mut wire = Wire::open(&acme.owner).await;
    assert_eq!(wire.handshake["maxPayload"], 10_000);
    wire.connect("/ws", &acme.owner).await;
    wire.event("/ws", "connected").await;
    wire.emit("/ws", json!(["ping", "x".repeat(9_000)])).await;
    assert_eq!(
        wire.packet("/ws").await,
        Packet::Event("pong".to_owned(), None)
    );
    wire.emit("/ws", json!(["ping", "x".repeat(10_000)])).await;
    wire.closed().await;
    app.finish().await;
}

#[tokio::test]
async fn nonsense_ends_only_the_connection_it_came_by() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for nonsense in [
        "42/ws,",
        "42/ws,{}",
        "42/ws,[]",
        "42/ws,[7]",
        "4",
        "49",
        "9",
        "",
        "42/ws,[\"a\"",
        "451-[\"a\"]",
    ] {
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect("/ws", &acme.owner).await;
        wire.event("/ws", "connected").await;
        wire.say(nonsense).await;
        wire.say("42/ws,[\"ping\"]").await;
        // It is ignored, or it ends the connection.
        if let Some(said) = wire.read().await {
            assert_eq!(said, "42/ws,[\"pong\"]", "{nonsense}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn who_never_connects_to_a_namespace_is_hung_up_on() {
    let app = TestApp::with(|config| {
        config.realtime.connect_timeout = Duration::from_millis(200);
    })
    .await;
    let visitor = app.visitor();
    let mut silent = Wire::open(&visitor).await;
    let mut refused = Wire::open(&visitor).await;
    refused.ask("/ws", Some(json!({ "token": "x" }))).await;
    silent.closed().await;
    refused.closed().await;
    app.finish().await;
}

#[tokio::test]
async fn a_person_has_only_so_many_connections() {
    let app = TestApp::with(|config| config.realtime.connections_per_user = 3).await;
    let acme = app.company("Acme").await;
    let other = app.company("Other").await;
    let mut wire = Wire::open(&acme.owner).await;
    for namespace in ["/notifications", "/billing", "/provisioning"] {
        wire.connect(namespace, &acme.owner).await;
    }
    let auth = json!({ "token": acme.owner.access });
    let answer = wire.ask("/ws", Some(auth.clone())).await;
    let Packet::Refused(message) = answer else {
        panic!("{answer:?}")
    };
    let why = "You have as many live connections as you may (3). Close one.";
    assert_eq!(message, why);
    Wire::open(&other.owner)
        .await
        .connect("/ws", &other.owner)
        .await;
    // Who leaves makes room.
    wire.say("41/billing,").await;
    let let_in = async |wire: &mut Wire| {
        let asks = async { while wire.ask("/ws", Some(auth.clone())).await != Packet::Connect {} };
        timeout(PATIENCE, asks).await.expect("there is room again");
    };
    let_in(&mut wire).await;
    drop(wire);
    let_in(&mut Wire::open(&acme.owner).await).await;
    app.finish().await;
}

#[tokio::test]
async fn tokens_are_tried_no_more_often_than_by_requests() {
    let app = TestApp::with(|config| {
        config.limits.scale = Scale::ONE;
        config.limits.client_requests_per_minute = 30;
    })
    .await;
    let acme = app.company("Acme").await;
    let token = json!({ "token": "x" });
    let mut tried = 0;
    'trying: loop {
        let mut wire = Wire::open(&acme.owner).await;
        for _ in 0..8 {
            match wire.ask("/ws", Some(token.clone())).await {
                Packet::Refused(why) if why == "Invalid token" => tried += 1,
                Packet::Refused(why) if why.starts_with("Too many requests.") => break 'trying,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((15..30).contains(&tried), "{tried}");
    let reply = acme.owner.get("/auth/me").await;
    assert_eq!(reply.failure().code, "RATE_LIMITED");
    app.finish().await;
}

#[tokio::test]
async fn a_socket_counts_as_a_connection_of_its_address() {
    let app = TestApp::with(|config| config.connections.max_per_address = 4).await;
    let acme = app.company("Acme").await;
    // The company's own connection is one.
    let mut wires = Vec::new();
    while let Some(wire) = Wire::try_open_at(&acme.owner, "/socket.io/").await {
        wires.push(wire);
        assert!(wires.len() <= 4);
    }
    assert!(wires.len() >= 3, "{}", wires.len());
    wires.clear();
    let again = async {
        while Wire::try_open_at(&acme.owner, "/socket.io/")
            .await
            .is_none()
        {}
    };
    timeout(PATIENCE, again).await.expect("there is room again");
    app.finish().await;
}

#[tokio::test]
async fn what_means_nothing_is_counted_by_where_it_was_said() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (namespace, event) in [
        ("/ws", "dance"),
        ("/ws", "status:update"),
        ("/", "dance"),
        ("/ws/billing", "notification_read"),
    ] {
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect(namespace, &acme.owner).await;
        wire.emit(namespace, json!([event, { "notification_id": 7 }]))
            .await;
        wire.emit(namespace, json!(["ping"])).await;
        loop {
            match wire.packet(namespace).await {
                Packet::Event(name, None) if name == "pong" => break,
                Packet::Event(name, Some(_)) if name == "connected" => {}
                other => panic!("{other:?}"),
            }
        }
    }
    let text = app.app.metrics.encode().unwrap();
    let counts = text.lines().filter_map(|line| {
        let line = line.strip_prefix("erpmax_realtime_unknown_events_total")?;
        Some(line.to_owned())
    });
    let mut counts: Vec<_> = counts.collect();
    counts.sort_unstable();
    assert_eq!(
        counts,
        ["{namespace=\"billing\"} 1", "{namespace=\"main\"} 3"]
    );
    assert!(!text.contains("dance"), "a client's word is a label");
    app.finish().await;
}
