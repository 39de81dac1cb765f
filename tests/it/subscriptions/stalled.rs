//! One who takes nothing in: what they have under way goes on, and keeps nothing from others.

use entity::{
    ids::{ProvisioningJobId, TenantId},
    tenant,
};
use erpmax::domain::event::DomainEvent;
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::json;

use super::{PAID, emit, facts, paid, pay};
use crate::support::{TestApp, live::Socket, stage::until};

/// A query with a long answer, which nothing has to be waited for.
const LONG: &str = include_str!("../bad_input/introspection.graphql");
/// More of them than the system keeps for anybody who does not read.
const MANY: usize = 80;

/// How many operations have been answered.
fn answered(app: &TestApp) -> usize {
    let metrics = app.app.metrics.encode().unwrap();
    let counts = metrics
        .lines()
        .filter(|line| line.contains("graphql_operations_total{"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<usize>().ok());
    counts.sum()
}

/// Asks for more than the socket holds.
async fn fill(app: &TestApp, socket: &mut Socket) {
    for n in 0..MANY {
        socket.start(&n.to_string(), LONG, json!({})).await;
    }
    let mut seen = (0, 0);
    until("the socket is full", async || {
        let now = answered(app);
        seen = if now == seen.0 {
            (now, seen.1 + 1)
        } else {
            (now, 0)
        };
        now > 0 && seen.1 > 100
    })
    .await;
    assert!(seen.0 < MANY, "all of it was taken in");
}

async fn app() -> TestApp {
    TestApp::with(|config| {
        config.realtime.operations_per_socket = 2 * MANY;
        config.realtime.messages_per_second = 10_000;
    })
    .await
}

#[tokio::test]
async fn who_reads_nothing_goes_when_they_must() {
    let app = app().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    fill(&app, &mut socket).await;
    let here = "erpmax_realtime_connections 1";
    assert!(app.app.metrics.encode().unwrap().contains(here));
    acme.owner.post("/auth/logout", json!({})).await.expect(200);
    until("the connection is gone", async || {
        !app.app.metrics.encode().unwrap().contains(here)
    })
    .await;
    app.finish().await;
    drop(socket);
}

#[tokio::test]
async fn what_was_asked_for_by_who_reads_nothing_keeps_no_locks() {
    let app = app().await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    // The change waits for somebody else, who goes on only when nothing more can be written to its client.
    let other = app.system().begin().await.unwrap();
    let id: TenantId = acme.id.parse().unwrap();
    let held = tenant::Entity::find_by_id(id).lock_exclusive();
    held.one(&*other).await.unwrap().expect("the tenant");
    let change = "mutation { updateTenant(input: { name: \"Changed\" }) { tenant { name } } }";
    socket.start("change", change, json!({})).await;
    fill(&app, &mut socket).await;
    drop(other);
    until("the change is made", async || {
        let reply = acme.owner.get(&acme.path("")).await;
        reply.expect(200)["name"] == "Changed"
    })
    .await;
    drop(socket);
    app.finish().await;
}

#[tokio::test]
async fn what_others_were_told_is_not_missed_by_who_falls_behind() {
    let app = TestApp::with(|config| {
        config.realtime.operations_per_socket = 2 * MANY;
        config.realtime.messages_per_second = 10_000;
        config.realtime.replay_max = 150;
    })
    .await;
    let acme = app.company("Acme").await;
    let mut socket = acme.owner.online().await;
    socket.subscribe("paid", PAID, json!({})).await;
    pay(&app, &acme, "first").await;
    assert_eq!(paid(&socket.event("paid").await), "first");
    let mut quick = acme.owner.online().await;
    quick.subscribe("paid", PAID, json!({})).await;
    // More happens in the stream than is read again, and none of it is about money.
    let job = ProvisioningJobId(uuid::Uuid::nil());
    for _ in 0..160 {
        emit(&app, DomainEvent::JobQueued(facts(&acme, job))).await;
    }
    // Then more about money than waits for anybody, while nothing is taken in.
    fill(&app, &mut socket).await;
    let payments: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    for payment in &payments {
        pay(&app, &acme, payment).await;
    }
    for payment in &payments {
        assert_eq!(paid(&quick.event("paid").await), *payment);
    }
    let mut heard = Vec::new();
    while heard.len() < payments.len() {
        let message = socket.json().await;
        if message["id"] == "paid" {
            assert_eq!(message["type"], "next", "{message}");
            heard.push(paid(&message["payload"]["data"]));
        }
    }
    assert_eq!(heard, payments);
    app.finish().await;
}
