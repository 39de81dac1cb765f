//! The Socket.IO door: what clients of the specification say and hear, packet by packet.

mod connections;
mod events;
mod exchange;
mod limits;
mod notifications;
mod poll;
mod polling;
mod refusals;
mod replay;
mod revocation;
mod stalled;

use erpmax::domain::event::{DomainEvent, PaymentFacts};
use serde_json::Value;

use crate::support::{Company, Packet, TestApp, Wire};

/// All names of namespaces.
const NAMESPACES: [&str; 8] = [
    "/",
    "/notifications",
    "/provisioning",
    "/billing",
    "/ws",
    "/ws/notifications",
    "/ws/provisioning",
    "/ws/billing",
];

/// An event that tells why the socket may not stay, and that it is disconnected.
async fn parted(wire: &mut Wire, namespace: &str) -> Value {
    let why = wire.until(namespace, "error").await;
    assert_eq!(wire.packet(namespace).await, Packet::Disconnect);
    why
}

/// Makes something happen.
async fn emit(app: &TestApp, event: DomainEvent) {
    let mut unit = app.system().begin().await.unwrap();
    unit.emit(event);
    unit.commit().await.unwrap();
}

/// A payment.
fn payment(company: &Company<'_>, id: String) -> DomainEvent {
    DomainEvent::PaymentReceived(PaymentFacts {
        tenant_id: company.id.parse().unwrap(),
        payment_id: id,
        amount_minor: 100,
        currency: "USD".to_owned(),
    })
}

/// So many payments.
async fn pay(app: &TestApp, company: &Company<'_>, payments: std::ops::Range<usize>) {
    for n in payments {
        emit(app, payment(company, n.to_string())).await;
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
