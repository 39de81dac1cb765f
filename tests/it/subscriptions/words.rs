//! What is said to who may not listen: what helps.

use std::time::Duration;

use erpmax::domain::realtime::Cursor;
use serde_json::{Value, json};

use super::{PAID, tenant};
use crate::support::{
    Actor, TestApp,
    client::text,
    live::{Came, Socket},
};

/// Says who it is, and hears nothing yet.
async fn knock(who: &Actor) -> Socket {
    let mut socket = who.socket("graphql-transport-ws").await;
    let payload = json!({ "token": who.access });
    socket
        .say(&json!({ "type": "connection_init", "payload": payload }))
        .await;
    socket
}

/// Why an operation is refused, and with which code.
async fn refused(socket: &mut Socket, variables: Value) -> (String, String) {
    socket.start("r", PAID, variables).await;
    let said = socket.json().await;
    assert_eq!(said["type"], "error", "{said}");
    let told = |path: &str| text(&said, path);
    (
        told("/payload/0/extensions/code"),
        told("/payload/0/message"),
    )
}

#[tokio::test]
async fn who_has_too_much_is_told_to_end_something() {
    let app = TestApp::with(|config| {
        config.realtime.operations_per_socket = 1;
        config.realtime.connections_per_user = 1;
        config.realtime.connections = 2;
    })
    .await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("a", PAID, json!({})).await;
    let why = "As many operations are under way on this socket as may be (1). End one.";
    let expected = ("RATE_LIMITED".to_owned(), why.to_owned());
    assert_eq!(refused(&mut socket, json!({})).await, expected);
    let why = "You have as many live connections as you may (1). Close one.";
    let mut second = knock(&acme.owner).await;
    assert_eq!(second.farewell().await, (1013, why.to_owned()));
    let mut second = acme.owner.events(PAID, json!({})).await;
    let error = second.answer().await["errors"][0].clone();
    assert_eq!(error["message"], why);
    assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{error}");
    assert!(error["extensions"]["retryAfter"].is_number(), "{error}");
    let _other = acme.join("admin").await.online().await;
    let mut third = knock(&acme.join("admin").await).await;
    let why = "This server has as many live connections as it may. Try again later.";
    assert_eq!(third.farewell().await, (1013, why.to_owned()));
    app.finish().await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why_as_a_request_is() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    let forged = Actor {
        access: Some("forged".to_owned()),
        ..app.visitor()
    };
    for who in [forged, member] {
        let reply = who.get("/tenants/current").await;
        let why = reply.json["message"].as_str().unwrap().to_owned();
        let told = knock(&who).await.farewell().await;
        assert_eq!(told, (4403, why), "{reply}");
    }
    app.finish().await;
}

#[tokio::test]
async fn who_gives_no_place_is_told_to_begin_anew() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    let future = Cursor {
        tenant: Some((tenant(&acme), 1_000_000)),
        user: None,
    };
    for after in ["garbage".to_owned(), future.to_string()] {
        let why = "after: This is no cursor of what you listen to. \
                    Leave it out, and load anew what you show.";
        let expected = ("INVALID_INPUT".to_owned(), why.to_owned());
        let said = refused(&mut socket, json!({ "after": after })).await;
        assert_eq!(said, expected, "{after}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_token_without_a_tenant_is_said_to_name_none() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    let asked = async |who: &Actor| {
        let reply = who.gql("{ tenant { id } }", json!({})).await;
        assert_eq!(reply.failure().code, "FORBIDDEN");
        text(&reply.json, "/errors/0/message")
    };
    let gone = "You are not in the tenant that your token names.";
    assert_eq!(asked(&member).await, gone);
    let member = member.sign_in().await;
    let none = "Your token names no tenant. Join one, or switch to one of yours.";
    assert_eq!(asked(&member).await, none);
    let mut socket = member.online().await;
    let expected = ("FORBIDDEN".to_owned(), none.to_owned());
    assert_eq!(refused(&mut socket, json!({})).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn who_is_nobody_and_asks_nothing_does_not_stay() {
    let app = TestApp::with(|config| {
        config.realtime.connect_timeout = Duration::from_millis(300);
    })
    .await;
    let acme = app.company("Acme").await;
    let mut known = acme.owner.online().await;
    let mut socket = app.visitor().online().await;
    socket.start("q", "{ plans { slug } }", json!({})).await;
    assert!(socket.event("q").await["plans"].is_array());
    socket
        .expect(&json!({ "id": "q", "type": "complete" }))
        .await;
    assert_eq!(
        socket.farewell().await,
        (1000, "Nothing was asked".to_owned())
    );
    let mut older = app.visitor().socket("graphql-ws").await;
    older.say(&json!({ "type": "connection_init" })).await;
    assert!(matches!(older.next().await, Came::Json(_)));
    older.closed(1000).await;
    // Who is known is there still, with nothing under way.
    known.subscribe("s", PAID, json!({})).await;
    app.finish().await;
}
