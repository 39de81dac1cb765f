//! The literal exchange of the specification, at both paths and in every namespace.

use entity::notification::{NotificationKind, NotificationType};
use erpmax::domain::event::{DomainEvent, NotificationFacts};
use serde_json::{Value, json};

use super::NAMESPACES;
use crate::support::{Packet, TestApp, Wire};

#[tokio::test]
async fn the_specifications_exchange_works_literally() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for path in [
        "/socket.io/",
        "/socket.io",
        "/ws/socket.io/",
        "/ws/socket.io",
    ] {
        let mut wire = Wire::open_at(&acme.owner, path).await;
        let sid = wire.handshake["sid"].take();
        assert!(sid.is_string());
        let told = json!({
            "sid": null, "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000,
            "maxPayload": 1_000_000,
        });
        assert_eq!(wire.handshake, told);
        let token = acme.owner.access.as_deref().unwrap();
        wire.say(&format!("40/ws,{{\"token\":\"{token}\"}}")).await;
        let connect = wire.read().await.unwrap();
        assert!(connect.starts_with("40/ws,{\"sid\":\""), "{connect}");
        let mut connected = wire.event("/ws", "connected").await;
        assert!(connected["cursor"].take().is_string());
        let told = json!({
            "message": "Successfully connected to ERPMax Orchestrator",
            "user_id": acme.owner.id, "tenant_id": acme.id, "cursor": null,
        });
        assert_eq!(connected, told);
        for ping in [
            "42/ws,[\"ping\"]",
            "42/ws,[\"ping\",{\"a\":1}]",
            "42/ws,[\"ping\",1,2]",
        ] {
            wire.say(ping).await;
            assert_eq!(wire.read().await.unwrap(), "42/ws,[\"pong\"]");
        }
        wire.say("42/ws,7[\"ping\"]").await;
        assert_eq!(wire.read().await.unwrap(), "42/ws,[\"pong\"]");
        assert_eq!(wire.read().await.unwrap(), "43/ws,7[]");
        // What nobody knows is ignored.
        wire.say("42/ws,[\"dance\",{}]").await;
        wire.say("42/ws,8[\"ping\"]").await;
        assert_eq!(wire.read().await.unwrap(), "42/ws,[\"pong\"]");
        assert_eq!(wire.packet("/ws").await, Packet::Ack(8, json!([])));
    }
    app.finish().await;
}

#[tokio::test]
async fn one_connection_carries_every_namespace() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wire = Wire::open(&acme.owner).await;
    for namespace in NAMESPACES {
        wire.connect(namespace, &acme.owner).await;
        if ["/", "/ws"].contains(&namespace) {
            wire.event(namespace, "connected").await;
        }
        wire.emit(namespace, json!(["ping"])).await;
        let pong = Packet::Event("pong".to_owned(), None);
        assert_eq!(wire.packet(namespace).await, pong);
    }
    // Leaving one leaves the others.
    wire.say("41/ws/billing,").await;
    wire.emit("/ws", json!(["ping"])).await;
    assert_eq!(
        wire.packet("/ws").await,
        Packet::Event("pong".to_owned(), None)
    );
    app.finish().await;
}

#[tokio::test]
async fn who_has_no_tenant_hears_of_themselves() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    let member = member.sign_in().await;
    let mut wire = Wire::open(&member).await;
    wire.connect("/", &member).await;
    let connected = wire.event("/", "connected").await;
    assert_eq!(connected["user_id"], member.id);
    assert_eq!(connected["tenant_id"], Value::Null);
    wire.connect("/notifications", &member).await;
    // What is about a tenant is not for them.
    for namespace in ["/billing", "/provisioning", "/ws/billing"] {
        let auth = json!({ "token": member.access });
        let refused = wire.ask(namespace, Some(auth)).await;
        let why = "Your token names no tenant. Join one, or switch to one of yours.";
        assert_eq!(refused, Packet::Refused(why.to_owned()), "{namespace}");
    }
    super::pay(&app, &acme, 0..1).await;
    super::emit(
        &app,
        DomainEvent::NotificationCreated {
            notification: NotificationFacts {
                id: uuid::Uuid::from_u128(7).into(),
                user_id: member.id.parse().unwrap(),
                tenant_id: None,
                kind: NotificationKind::MemberAdded,
                notification_type: NotificationType::Info,
                title: "Hello".to_owned(),
                message: "Somebody thinks of you.".to_owned(),
                data: json!({}),
                created_at: app.app.clock.now(),
            },
        },
    )
    .await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let said = wire.read().await.unwrap();
        assert!(said.contains("Somebody thinks of you."), "{said}");
        heard.push(said[..said.find('{').unwrap()].to_owned());
    }
    heard.sort_unstable();
    assert_eq!(
        heard,
        [
            "42/notifications,[\"notification:new\",",
            "42[\"notification\",",
            "42[\"notification:new\","
        ]
    );
    app.finish().await;
}
