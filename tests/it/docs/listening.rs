//! The subscriptions for frontends are opened as server-sent events, and what they ask for is heard.

use std::{collections::BTreeSet, fs};

use async_graphql::parser::{
    parse_query,
    types::{OperationType, Selection},
};
use chrono::TimeDelta;
use entity::{
    ids::{PlanId, SubscriptionId},
    provisioning_job::JobType,
    subscription::{BillingPeriod, SubscriptionStatus},
};
use erpmax::domain::event::{DomainEvent, PaymentFacts, SubscriptionFacts};
use serde_json::{Map, Value, json};

use super::{fence, operations};
use crate::{
    cli::queue::owner,
    support::{
        Company, TestApp,
        client::text,
        db,
        jobs::{ask, cancel},
        process::Place,
        sdl,
        stage::until,
    },
};

/// A documented subscription.
struct Shown {
    name: String,
    document: String,
    /// The field of the root.
    field: String,
    /// The names of its variables.
    variables: Vec<String>,
}

/// Those among the documented operations.
fn subscriptions() -> Vec<Shown> {
    operations().into_iter().filter_map(shown).collect()
}

fn shown((name, document): (String, String)) -> Option<Shown> {
    let parsed = parse_query(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (_, operation) = parsed.operations.iter().next()?;
    let operation = &operation.node;
    if operation.ty != OperationType::Subscription {
        return None;
    }
    let [selection] = operation.selection_set.node.items.as_slice() else {
        panic!("{name}: a subscription has one field")
    };
    let Selection::Field(field) = &selection.node else {
        panic!("{name}: no field")
    };
    let variables = operation.variable_definitions.iter();
    Some(Shown {
        field: field.node.name.node.to_string(),
        variables: variables.map(|of| of.node.name.node.to_string()).collect(),
        name,
        document,
    })
}

impl Shown {
    /// What it may tell, by type; one thing, where it is no union.
    fn members(&self) -> BTreeSet<String> {
        let mut fields = sdl::fields("Subscription").into_iter();
        let (_, to) = fields
            .find(|(name, _)| *name == self.field)
            .expect("the schema has it");
        let members = sdl::members(&to);
        if members.is_empty() {
            BTreeSet::from([to])
        } else {
            members.into_iter().collect()
        }
    }

    /// Those of these values that it asks for; it must ask for no others.
    fn values(&self, known: &Value) -> Value {
        let value = |name: &String| {
            let value = known.get(name);
            let value = value.unwrap_or_else(|| panic!("{}: no value for ${name}", self.name));
            (name.clone(), value.clone())
        };
        Value::Object(self.variables.iter().map(value).collect::<Map<_, _>>())
    }
}

/// Something of everything; the job that is done.
async fn happen(app: &TestApp, acme: &Company<'_>) -> String {
    let done = ask(acme, JobType::Create).await;
    app.settle().await;
    let other = ask(acme, JobType::Backup).await;
    assert!(cancel(acme, other).await);
    acme.join("member").await;
    let query = "{ tenant { subscription { id plan { id } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let subscription = &reply.ok()["tenant"]["subscription"];
    let tenant_id = acme.id.parse().expect("an id");
    let payment = PaymentFacts {
        tenant_id,
        payment_id: "pi_1".to_owned(),
        amount_minor: 9_900,
        currency: "USD".to_owned(),
    };
    let facts = SubscriptionFacts {
        tenant_id,
        subscription_id: SubscriptionId(text(subscription, "/id").parse().expect("an id")),
        plan_id: PlanId(text(subscription, "/plan/id").parse().expect("an id")),
        plan: "Trial".to_owned(),
        status: SubscriptionStatus::Trial,
        billing_period: BillingPeriod::Monthly,
        current_period_end: app.app.clock.now() + TimeDelta::days(3),
        cancel_at_period_end: false,
    };
    let mut unit = app.system().begin().await.unwrap();
    unit.emit(DomainEvent::PaymentFailed(payment.clone()));
    unit.emit(DomainEvent::PaymentReceived(payment));
    unit.emit(DomainEvent::SubscriptionUpdated(facts.clone()));
    unit.emit(DomainEvent::SubscriptionExpiring {
        subscription: facts,
        days_left: 3,
    });
    unit.commit().await.unwrap();
    done.to_string()
}

#[tokio::test]
async fn every_subscription_for_frontends_is_heard() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    app.settle().await;
    let mut open = Vec::new();
    for shown in subscriptions() {
        let mut events = acme.owner.events(&shown.document, json!({})).await;
        events.begun().await;
        open.push((shown, events));
    }
    let job = happen(&app, &acme).await;
    for (shown, mut events) in open {
        let name = &shown.name;
        let (mut left, mut cursors) = (shown.members(), Vec::new());
        while !left.is_empty() || cursors.len() < 2 {
            let event = events.event().await[&shown.field].clone();
            cursors.push(text(&event, "/cursor"));
            match event.get("__typename") {
                Some(member) => left.remove(member.as_str().expect("a name")),
                None => left.pop_first().is_some(),
            };
        }
        // Who comes back hears what came after the first.
        let first = cursors.remove(0);
        let values = shown.values(&json!({ "after": first, "jobId": job }));
        let mut again = acme.owner.events(&shown.document, values).await;
        let next = text(&again.event().await[&shown.field], "/cursor");
        assert_ne!(next, first, "{name}");
        assert!(cursors.contains(&next), "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_typed_to_listen_is_heard() {
    let place = Place::new().await;
    let server = place.serve().await;
    let (ann, _) = owner(&server.visitor()).await;
    let token = ann.access.clone().expect("a token");
    let script = fence("docs/REALTIME.md", "curl").replace("http://localhost:8000", &server.base);
    // It goes on until the server stops.
    let script = format!("{script} > heard");
    let variables = [("TOKEN", token.as_str())];
    let file = place.dir.path().join("heard");
    let heard = || fs::read_to_string(&file).unwrap_or_default();
    let happens = async {
        until("it listens", async || !heard().is_empty()).await;
        let body = json!({ "job_type": "create_instance" });
        ann.post("/provisioning/jobs", body).await.expect(201);
        let told = "\"__typename\":\"ProvisioningCompleted\"";
        until("it hears", async || heard().contains(told)).await;
        server.stop().await;
    };
    tokio::join!(place.bash(&script, &variables), happens);
    place.remove().await;
}
