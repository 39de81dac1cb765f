//! What happens is told in the words of the contract, in its namespace, in the main one and in both twins.

use entity::{
    provisioning_job::JobType,
    subscription::{BillingPeriod, SubscriptionStatus},
};
use erpmax::domain::event::{DomainEvent, PaymentFacts, SubscriptionFacts};
use serde_json::{Value, json};

use crate::support::{
    Actor, Packet, TestApp, Wire,
    jobs::{ask, cancel},
};

async fn connected(who: &Actor, namespace: &str) -> Wire {
    let mut wire = Wire::open(who).await;
    wire.connect(namespace, who).await;
    if ["/", "/ws"].contains(&namespace) {
        wire.event(namespace, "connected").await;
    }
    // Whoever is answered here has been seated.
    wire.emit(namespace, json!(["ping"])).await;
    assert_eq!(
        wire.packet(namespace).await,
        Packet::Event("pong".to_owned(), None)
    );
    wire
}

/// What lasts of what is told until an event, without its moments and cursors.
async fn told(wire: &mut Wire, namespace: &str, last: &str) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    loop {
        let Packet::Event(name, Some(mut value)) = wire.packet(namespace).await else {
            panic!("no event");
        };
        let moment = value["occurred_at"].take();
        assert!(moment.as_str().unwrap().ends_with('Z'), "{moment}");
        assert!(value["cursor"].take().is_string());
        let ends = name == last;
        if name.starts_with("status:") {
            told.push((name, value));
        }
        if ends {
            return told;
        }
    }
}

#[tokio::test]
async fn a_job_is_told_from_its_beginning_to_its_end() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = app.company("Other").await;
    let namespaces = ["/", "/ws", "/provisioning", "/ws/provisioning"];
    let mut wires = Vec::new();
    for namespace in namespaces {
        wires.push(connected(&acme.owner, namespace).await);
    }
    let mut strangers = connected(&other.owner, "/ws").await;
    let mut billing = connected(&acme.owner, "/billing").await;
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    for (wire, namespace) in wires.iter_mut().zip(namespaces) {
        let told = told(wire, namespace, "status:completed").await;
        let (name, first) = &told[0];
        assert_eq!(name, "status:update");
        assert_eq!(first["status"], "pending");
        for (name, value) in &told {
            assert_eq!(value["tenant_id"], acme.id, "{name}");
            assert_eq!(value["job_id"], json!(id), "{name}");
            assert_eq!(value["job_type"], "create_instance", "{name}");
            assert!(value["seq"].as_i64().is_some(), "{name}");
        }
        let running = told.iter().any(|(_, value)| value["status"] == "running");
        assert!(running, "{told:?}");
        let lines = told.iter().filter(|(name, _)| name == "status:log");
        let lines: Vec<_> = lines
            .flat_map(|(_, value)| value["lines"].as_array().unwrap())
            .collect();
        assert!(!lines.is_empty());
        for line in lines {
            for key in ["seq", "attempt", "step", "level", "text", "at"] {
                assert!(line.get(key).is_some(), "{line}");
            }
        }
        let (_, done) = told.last().unwrap();
        assert_eq!(
            (&done["status"], &done["progress"]),
            (&json!("completed"), &json!(100))
        );
        assert!(
            done["erpnext_url"].is_string() && done["result"].is_object(),
            "{done}"
        );
    }
    for (wire, namespace) in [(&mut strangers, "/ws"), (&mut billing, "/billing")] {
        wire.emit(namespace, json!(["ping"])).await;
        let next = wire.packet(namespace).await;
        assert_eq!(
            next,
            Packet::Event("pong".to_owned(), None),
            "nothing was told here"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cancelled_job_has_failed_and_says_so() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wire = connected(&acme.owner, "/ws").await;
    let id = ask(&acme, JobType::Create).await;
    assert!(cancel(&acme, id).await);
    wire.event("/ws", "status:update").await;
    let failed = wire.until("/ws", "status:failed").await;
    assert_eq!(failed["error"], "Cancelled by user");
    assert_eq!(failed["message"], "Cancelled by user");
    assert_eq!(
        (&failed["status"], &failed["cancelled"]),
        (&json!("failed"), &json!(true))
    );
    app.finish().await;
}

#[tokio::test]
async fn money_is_a_number_and_exact() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut wire = connected(&acme.owner, "/billing").await;
    let payment = PaymentFacts {
        tenant_id: acme.id.parse().unwrap(),
        payment_id: "pi_1".to_owned(),
        amount_minor: 9_910,
        currency: "USD".to_owned(),
    };
    super::emit(&app, DomainEvent::PaymentReceived(payment.clone())).await;
    super::emit(&app, DomainEvent::PaymentFailed(payment)).await;
    let said = wire.read().await.unwrap();
    assert!(
        said.starts_with("42/billing,[\"payment:received\",{"),
        "{said}"
    );
    assert!(said.contains("\"amount\":99.10,"), "{said}");
    let failed = wire.event("/billing", "payment:failed").await;
    assert_eq!(
        (&failed["payment_id"], &failed["currency"]),
        (&json!("pi_1"), &json!("USD"))
    );
    assert_eq!(failed["status"], "failed");
    assert!(failed["created_at"].as_str().unwrap().ends_with('Z'));
    app.finish().await;
}

#[tokio::test]
async fn a_subscription_is_told_in_the_words_of_the_contract() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let namespaces = ["/", "/ws", "/billing", "/ws/billing"];
    let mut wires = Vec::new();
    for namespace in namespaces {
        wires.push(connected(&acme.owner, namespace).await);
    }
    let mut provisioning = connected(&acme.owner, "/provisioning").await;
    let [subscription, plan] = [7, 8].map(uuid::Uuid::from_u128);
    let facts = SubscriptionFacts {
        tenant_id: acme.id.parse().unwrap(),
        subscription_id: subscription.into(),
        plan_id: plan.into(),
        plan: "professional".to_owned(),
        status: SubscriptionStatus::PastDue,
        billing_period: BillingPeriod::Yearly,
        current_period_end: "2027-01-09T12:00:00Z".parse().unwrap(),
        cancel_at_period_end: true,
    };
    super::emit(&app, DomainEvent::SubscriptionUpdated(facts.clone())).await;
    let expiring = DomainEvent::SubscriptionExpiring {
        subscription: facts,
        days_left: 3,
    };
    super::emit(&app, expiring).await;
    for (wire, namespace) in wires.iter_mut().zip(namespaces) {
        let mut told = wire.event(namespace, "subscription:updated").await;
        let (at, seq) = (told["occurred_at"].take(), told["seq"].take());
        assert!(at.is_string() && told["cursor"].take().is_string());
        let updated = json!({
            "tenant_id": acme.id, "subscription_id": subscription, "status": "past_due",
            "plan": "professional", "updated_at": at,
            "subscription": {
                "id": subscription, "tenant_id": acme.id, "plan_id": plan, "plan": "professional",
                "status": "past_due", "billing_period": "yearly",
                "current_period_end": "2027-01-09T12:00:00Z", "cancel_at_period_end": true,
            },
            "seq": null, "occurred_at": null, "cursor": null,
        });
        assert_eq!(told, updated, "{namespace}");
        let mut told = wire.event(namespace, "subscription:expiring").await;
        assert!(told["occurred_at"].take().is_string() && told["cursor"].take().is_string());
        let expiring = json!({
            "tenant_id": acme.id, "subscription_id": subscription, "days_left": 3,
            "seq": seq.as_i64().unwrap() + 1, "occurred_at": null, "cursor": null,
        });
        assert_eq!(told, expiring, "{namespace}");
    }
    provisioning.emit("/provisioning", json!(["ping"])).await;
    assert_eq!(
        provisioning.packet("/provisioning").await,
        Packet::Event("pong".to_owned(), None)
    );
    app.finish().await;
}

#[tokio::test]
async fn what_happens_on_one_replica_is_heard_on_the_other() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut there = connected(&replica.moved(&acme.owner), "/ws").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let told = told(&mut there, "/ws", "status:completed").await;
    assert_eq!(told[0].1["status"], "pending");
    replica.leave().await;
    app.finish().await;
}
