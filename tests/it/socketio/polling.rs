//! The same without a websocket: long polling, and the upgrade from it.

use serde_json::json;

use super::{hear, pay, poll::Poll};
use crate::support::{Packet, TestApp, Wire};

#[tokio::test]
async fn polling_says_the_same() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    assert_eq!(poll.handshake["upgrades"], json!(["websocket"]));
    assert_eq!(poll.handshake["maxPayload"], 1_000_000);
    let answer = poll.say("42/ws,[\"ping\"]").await;
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap()),
        (200, "ok".to_owned())
    );
    assert_eq!(poll.read().await, ["42/ws,[\"pong\"]"]);
    app.finish().await;
}

#[tokio::test]
async fn an_upgrade_keeps_the_session_and_loses_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    pay(&app, &acme, 0..1).await;
    assert!(poll.read().await[0].contains("payment:received"));
    // A request that waits is answered, so that it does not take what is for the websocket.
    let (mut wire, waiting) = tokio::join!(poll.upgrade(), poll.read());
    assert_eq!(waiting, ["6"]);
    wire.say("2probe").await;
    assert_eq!(wire.read().await.unwrap(), "3probe");
    pay(&app, &acme, 1..20).await;
    assert_eq!(poll.read().await, ["6"], "nothing goes by the old way");
    wire.say("5").await;
    pay(&app, &acme, 20..40).await;
    hear(&mut wire, "/ws", 1..40).await;
    wire.emit("/ws", json!(["ping"])).await;
    let pong = Packet::Event("pong".to_owned(), None);
    assert_eq!(wire.packet("/ws").await, pong, "the same socket");
    assert_eq!(poll.say("42/ws,[\"ping\"]").await.status(), 400);
    // It goes as any other, though it came by polling.
    acme.owner.post("/auth/logout", json!({})).await.expect(200);
    assert_eq!(
        super::parted(&mut wire, "/ws").await["code"],
        "UNAUTHENTICATED"
    );
    app.finish().await;
}

#[tokio::test]
async fn an_upgrade_that_is_not_finished_ends_the_session() {
    let app = TestApp::with(|config| {
        config.realtime.connect_timeout = std::time::Duration::from_millis(200);
    })
    .await;
    let acme = app.company("Acme").await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    let mut wire = poll.upgrade().await;
    wire.closed().await;
    poll.forgotten().await;
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_ends_only_its_session() {
    let app = TestApp::with(|config| config.realtime.max_payload = 10_000).await;
    let acme = app.company("Acme").await;
    let mut other = Wire::open(&acme.owner).await;
    other.connect("/ws", &acme.owner).await;
    other.event("/ws", "connected").await;
    let (fellow, _) = Poll::connected(&acme.owner).await;
    let (poll, _) = Poll::connected(&acme.owner).await;
    let large = format!("42/ws,[\"ping\",\"{}\"]", "x".repeat(10_000));
    let answer = poll.say(&large).await;
    assert_eq!(answer.status(), 413);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "PAYLOAD_TOO_LARGE");
    assert!(
        body["detail"].is_string() && body["message"].is_string(),
        "{body}"
    );
    poll.forgotten().await;
    fellow.say("42/ws,[\"ping\"]").await;
    assert_eq!(fellow.read().await, ["42/ws,[\"pong\"]"]);
    other.emit("/ws", json!(["ping"])).await;
    let pong = Packet::Event("pong".to_owned(), None);
    assert_eq!(other.packet("/ws").await, pong);
    app.finish().await;
}
