//! One rendering for all who see the same; each as they are, where they do not.

use futures::future::join_all;
use serde_json::json;

use super::{PAID, facts, paid, pay};
use crate::support::{Actor, TestApp, sites};
use erpmax::domain::event::DomainEvent;

const OF_JOB: &str =
    "subscription { provisioning { ... on ProvisioningStatusUpdate { jobId job { id status } } } }";

/// How many statements an event costs that so many hear.
async fn cost(listeners: usize) -> u64 {
    let app =
        TestApp::with(|config| config.realtime.poll = std::time::Duration::from_hours(1)).await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |_| {}).await;
    let mut sockets = join_all((0..listeners).map(|_| acme.owner.online())).await;
    for socket in &mut sockets {
        socket.subscribe("s", OF_JOB, json!({})).await;
    }
    let event = || DomainEvent::JobQueued(facts(&acme, job.id));
    super::emit(&app, event()).await;
    for socket in &mut sockets {
        socket.event("s").await;
    }
    let before = app.app.metrics.sql.count();
    super::emit(&app, event()).await;
    for socket in &mut sockets {
        let told = socket.event("s").await;
        assert_eq!(told["provisioning"]["job"]["id"], json!(job.id.to_string()));
    }
    let cost = app.app.metrics.sql.count() - before;
    app.finish().await;
    cost
}

#[tokio::test]
async fn what_an_event_costs_does_not_grow_with_those_who_hear_it() {
    assert_eq!(cost(1).await, cost(12).await);
}

#[tokio::test]
async fn people_of_one_role_share_what_is_the_same_and_see_their_own_else() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |_| {}).await;
    let people = [
        acme.owner.clone(),
        acme.join("member").await,
        acme.join("member").await,
    ];
    let deep = "subscription { provisioning { ... on ProvisioningStatusUpdate {
        job { id tenant { viewerRole members { totalCount } } } } } }";
    let role = "subscription { provisioning { ... on ProvisioningStatusUpdate { job { tenant { viewerRole } } } } }";
    let mut sockets = Vec::new();
    for who in &people {
        let mut socket = who.online().await;
        socket.subscribe("common", OF_JOB, json!({})).await;
        socket.subscribe("role", role, json!({})).await;
        sockets.push(socket);
    }
    super::emit(&app, DomainEvent::JobQueued(facts(&acme, job.id))).await;
    for (socket, expected) in sockets.iter_mut().zip(["OWNER", "MEMBER", "MEMBER"]) {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..2 {
            let message = socket.json().await;
            seen.insert(
                message["id"].to_string(),
                message["payload"]["data"]["provisioning"].clone(),
            );
        }
        assert_eq!(seen["\"common\""]["job"]["id"], json!(job.id.to_string()));
        assert_eq!(seen["\"role\""]["job"]["tenant"]["viewerRole"], expected);
    }
    // What one may not see is an error for them, and for nobody else.
    let answers = async |who: &Actor| {
        let mut events = who.events(deep, json!({})).await;
        events.begun().await;
        events
    };
    let (mut owner, mut member) = (answers(&people[0]).await, answers(&people[1]).await);
    super::emit(&app, DomainEvent::JobQueued(facts(&acme, job.id))).await;
    assert_eq!(
        owner.event().await["provisioning"]["job"]["tenant"]["members"]["totalCount"],
        3
    );
    let refused = member.answer().await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{refused}"
    );
    app.finish().await;
}

#[tokio::test]
async fn who_reads_slowly_holds_nobody_up_and_misses_nothing() {
    let app = TestApp::with(|config| config.realtime.backlog = 4).await;
    let acme = app.company("Acme").await;
    let mut slow = acme.owner.online().await;
    slow.subscribe("s", PAID, json!({})).await;
    let mut quick = acme.owner.online().await;
    quick.subscribe("s", PAID, json!({})).await;
    // More than what waits for anybody in the process.
    for n in 0..200 {
        pay(&app, &acme, &n.to_string()).await;
        assert_eq!(paid(&quick.event("s").await), n.to_string());
    }
    for n in 0..200 {
        assert_eq!(paid(&slow.event("s").await), n.to_string());
    }
    app.finish().await;
}

/// How many statements it costs that so many come back at once who have missed so many events.
async fn cost_of_return(listeners: usize, events: usize) -> u64 {
    let app =
        TestApp::with(|config| config.realtime.poll = std::time::Duration::from_hours(1)).await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |_| {}).await;
    let query = "subscription($after: String) { provisioning(after: $after) {
        ... on ProvisioningStatusUpdate { cursor job { id status } } } }";
    let event = || DomainEvent::JobQueued(facts(&acme, job.id));
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", query, json!({})).await;
    super::emit(&app, event()).await;
    let after = super::cursor(&socket.event("s").await, "provisioning");
    drop(socket);
    for _ in 0..events {
        super::emit(&app, event()).await;
    }
    let mut sockets = join_all((0..listeners).map(|_| acme.owner.online())).await;
    let before = app.app.metrics.sql.count();
    for socket in &mut sockets {
        socket.start("s", query, json!({ "after": after })).await;
    }
    for socket in &mut sockets {
        for _ in 0..events {
            let told = socket.event("s").await;
            assert_eq!(told["provisioning"]["job"]["id"], json!(job.id.to_string()));
        }
    }
    let cost = app.app.metrics.sql.count() - before;
    app.finish().await;
    cost
}

#[tokio::test]
async fn those_who_come_back_at_once_share_what_they_missed() {
    let of_events =
        async |listeners| cost_of_return(listeners, 40).await - cost_of_return(listeners, 10).await;
    let (one, twelve) = (of_events(1).await, of_events(12).await);
    assert!(one >= 30, "{one}");
    // Now and then, what was rendered is too old to be shared.
    assert!(twelve < 4 * one, "{twelve}, but {one} for one");
}
