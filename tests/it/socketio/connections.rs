//! A connection of the engine lasts only as long as it is of use to somebody.

use std::time::Duration;

use erpmax::config::Scale;
use serde_json::json;

use super::{parted, poll::Poll};
use crate::support::{Actor, Packet, TestApp, Wire};

/// With little patience for connections that carry nothing.
async fn impatient() -> TestApp {
    TestApp::with(|config| config.realtime.connect_timeout = Duration::from_millis(300)).await
}

async fn connected(who: &Actor) -> Wire {
    let mut wire = Wire::open(who).await;
    wire.connect("/ws", who).await;
    wire.event("/ws", "connected").await;
    wire
}

#[tokio::test]
async fn who_was_disconnected_from_all_namespaces_is_hung_up_on() {
    let app = impatient().await;
    let acme = app.company("Acme").await;
    let mut stays = connected(&acme.owner).await;
    let who = acme.owner.sign_in().await;
    let mut wire = connected(&who).await;
    wire.connect("/billing", &who).await;
    let (poll, _) = Poll::connected(&who).await;
    let (upgraded, _) = Poll::connected(&who).await;
    let mut upgraded = upgraded.moved().await;
    who.post("/auth/logout", json!({})).await.expect(200);
    // Each namespace is told, in whichever order; then the connection ends, though the client stays.
    let mut told = Vec::new();
    while let Some(said) = wire.read().await {
        told.push(said);
    }
    for bye in ["41/ws,", "41/billing,"] {
        let told = told.iter().filter(|said| *said == bye).count();
        assert_eq!(told, 1, "{bye}");
    }
    parted(&mut upgraded, "/ws").await;
    upgraded.closed().await;
    poll.forgotten().await;
    stays.emit("/ws", json!(["ping"])).await;
    assert_eq!(
        stays.packet("/ws").await,
        Packet::Event("pong".to_owned(), None)
    );
    app.finish().await;
}

#[tokio::test]
async fn who_leaves_all_namespaces_may_come_back_soon() {
    let app = impatient().await;
    let acme = app.company("Acme").await;
    let mut wire = connected(&acme.owner).await;
    // Each time within what the last leaving allows, all together longer than that.
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        wire.say("41/ws,").await;
        wire.connect("/ws", &acme.owner).await;
        wire.event("/ws", "connected").await;
    }
    wire.say("41/ws,").await;
    wire.closed().await;
    app.finish().await;
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_who_left_all_namespaces() {
    let patient = Duration::from_mins(1);
    let app = TestApp::with(|config| config.realtime.connect_timeout = patient).await;
    let acme = app.company("Acme").await;
    let mut wire = connected(&acme.owner).await;
    wire.say("41/ws,").await;
    let who = acme.owner.sign_in().await;
    let (poll, _) = Poll::connected(&who).await;
    let mut upgraded = poll.moved().await;
    upgraded.say("41/ws,").await;
    // Which fails when a task is left.
    app.finish().await;
    wire.closed().await;
    upgraded.closed().await;
}

#[tokio::test]
async fn who_goes_on_asking_after_being_refused_is_hung_up_on() {
    let app = TestApp::with(|config| config.limits.scale = Scale::ONE).await;
    let acme = app.company("Acme").await;
    let mut other = connected(&acme.owner).await;
    let mut wire = connected(&acme.owner).await;
    let bad = json!({ "token": "rubbish" });
    let invalid = Packet::Refused("Invalid token".to_owned());
    let mut refused = 0;
    let last = loop {
        match wire.ask("/billing", Some(bad.clone())).await {
            packet if packet == invalid => refused += 1,
            last => break last,
        }
    };
    assert_eq!(refused, 32);
    let Packet::Refused(last) = last else {
        panic!("{last:?}")
    };
    assert!(last.starts_with("Too many requests."), "{last}");
    // A token that holds does not help any more; what was connected before goes too.
    let good = json!({ "token": acme.owner.access });
    wire.say(&format!("40/billing,{good}")).await;
    wire.closed().await;
    // By polling it is the same.
    let poll = Poll::open(&acme.owner).await;
    let answers = async {
        for _ in 0..40 {
            poll.say(&format!("40/ws,{bad}")).await;
            if poll.ask().await.status() != 200 {
                return;
            }
        }
        panic!("it goes on for ever");
    };
    answers.await;
    poll.forgotten().await;
    other.emit("/ws", json!(["ping"])).await;
    assert_eq!(
        other.packet("/ws").await,
        Packet::Event("pong".to_owned(), None)
    );
    app.finish().await;
}
