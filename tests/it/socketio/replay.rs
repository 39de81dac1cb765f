//! Whoever comes back with a cursor hears what they missed, once and in order, or is told to begin anew.

use std::time::Duration;

use erpmax::domain::event::{DomainEvent, PaymentFacts};
use serde_json::Value;

use super::parted;
use crate::support::{Company, TestApp, Wire};

/// So many payments.
async fn pay(app: &TestApp, company: &Company<'_>, payments: std::ops::Range<usize>) {
    for n in payments {
        let mut unit = app.system().begin().await.unwrap();
        unit.emit(DomainEvent::PaymentReceived(PaymentFacts {
            tenant_id: company.id.parse().unwrap(),
            payment_id: n.to_string(),
            amount_minor: 100,
            currency: "USD".to_owned(),
        }));
        unit.commit().await.unwrap();
    }
}

/// Hears payments, each once and in order; the last cursor.
async fn hear(wire: &mut Wire, namespace: &str, payments: std::ops::Range<usize>) -> String {
    let mut cursor = String::new();
    for n in payments {
        let event = wire.event(namespace, "payment:received").await;
        assert_eq!(event["payment_id"], n.to_string());
        cursor = text(&event["cursor"]);
    }
    cursor
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn what_was_missed_is_told_first_and_once() {
    let app = TestApp::with(|config| config.realtime.backlog = 16).await;
    let acme = app.company("Acme").await;
    for namespace in ["/ws", "/billing", "/"] {
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect(namespace, &acme.owner).await;
        pay(&app, &acme, 0..3).await;
        if namespace != "/billing" {
            wire.event(namespace, "connected").await;
        }
        let cursor = hear(&mut wire, namespace, 0..3).await;
        drop(wire);
        // More than fits into the socket's buffer.
        pay(&app, &acme, 3..80).await;
        let mut wire = Wire::open(&acme.owner).await;
        wire.connect_after(namespace, &acme.owner, Some(&cursor))
            .await;
        pay(&app, &acme, 80..90).await;
        if namespace != "/billing" {
            let connected = wire.event(namespace, "connected").await;
            assert_eq!(text(&connected["cursor"]), cursor);
        }
        let cursor = hear(&mut wire, namespace, 3..90).await;
        let mut again = Wire::open(&acme.owner).await;
        again
            .connect_after(namespace, &acme.owner, Some(&cursor))
            .await;
        if namespace != "/billing" {
            again.event(namespace, "connected").await;
        }
        pay(&app, &acme, 90..91).await;
        hear(&mut again, namespace, 90..91).await;
        hear(&mut wire, namespace, 90..91).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_one_replica_leads_on_another() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    let cursor = text(&wire.event("/ws", "connected").await["cursor"]);
    pay(&app, &acme, 0..5).await;
    hear(&mut wire, "/ws", 0..5).await;
    let owner = replica.moved(&acme.owner);
    let mut wire = Wire::open(&owner).await;
    wire.connect_after("/ws", &owner, Some(&cursor)).await;
    wire.event("/ws", "connected").await;
    hear(&mut wire, "/ws", 0..5).await;
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn who_was_away_too_long_is_told_to_begin_anew() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wire = Wire::open(&acme.owner).await;
    wire.connect("/ws", &acme.owner).await;
    let cursor = text(&wire.event("/ws", "connected").await["cursor"]);
    pay(&app, &acme, 0..5).await;
    drop(wire);
    app.advance(Duration::from_hours(24 * 8));
    app.sweep().await;
    let owner = acme.owner.sign_in().await;
    let mut wire = Wire::open(&owner).await;
    wire.connect_after("/ws", &owner, Some(&cursor)).await;
    let why = parted(&mut wire, "/ws").await;
    assert_eq!(why["code"], "RESYNC");
    assert!(why["message"].is_string());
    app.finish().await;
}
