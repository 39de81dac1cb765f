//! Whoever comes back with a cursor hears what they missed, once and in order, or is told to begin anew.

use std::time::Duration;

use super::{hear, parted, pay, text};
use crate::support::{TestApp, Wire};

#[tokio::test]
async fn what_was_missed_is_told_first_and_once() {
    let app = TestApp::with(|config| config.realtime.backlog = 16).await;
    let acme = app.company("Acme").await;
    for namespace in ["/ws", "/billing", "/"] {
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect(namespace, &acme.owner).await;
        pay(&app, &acme, 0..3).await;
        if namespace != "/billing" {
            wire.event(namespace, "connected").await;
        }
        let cursor = hear(&mut wire, namespace, 0..3).await;
        drop(wire);
        // More than fits into the socket's buffer.
        pay(&app, &acme, 3..80).await;
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect_after(namespace, &acme.owner, Some(&cursor))
            .await;
        pay(&app, &acme, 80..90).await;
        if namespace != "/billing" {
            let connected = wire.event(namespace, "connected").await;
            assert_eq!(text(&connected["cursor"]), cursor);
        }
        let cursor = hear(&mut wire, namespace, 3..90).await;
        let mut again = Wire::open(&acme.owner).await;
        again
            .connect_after(namespace, &acme.owner, Some(&cursor))
            .await;
        if namespace != "/billing" {
            again.event(namespace, "connected").await;
        }
        pay(&app, &acme, 90..91).await;
        hear(&mut again, namespace, 90..91).await;
        hear(&mut wire, namespace, 90..91).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_one_replica_leads_on_another() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    let cursor = text(&wire.event("/ws", "connected").await["cursor"]);
    pay(&app, &acme, 0..5).await;
    hear(&mut wire, "/ws", 0..5).await;
    let owner = replica.moved(&acme.owner);
    let mut wire = Wire::open(&owner).await;
    wire.connect_after("/ws", &owner, Some(&cursor)).await;
    wire.event("/ws", "connected").await;
    hear(&mut wire, "/ws", 0..5).await;
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn who_was_away_too_long_is_told_to_begin_anew() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    let cursor = text(&wire.event("/ws", "connected").await["cursor"]);
    pay(&app, &acme, 0..5).await;
    drop(wire);
    app.advance(Duration::from_hours(24 * 8));
    app.sweep().await;
    let owner = acme.owner.sign_in().await;
    let mut wire = Wire::open(&owner).await;
    wire.connect_after("/ws", &owner, Some(&cursor)).await;
    let why = parted(&mut wire, "/ws").await;
    assert_eq!(why["code"], "RESYNC");
    assert!(why["message"].is_string());
    app.finish().await;
}
