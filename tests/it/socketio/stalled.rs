//! Clients that stop reading: they cost a bounded buffer, and are closed or told to begin anew.

use std::time::Duration;

use serde_json::Value;

use super::{emit, hear, pay, payment, poll::Poll};
use crate::support::{TestApp, Wire};

/// The events and errors in packets of `/ws`.
fn events(packets: &[String]) -> Vec<(String, Value)> {
    let events = packets.iter().filter_map(|it| it.strip_prefix("42/ws,"));
    events
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

/// Reads what was kept for a client that polls: payments in order from the first on, then that the rest is
/// gone, then the end. How many payments those were.
async fn read_until_resync(poll: &Poll) -> usize {
    let (mut said, mut ended) = (Vec::new(), false);
    while !ended {
        let packets = poll.read().await;
        said.extend(events(&packets));
        ended = packets.iter().any(|packet| packet == "41/ws,");
    }
    let (name, error) = said.pop().unwrap();
    assert_eq!((&*name, &error["code"]), ("error", &"RESYNC".into()));
    for (n, (name, event)) in said.iter().enumerate() {
        assert_eq!(name, "payment:received");
        assert_eq!(event["payment_id"], n.to_string());
    }
    said.len()
}

#[tokio::test]
async fn a_client_that_fetches_nothing_is_closed_and_can_go_on_from_its_cursor() {
    let app = TestApp::with(|config| {
        config.realtime.backlog = 8;
        config.connections.write_timeout = Duration::from_millis(200);
    })
    .await;
    let acme = app.company("Acme").await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/billing", &acme.owner).await;
    let (poll, cursor) = Poll::connected(&acme.owner).await;
    pay(&app, &acme, 0..60).await;
    hear(&mut other, "/billing", 0..60).await;
    poll.forgotten().await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect_after("/ws", &acme.owner, Some(&cursor)).await;
    wire.event("/ws", "connected").await;
    hear(&mut wire, "/ws", 0..60).await;
    app.finish().await;
}

#[tokio::test]
async fn a_websocket_that_is_not_read_is_closed_and_nobody_else_notices() {
    let app = TestApp::with(|config| {
        config.realtime.backlog = 8;
        config.connections.write_timeout = Duration::from_millis(500);
    })
    .await;
    let acme = app.company("Acme").await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/billing", &acme.owner).await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    wire.event("/ws", "connected").await;
    // More than all buffers on the way hold, until its connection is not counted any more.
    let connections = || {
        let text = app.app.metrics.encode().unwrap();
        let mut lines = text.lines();
        let count = lines.find_map(|line| line.strip_prefix("erpmax_realtime_connections "));
        count.unwrap().to_owned()
    };
    assert_eq!(connections(), "2");
    let large = "x".repeat(200_000);
    let mut sent = 0;
    while connections() != "1" {
        assert!(sent < 500, "it is never closed");
        emit(&app, payment(&acme, format!("{sent} {large}"))).await;
        let heard = other.event("/billing", "payment:received").await;
        assert!(heard["payment_id"].as_str().unwrap().ends_with(&large));
        sent += 1;
    }
    // What comes through is whole and in order, then there is nothing more.
    let mut heard = 0;
    while let Some(said) = wire.read().await {
        assert!(said.starts_with(&format!(
            "42/ws,[\"payment:received\",{{\"tenant_id\":\"{}\",\"payment_id\":\"{heard} ",
            acme.id
        )));
        heard += 1;
    }
    assert!(heard < sent, "{heard} of {sent}");
    app.finish().await;
}

#[tokio::test]
async fn who_lags_behind_what_is_told_at_once_begins_anew() {
    let app = TestApp::with(|config| {
        config.realtime.backlog = 8;
        config.realtime.replay_max = 20;
    })
    .await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    pay(&app, &acme, 0..60).await;
    assert!(read_until_resync(&poll).await < 40);
    app.finish().await;
}

#[tokio::test]
async fn who_lags_behind_what_is_kept_begins_anew() {
    let app = TestApp::with(|config| {
        config.realtime.backlog = 8;
        config.realtime.retention = Duration::from_hours(1);
    })
    .await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/billing", &acme.owner).await;
    pay(&app, &acme, 0..60).await;
    hear(&mut other, "/billing", 0..60).await;
    app.advance(Duration::from_hours(2));
    app.sweep().await;
    assert!(read_until_resync(&poll).await < 60);
    // Whoever keeps up does not notice.
    pay(&app, &acme, 60..61).await;
    hear(&mut other, "/billing", 60..61).await;
    app.finish().await;
}
