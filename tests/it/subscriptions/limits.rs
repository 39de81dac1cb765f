//! What one connection may do: so many operations, so many messages, so much at a time.

use erpmax::config::Scale;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{JOBS, PAID, paid, pay};
use crate::support::{TestApp, live::Came};

#[tokio::test]
async fn operations_connections_and_ids_are_limited() {
    let app = TestApp::with(|config| {
        config.realtime.operations_per_socket = 2;
        config.realtime.connections_per_user = 2;
    })
    .await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("a", PAID, json!({})).await;
    socket.subscribe("b", PAID, json!({})).await;
    socket.start("c", PAID, json!({})).await;
    assert_eq!(socket.refused("c").await, "RATE_LIMITED");
    let mut events = acme.owner.events(PAID, json!({})).await;
    events.begun().await;
    let mut third = acme.owner.events(PAID, json!({})).await;
    assert_eq!(third.refused().await, "RATE_LIMITED");
    let mut third = acme.owner.socket("graphql-transport-ws").await;
    let token = acme.owner.access.clone().unwrap();
    third
        .say(&json!({ "type": "connection_init", "payload": { "token": token } }))
        .await;
    third.closed(1013).await;
    // What the others hear is not touched by that; an id that is in use is the end.
    pay(&app, &acme, "first").await;
    assert_eq!(paid(&socket.event("a").await), "first");
    assert_eq!(paid(&events.event().await), "first");
    assert_eq!(paid(&socket.event("b").await), "first");
    socket.start("a", PAID, json!({})).await;
    socket.closed(4409).await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_asked_on_a_socket_counts_like_requests() {
    let app = TestApp::with(|config| {
        config.limits.scale = Scale::ONE;
        config.limits.client_requests_per_minute = 20;
    })
    .await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    let mut answered = 0;
    let refused = loop {
        socket.start("q", "{ viewer { id } }", json!({})).await;
        let said = socket.json().await;
        if said["type"] == "error" {
            break said;
        }
        answered += 1;
        socket
            .expect(&json!({ "id": "q", "type": "complete" }))
            .await;
    };
    assert!((10..20).contains(&answered), "{answered}");
    let error = &refused["payload"][0]["extensions"];
    assert_eq!(error["code"], "RATE_LIMITED");
    assert!(error["retryAfter"].is_number(), "{error}");
    let reply = acme.owner.get("/auth/me").await;
    assert_eq!(reply.failure().code, "RATE_LIMITED");
    app.finish().await;
}

#[tokio::test]
async fn floods_and_masses_close_the_socket() {
    let app = TestApp::with(|config| {
        config.realtime.messages_per_second = 20;
        config.server.max_body_bytes = 4_096;
    })
    .await;
    let mut socket = app.visitor().online().await;
    for _ in 0..100 {
        if !socket.send(Message::text(r#"{"type":"pong"}"#)).await {
            break;
        }
    }
    assert!(matches!(socket.next().await, Came::Closed(1008 | 1006)));
    let mut socket = app.visitor().online().await;
    let long = format!(r#"{{"type":"pong","payload":"{}"}}"#, "x".repeat(5_000));
    socket.send(Message::text(long)).await;
    assert!(matches!(socket.next().await, Came::Closed(1009 | 1006)));
    let mut socket = app.visitor().online().await;
    socket.send(Message::binary(vec![1, 2, 3])).await;
    socket.closed(1003).await;
    app.finish().await;
}

#[tokio::test]
async fn documents_meet_the_limits_that_hold_everywhere() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    let of = "... on PaymentReceived { cursor }";
    let costly = "subscription { provisioning { ... on ProvisioningCompleted { job { tenant {
        members(first: 100) { nodes { tenant { members(first: 100) { nodes { role } } } } } } } } } }";
    for (expected, query) in [
        (
            "GRAPHQL_VALIDATION_FAILED",
            format!("subscription {{ billing {{ {of} }} notifications {{ cursor }} }}"),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            format!("subscription {{ a: billing {{ {of} }} b: billing {{ {of} }} }}"),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            format!("subscription {{ billing {{ {of} }} billing(after: \"a\") {{ {of} }} }}"),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            format!("subscription($a: Boolean = true) {{ billing @skip(if: $a) {{ {of} }} }}"),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            "subscription { __typename }".to_owned(),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            "subscription { billing { cursor } }".to_owned(),
        ),
        (
            "GRAPHQL_VALIDATION_FAILED",
            "subscription { nothing }".to_owned(),
        ),
        ("QUERY_TOO_COSTLY", costly.to_owned()),
    ] {
        socket.start("s", &query, json!({})).await;
        assert_eq!(socket.refused("s").await, expected, "{query}");
    }
    // A field in a fragment is a field.
    let nested =
        format!("subscription {{ ...F }} fragment F on Subscription {{ billing {{ {of} }} }}");
    socket.subscribe("n", &nested, json!({})).await;
    socket.subscribe("j", JOBS, json!({})).await;
    pay(&app, &acme, "first").await;
    assert!(socket.event("n").await["billing"]["cursor"].is_string());
    socket
        .start("i", "{ __schema { subscriptionType { name } } }", json!({}))
        .await;
    let schema = socket.event("i").await;
    assert_eq!(
        schema["__schema"]["subscriptionType"]["name"],
        "Subscription"
    );
    app.finish().await;
}
