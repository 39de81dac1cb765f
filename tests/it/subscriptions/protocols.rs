//! The two subprotocols and server-sent events, word for word.

use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use super::{PAID, paid, pay};
use crate::support::{TestApp, live::Came};

const PLANS: &str = "{ plans { slug } }";

#[tokio::test]
async fn the_newer_protocol_is_spoken_literally() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.socket("graphql-transport-ws").await;
    let token = acme.owner.access.clone().unwrap();
    socket
        .text(&format!(
            r#"{{"type":"connection_init","payload":{{"token":"{token}"}}}}"#
        ))
        .await;
    socket.expect(&json!({ "type": "connection_ack" })).await;
    socket.text(r#"{"type":"ping"}"#).await;
    socket.expect(&json!({ "type": "pong" })).await;
    socket.text(r#"{"type":"pong","payload":{"a":1}}"#).await;
    // Queries and mutations are answered once.
    socket.start("q", "{ viewer { email } }", json!({})).await;
    let answer = socket.json().await;
    assert_eq!(answer["type"], "next");
    assert_eq!(
        answer["payload"]["data"]["viewer"]["email"],
        json!(acme.owner.email)
    );
    assert!(answer["payload"]["extensions"]["cost"]["requested"].is_number());
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    // A document that is wrong is told by `error`, which is the end of the operation.
    socket.start("w", "{ nothing }", json!({})).await;
    assert_eq!(socket.refused("w").await, "GRAPHQL_VALIDATION_FAILED");
    socket
        .text(r#"{"id":"x","type":"subscribe","payload":{"query":1}}"#)
        .await;
    assert_eq!(socket.refused("x").await, "INVALID_INPUT");
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "first").await;
    let event = socket.event("s").await;
    assert_eq!(paid(&event), "first");
    assert_eq!(
        event["billing"]["amount"],
        json!({ "amount": "99.00", "currency": "USD" })
    );
    // Nothing of it comes after `complete`, and its id is free again.
    socket.say(&json!({ "id": "s", "type": "complete" })).await;
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "second").await;
    assert_eq!(paid(&socket.event("s").await), "second");
    app.finish().await;
}

#[tokio::test]
async fn the_older_protocol_is_spoken_literally() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.socket("graphql-ws").await;
    let bearer = format!("Bearer {}", acme.owner.access.clone().unwrap());
    let init = json!({ "type": "connection_init", "payload": { "Authorization": bearer } });
    socket.say(&init).await;
    socket.expect(&json!({ "type": "connection_ack" })).await;
    let start =
        |id: &str, query: &str| json!({ "id": id, "type": "start", "payload": { "query": query } });
    socket.say(&start("s", PAID)).await;
    // The older protocol has no ping: a query that was begun after it has been answered after it.
    socket.say(&start("q", PLANS)).await;
    let answer = socket.json().await;
    assert_eq!(
        (&answer["id"], &answer["type"]),
        (&json!("q"), &json!("data")),
        "{answer}"
    );
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    pay(&app, &acme, "first").await;
    let event = socket.json().await;
    assert_eq!(
        (&event["id"], &event["type"]),
        (&json!("s"), &json!("data")),
        "{event}"
    );
    assert_eq!(paid(&event["payload"]["data"]), "first");
    socket.say(&start("w", "{ nothing }")).await;
    let wrong = socket.json().await;
    assert_eq!(
        (&wrong["id"], &wrong["type"]),
        (&json!("w"), &json!("error"))
    );
    let code = &wrong["payload"]["extensions"]["code"];
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{wrong}");
    socket.say(&json!({ "id": "s", "type": "stop" })).await;
    socket.say(&json!({ "type": "connection_terminate" })).await;
    socket.closed(1000).await;
    app.finish().await;
}

#[tokio::test]
async fn server_sent_events_are_spoken_literally() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut events = acme.owner.events(PAID, json!({})).await;
    events.begun().await;
    pay(&app, &acme, "first").await;
    assert_eq!(paid(&events.event().await), "first");
    let mut answered = acme.owner.events(PLANS, json!({})).await;
    assert!(answered.event().await["plans"].is_array());
    answered.completed().await;
    let mut wrong = acme.owner.events("{ nothing }", json!({})).await;
    assert_eq!(wrong.refused().await, "GRAPHQL_VALIDATION_FAILED");
    let mut anonymous = app.visitor().events(PAID, json!({})).await;
    assert_eq!(anonymous.refused().await, "UNAUTHENTICATED");
    // Without the wish for events, a subscription is refused in plain words.
    let reply = acme.owner.gql(PAID, json!({})).await;
    assert_eq!(reply.failure().code, "GRAPHQL_VALIDATION_FAILED");
    assert!(reply.body.contains("text/event-stream"), "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn who_is_nobody_may_ask_but_not_listen() {
    let app = TestApp::new().await;
    let mut socket = app.visitor().online().await;
    socket.start("q", PLANS, json!({})).await;
    assert!(socket.event("q").await["plans"].is_array());
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    socket.start("s", PAID, json!({})).await;
    assert_eq!(socket.refused("s").await, "UNAUTHENTICATED");
    socket.start("v", "{ viewer { email } }", json!({})).await;
    let answer = socket.json().await;
    assert_eq!(
        answer["payload"]["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    app.finish().await;
}

#[tokio::test]
async fn who_says_farewell_is_answered() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("1", PAID, json!({})).await;
    let frame = CloseFrame {
        code: 1000.into(),
        reason: "Bye".into(),
    };
    assert!(socket.send(Message::Close(Some(frame))).await);
    socket.closed(1000).await;
    app.finish().await;
}

#[tokio::test]
async fn a_bad_beginning_closes_the_socket_with_a_code_that_says_why() {
    let app = TestApp::with(|config| {
        config.realtime.connect_timeout = std::time::Duration::from_millis(200);
    })
    .await;
    let visitor = app.visitor();
    let init = |payload: &str| format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
    let refresh = app.company("Acme").await.owner.refresh;
    for (code, said) in [
        (4403, init(r#"{"token":"forged"}"#)),
        (4403, init(&format!(r#"{{"token":"{refresh}"}}"#))),
        (4403, init(r#"{"authorization":1}"#)),
        (4400, init("[]")),
        (4400, "nonsense".to_owned()),
        (4400, r#"{"type":"invented"}"#.to_owned()),
        (
            4401,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#.to_owned(),
        ),
    ] {
        let mut socket = visitor.socket("graphql-transport-ws").await;
        socket.text(&said).await;
        assert_eq!(socket.next().await, Came::Closed(code), "{said}");
    }
    let mut older = visitor.socket("graphql-ws").await;
    older.text(&init(r#"{"token":"forged"}"#)).await;
    assert_eq!(older.json().await["type"], "connection_error");
    older.closed(4403).await;
    // Silence, twice the same, and other protocols.
    visitor
        .socket("graphql-transport-ws")
        .await
        .closed(4408)
        .await;
    let mut twice = visitor.online().await;
    twice.text(&init("{}")).await;
    twice.closed(4429).await;
    visitor.socket("").await.closed(4406).await;
    app.finish().await;
}

#[tokio::test]
async fn sockets_and_streams_end_when_the_process_does() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    let mut events = acme.owner.events(PAID, json!({})).await;
    events.begun().await;
    app.finish().await;
    // Without a word of completion, so that clients come back.
    socket.closed(1001).await;
    assert_eq!(events.next().await, None);
}
