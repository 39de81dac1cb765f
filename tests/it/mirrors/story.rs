//! What happens: every kind of event there is, caused the way people cause it; those that nothing causes
//! yet are written into the log.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{
    ids::{PlanId, SubscriptionId},
    provisioning_job::JobType,
    subscription::{BillingPeriod, SubscriptionStatus},
};
use erpmax::domain::event::{DomainEvent, PaymentFacts, SubscriptionFacts};
use serde_json::json;

use super::ears::{Ear, One};
use crate::support::{
    Company, Door, TestApp,
    client::text,
    jobs::{ask, cancel, retry},
    ops,
    stage::{Fault, Stage},
};

/// Everything, in an order that leaves something that is told for the end of each feed.
pub async fn everything(app: &TestApp, stage: &Stage, acme: &Company<'_>, ears: &mut [Ear]) {
    sessions(app, acme).await;
    jobs(app, stage, acme, ears).await;
    money(app, acme).await;
    people(acme).await;
}

/// Sign-ins that end, by somebody's will and against it.
async fn sessions(app: &TestApp, acme: &Company<'_>) {
    let other = acme.owner.sign_in().await;
    other.call(Door::Rest, &ops::logout()).await.expect(200);
    let copied = acme.owner.sign_in().await;
    let refresh = ops::refresh_token(&copied.refresh);
    copied.call(Door::Rest, &refresh).await.expect(200);
    app.advance(app.app.config.auth.refresh_reuse_window + Duration::from_secs(1));
    let again = copied.call(Door::Rest, &refresh).await;
    assert_eq!(again.failure().code, "UNAUTHENTICATED");
    let query = "{ viewer { notifications(first: 1) { nodes { id kind } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let told = &reply.ok()["viewer"]["notifications"]["nodes"][0];
    assert_eq!(told["kind"], "SESSION_REUSED");
    let read = ops::mark_notification_read(&text(told, "/id"));
    acme.owner.call(Door::Graphql, &read).await.ok();
}

/// Jobs that are done, given up, done after all, and called off; one is heard while it runs.
async fn jobs(app: &TestApp, stage: &Stage, acme: &Company<'_>, ears: &mut [Ear]) {
    let gate = stage.gate("in perform create.make");
    stage.fault(
        "perform create.name",
        [Fault::Say(vec!["Hello".to_owned()])],
    );
    // Given up half way, so that there is something to tell of it.
    stage.fault("perform update.migrate", [Fault::Refuse]);
    ask(acme, JobType::Create).await;
    let under_way = async {
        gate.reached().await;
        for ear in ears.iter_mut().filter(|ear| ear.hears("provisioning")) {
            ear.until(is_further_on).await;
        }
        gate.open();
    };
    tokio::join!(app.settle(), under_way);
    let update = ask(acme, JobType::Update).await;
    app.settle().await;
    retry(acme, update).await;
    app.settle().await;
    let backup = ask(acme, JobType::Backup).await;
    assert!(cancel(acme, backup).await);
    app.settle().await;
}

/// Whether it tells of a job that is neither at its beginning nor at its end.
fn is_further_on(one: &One) -> bool {
    let progress = one.said["progress"].as_i64().unwrap_or_default();
    one.event == "status:update" && progress > 0
}

/// What is paid, and what for.
async fn money(app: &TestApp, acme: &Company<'_>) {
    let query = "{ tenant { subscription { id currentPeriodEnd plan { id name } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let subscription = &reply.ok()["tenant"]["subscription"];
    let tenant_id = acme.id.parse().expect("an id");
    let payment = |payment_id: &str, amount_minor| PaymentFacts {
        tenant_id,
        payment_id: payment_id.to_owned(),
        amount_minor,
        currency: "USD".to_owned(),
    };
    let facts = SubscriptionFacts {
        tenant_id,
        subscription_id: SubscriptionId(text(subscription, "/id").parse().expect("an id")),
        plan_id: PlanId(text(subscription, "/plan/id").parse().expect("an id")),
        plan: text(subscription, "/plan/name"),
        status: SubscriptionStatus::PastDue,
        billing_period: BillingPeriod::Yearly,
        current_period_end: app.app.clock.now() + TimeDelta::days(3),
        cancel_at_period_end: true,
    };
    for event in [
        DomainEvent::PaymentFailed(payment("pi_1", 9_910)),
        DomainEvent::PaymentReceived(payment("pi_2", 990_000)),
        DomainEvent::SubscriptionUpdated(facts.clone()),
        DomainEvent::SubscriptionExpiring {
            subscription: facts,
            days_left: 3,
        },
    ] {
        let mut unit = app.system().begin().await.unwrap();
        unit.emit(event);
        unit.commit().await.unwrap();
    }
}

/// Who comes, goes and becomes something else; in the end, the owner is one no more.
async fn people(acme: &Company<'_>) {
    let owner = &acme.owner;
    let rename = ops::update_tenant(&acme.id, json!({ "name": "Acme & Co" }));
    owner.call(Door::Graphql, &rename).await.ok();
    let invite = ops::invite_member(&acme.id, json!({ "email": "stray@example.com" }));
    let invited = owner.call(Door::Rest, &invite).await;
    let invitation = text(invited.expect(201), "/invitation/id");
    let revoke = ops::revoke_invitation(&acme.id, &invitation);
    owner.call(Door::Graphql, &revoke).await.ok();
    let (heir, guest, stranger) = (
        acme.join("member").await,
        acme.join("member").await,
        acme.join("member").await,
    );
    let promote = ops::change_member_role(&acme.id, &heir.id, "admin");
    owner.call(Door::Rest, &promote).await.expect(200);
    let leave = ops::leave_tenant(&acme.id);
    guest.call(Door::Graphql, &leave).await.ok();
    let remove = ops::remove_member(&acme.id, &stranger.id);
    owner.call(Door::Graphql, &remove).await.ok();
    let hand_over = ops::transfer_ownership(&acme.id, &heir.id);
    owner.call(Door::Graphql, &hand_over).await.ok();
}
