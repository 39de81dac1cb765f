//! Who is not let in, and what they are told.

use serde_json::{Value, json};

use super::NAMESPACES;
use crate::support::{Packet, TestApp, Wire};

fn refused(message: &str) -> Packet {
    Packet::Refused(message.to_owned())
}

#[tokio::test]
async fn no_namespace_lets_anybody_in_without_a_token_that_holds() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let removed = acme.join("member").await;
    acme.owner.delete(&acme.seat(&removed)).await.expect(200);
    let gone = acme.join("admin").await;
    gone.post("/auth/logout", json!({})).await.expect(200);
    let visitor = app.visitor();
    let mut wire = Wire::open(&visitor).await;
    for namespace in NAMESPACES {
        let required = refused("Authentication required");
        for auth in [
            None,
            Some(json!({})),
            Some(json!([])),
            Some(json!("token")),
            Some(json!(7)),
            Some(Value::Null),
            Some(json!({ "token": null })),
            Some(json!({ "token": 7 })),
            Some(json!({ "token": { "token": "x" } })),
        ] {
            assert_eq!(wire.ask(namespace, auth).await, required, "{namespace}");
        }
        let invalid = refused("Invalid token");
        for token in [
            "rubbish",
            "",
            &acme.owner.refresh,
            removed.access.as_deref().unwrap(),
            gone.access.as_deref().unwrap(),
        ] {
            let auth = Some(json!({ "token": token }));
            assert_eq!(
                wire.ask(namespace, auth).await,
                invalid,
                "{namespace}: {token}"
            );
        }
    }
    for namespace in ["/nowhere", "/ws/", "/ws/nowhere", "/admin", "/socket.io"] {
        let auth = Some(json!({ "token": acme.owner.access }));
        let answer = wire.ask(namespace, auth).await;
        assert_eq!(answer, refused("Invalid namespace"), "{namespace}");
    }
    // A refusal hurts nobody: the same connection is good for who has a token.
    wire.connect("/ws", &acme.owner).await;
    app.finish().await;
}

#[tokio::test]
async fn an_expired_token_opens_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.advance_secs(60 * 60);
    let mut wire = Wire::open(&acme.owner).await;
    let answer = wire
        .ask("/ws", Some(json!({ "token": acme.owner.access })))
        .await;
    assert_eq!(answer, refused("Invalid token"));
    app.finish().await;
}

#[tokio::test]
async fn the_engine_refuses_what_it_does_not_speak() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    for query in [
        "EIO=3&transport=websocket",
        "EIO=3&transport=polling",
        "transport=polling",
        "EIO=4",
        "EIO=4&transport=carrier-pigeon",
        "EIO=4&transport=polling&sid=unknown",
        "",
    ] {
        for path in ["/socket.io/", "/ws/socket.io/"] {
            let url = format!("{}{path}?{query}", visitor.base);
            let answer = visitor.http.get(url).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{query}");
            let body: Value = answer.json().await.unwrap();
            // The engine's words and those of every other error.
            assert!(body["message"].is_string(), "{query}: {body}");
            assert_eq!(body["detail"], body["message"]);
            assert_eq!(body["error"]["message"], body["message"]);
            assert_eq!(body["error"]["code"], "INVALID_INPUT");
            assert!(body["request_id"].is_string(), "{query}: {body}");
            if query.contains("unknown") {
                assert_eq!(body["code"], "1");
                assert_eq!(body["message"], "Session ID unknown");
            }
        }
    }
    for path in [
        "/socket.io/x",
        "/socket.iox",
        "/ws",
        "/ws/",
        "/ws/socket.io/x",
    ] {
        let reply = visitor.send(reqwest::Method::GET, path, None).await;
        reply.expect(404);
    }
    app.finish().await;
}

#[tokio::test]
async fn cursors_that_lead_nowhere_are_refused() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = app.company("Other").await;
    let mut wire = Wire::open(&other.owner).await;
    wire.connect("/", &other.owner).await;
    let foreign = wire.event("/", "connected").await["cursor"].clone();
    let mut wire = Wire::open(&acme.owner).await;
    let mut ask = async |after: Value| {
        let auth = json!({ "token": acme.owner.access, "after": after });
        match wire.ask("/ws", Some(auth)).await {
            Packet::Refused(message) => message,
            other => panic!("{other:?}"),
        }
    };
    let rubbish = ask(json!("rubbish")).await;
    assert!(rubbish.starts_with("after: "), "{rubbish}");
    assert_eq!(ask(json!(7)).await, rubbish);
    assert_eq!(ask(json!("")).await, rubbish);
    let unknown = ask(foreign).await;
    assert_ne!(unknown, rubbish);
    app.finish().await;
}
