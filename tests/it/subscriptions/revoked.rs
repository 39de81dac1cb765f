//! The end of rights: whoever may not listen any more is told so and hears nothing more, on every replica.

use std::time::Duration;

use serde_json::json;

use super::{PAID, paid, pay};
use crate::support::{
    Actor, TestApp,
    live::{Events, Socket},
};

async fn listen(who: &Actor) -> (Socket, Events) {
    let mut socket = who.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    let mut events = who.events(PAID, json!({})).await;
    events.begun().await;
    (socket, events)
}

/// Both end with this error, and the socket with this code.
async fn ended((mut socket, mut events): (Socket, Events), code: &str, close: u16) {
    assert_eq!(socket.refused("s").await, code);
    socket.closed(close).await;
    assert_eq!(events.refused().await, code);
}

#[tokio::test]
async fn a_logout_ends_what_its_session_listens_to_here_and_there() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = app.replica().await;
    let who = acme.owner.sign_in().await;
    let here = listen(&who).await;
    let there = listen(&other.moved(&who)).await;
    let mut stays = acme.owner.online().await;
    stays.subscribe("s", PAID, json!({})).await;
    who.post("/auth/logout", json!({})).await.expect(200);
    ended(here, "UNAUTHENTICATED", 4401).await;
    ended(there, "UNAUTHENTICATED", 4401).await;
    // Another session of the same person goes on.
    pay(&app, &acme, "later").await;
    assert_eq!(paid(&stays.event("s").await), "later");
    other.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_removal_ends_it_here_and_there() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = app.replica().await;
    let member = acme.join("member").await;
    let here = listen(&member).await;
    let there = listen(&other.moved(&member)).await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    ended(here, "FORBIDDEN", 4403).await;
    ended(there, "FORBIDDEN", 4403).await;
    // Nor does the token open anything any more, for whatever feed.
    for query in [PAID, "subscription { notifications { cursor } }"] {
        let mut events = member.events(query, json!({})).await;
        assert_eq!(events.refused().await, "FORBIDDEN");
    }
    let init = json!({ "type": "connection_init", "payload": { "token": member.access } });
    for protocol in ["graphql-transport-ws", "graphql-ws"] {
        let mut socket = member.socket(protocol).await;
        socket.say(&init).await;
        if protocol == "graphql-ws" {
            assert_eq!(socket.json().await["type"], "connection_error");
        }
        socket.closed(4403).await;
    }
    other.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_new_role_sees_with_its_own_eyes_from_the_next_event_on() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.settle().await;
    let member = acme.join("member").await;
    let query = "subscription { provisioning { ... on ProvisioningStatusUpdate {
        job { tenant { viewerRole } } } ... on ProvisioningFailed { cancelled } } }";
    let mut socket = member.online().await;
    socket.subscribe("s", query, json!({})).await;
    let job = super::ask(&acme).await;
    let role =
        |event: &serde_json::Value| event["provisioning"]["job"]["tenant"]["viewerRole"].clone();
    assert_eq!(role(&socket.event("s").await), "MEMBER");
    let body = json!({ "role": "admin" });
    acme.owner
        .patch(&acme.seat(&member), body)
        .await
        .expect(200);
    // What is asked over the socket is asked as who they are now.
    socket
        .start("q", "{ viewer { membership { role } } }", json!({}))
        .await;
    assert_eq!(
        socket.event("q").await["viewer"]["membership"]["role"],
        "ADMIN"
    );
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    let cancel = format!("/provisioning/jobs/{job}/cancel");
    acme.owner.post(&cancel, json!({})).await.expect(200);
    assert_eq!(socket.event("s").await["provisioning"]["cancelled"], true);
    super::ask(&acme).await;
    assert_eq!(role(&socket.event("s").await), "ADMIN");
    app.finish().await;
}

#[tokio::test]
async fn a_connection_outlives_its_access_token_and_ends_with_its_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (mut socket, mut events) = listen(&acme.owner).await;
    app.advance(Duration::from_mins(20));
    acme.owner.get("/auth/me").await.failure();
    pay(&app, &acme, "later").await;
    assert_eq!(paid(&socket.event("s").await), "later");
    assert_eq!(paid(&events.event().await), "later");
    socket.start("q", "{ viewer { email } }", json!({})).await;
    assert_eq!(
        socket.event("q").await["viewer"]["email"],
        json!(acme.owner.email)
    );
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    app.advance(Duration::from_hours(24 * 8));
    ended((socket, events), "UNAUTHENTICATED", 4401).await;
    app.finish().await;
}
