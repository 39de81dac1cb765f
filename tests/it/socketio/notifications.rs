//! Notifications are told to their person, and read over the socket.

use serde_json::{Value, json};

use crate::support::{Packet, TestApp, Wire};

#[tokio::test]
async fn a_notification_is_told_and_read() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wires = Vec::new();
    for namespace in ["/", "/ws", "/notifications", "/ws/notifications"] {
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect(namespace, &acme.owner).await;
        if ["/", "/ws"].contains(&namespace) {
            wire.event(namespace, "connected").await;
        }
        wires.push((namespace, wire));
    }
    let member = acme.join("member").await;
    app.settle().await;
    let mut of_member = Wire::open(&member).await;
    of_member.connect("/notifications", &member).await;
    for (namespace, wire) in &mut wires {
        let told = wire.event(namespace, "notification:new").await;
        for key in [
            "id",
            "title",
            "message",
            "type",
            "created_at",
            "kind",
            "occurred_at",
            "cursor",
        ] {
            assert!(told[key].is_string(), "{key}: {told}");
        }
        assert_eq!(told["tenant_id"], acme.id);
        assert!(!told.to_string().contains('@'), "{told}");
        if ["/", "/ws"].contains(namespace) {
            assert_eq!(wire.event(namespace, "notification").await, told);
        }
        let id = told["id"].clone();
        let error = |name: &str, value: Option<Value>| match value {
            Some(value) if name == "error" => value["message"].as_str().unwrap().to_owned(),
            other => panic!("{name} {other:?}"),
        };
        let ask = async |who: &mut Wire, namespace: &str, said: Value| {
            who.emit(namespace, said).await;
            match who.packet(namespace).await {
                Packet::Event(name, value) => (name, value),
                other => panic!("{other:?}"),
            }
        };
        let (name, value) = ask(wire, namespace, json!(["notification_read"])).await;
        let required = error(&name, value);
        let (name, value) = ask(wire, namespace, json!(["notification_read", {}])).await;
        assert_eq!(error(&name, value), required);
        let unknown = json!({ "notification_id": "0199d3a0-0000-7000-8000-000000000000" });
        let (name, value) = ask(wire, namespace, json!(["notification_read", unknown])).await;
        let unknown = error(&name, value);
        for id in [json!("rubbish"), json!(7)] {
            let said = json!(["notification_read", { "notification_id": id }]);
            let (name, value) = ask(wire, namespace, said).await;
            assert_eq!(error(&name, value), unknown);
        }
        // Somebody else's is as unknown.
        let said = json!(["notification_read", { "notification_id": id }]);
        let (name, value) = ask(&mut of_member, "/notifications", said.clone()).await;
        assert_eq!(error(&name, value), unknown);
        for _ in 0..2 {
            let (name, value) = ask(wire, namespace, said.clone()).await;
            assert_eq!(name, "notification_read_confirmed");
            assert_eq!(value, Some(json!({ "notification_id": id })));
        }
        wire.say(&format!(
            "42{}9{said}",
            if *namespace == "/" {
                String::new()
            } else {
                format!("{namespace},")
            }
        ))
        .await;
        wire.packet(namespace).await;
        assert_eq!(wire.packet(namespace).await, Packet::Ack(9, json!([])));
    }
    app.finish().await;
}
