//! What an event looks like where little of it, or the same thing twice, was selected.

use serde_json::{Value, json};

use super::{paid, pay};
use crate::support::{Company, TestApp};

/// How an event looks over a WebSocket and by server-sent events, which must be the same.
async fn seen(app: &TestApp, acme: &Company<'_>, query: &str) -> Value {
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", query, json!({ "yes": true })).await;
    let mut events = acme.owner.events(query, json!({ "yes": true })).await;
    events.begun().await;
    pay(app, acme, "first").await;
    let event = socket.event("s").await;
    assert_eq!(events.event().await, event, "{query}");
    event
}

#[tokio::test]
async fn an_event_of_which_nothing_is_shown_is_an_empty_object() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (selected, expected) in [
        ("... on PaymentFailed { cursor }", json!({})),
        (
            "... on BillingEvent { ... on PaymentFailed { cursor } }",
            json!({}),
        ),
        ("...F", json!({})),
        ("__typename @skip(if: true)", json!({})),
        (
            "... on PaymentReceived { cursor @skip(if: $yes) }",
            json!({}),
        ),
        (
            "__typename ... on PaymentFailed { cursor }",
            json!({ "__typename": "PaymentReceived" }),
        ),
        (
            "... on PaymentReceived { amount { currency @skip(if: $yes) } }",
            json!({ "amount": {} }),
        ),
        (
            "... on PaymentReceived { subscription { id @skip(if: $yes) plan { id @skip(if: $yes) } } }",
            json!({ "subscription": { "plan": {} } }),
        ),
    ] {
        let fragment = if selected == "...F" {
            "fragment F on PaymentFailed { cursor }"
        } else {
            ""
        };
        let uses = if selected.contains("$yes") {
            "($yes: Boolean!)"
        } else {
            ""
        };
        let query = format!("subscription{uses} {{ billing {{ {selected} }} }} {fragment}");
        let event = seen(&app, &acme, &query).await;
        assert_eq!(event, json!({ "billing": expected }), "{query}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_answer_of_which_nothing_is_shown_is_an_empty_object() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let skip = "@skip(if: true)";
    for (query, expected) in [
        (format!("{{ viewer {skip} {{ id }} }}"), json!({})),
        (
            format!("{{ viewer {{ id {skip} }} }}"),
            json!({ "viewer": {} }),
        ),
        (
            format!(
                "{{ tenant {{ id @include(if: false) subscription {{ plan {{ ... {skip} {{ id }} }} }} }} }}"
            ),
            json!({ "tenant": { "subscription": { "plan": {} } } }),
        ),
        (
            format!("mutation {{ markAllNotificationsRead(input: {{}}) {{ __typename {skip} }} }}"),
            json!({ "markAllNotificationsRead": {} }),
        ),
    ] {
        let reply = acme.owner.gql(&query, json!({})).await;
        assert_eq!(*reply.ok(), expected, "{query}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_field_that_is_written_twice_is_one() {
    let id = "{ ... on PaymentReceived { paymentId } }";
    let cursor = "{ ... on PaymentReceived { cursor } }";
    for query in [
        format!("subscription {{ billing {id} billing {cursor} }}"),
        format!("subscription {{ billing {id} ... {{ billing {cursor} }} }}"),
        format!(
            "subscription {{ ...F billing {id} ...F }}
             fragment F on Subscription {{ billing {cursor} }}"
        ),
        format!(
            "subscription($a: String) {{ billing(after: $a) {id} ...F }}
             fragment F on Subscription {{ ...G }}
             fragment G on Subscription {{ billing(after: $a) {cursor} }}"
        ),
    ] {
        // One connection of each is enough.
        let app = TestApp::with(|config| config.realtime.connections_per_user = 1).await;
        let acme = app.company("Acme").await;
        let mut events = acme.owner.events(&query, json!({})).await;
        events.begun().await;
        let mut socket = acme.join("admin").await.online().await;
        socket.subscribe("s", &query, json!({})).await;
        pay(&app, &acme, "first").await;
        let event = events.event().await;
        assert_eq!(paid(&event), "first", "{query}");
        assert!(event["billing"]["cursor"].is_string(), "{query}: {event}");
        assert_eq!(socket.event("s").await, event, "{query}");
        app.finish().await;
    }
}
