//! What is told: jobs as they go, one's own notifications, money; nothing of anybody else.

use serde_json::json;

use super::{JOBS, PAID, ask, cursor, paid, pay};
use crate::support::{Actor, TestApp, live::Socket};

/// What happens to a job until it is over: the statuses, and the last event.
async fn until_over(socket: &mut Socket) -> (Vec<serde_json::Value>, serde_json::Value) {
    let mut seen = Vec::new();
    loop {
        let event = socket.event("s").await["provisioning"].clone();
        match event["__typename"].as_str().unwrap() {
            "ProvisioningStatusUpdate" => seen.push(event["status"].clone()),
            "ProvisioningLogLines" => assert!(!event["lines"].as_array().unwrap().is_empty()),
            _ => return (seen, event),
        }
    }
}

#[tokio::test]
async fn a_job_is_followed_from_its_asking_to_its_end() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.settle().await;
    let member = acme.join("member").await;
    let mut socket = member.online().await;
    socket.subscribe("s", JOBS, json!({})).await;
    let job = ask(&acme).await;
    app.settle().await;
    let (mut seen, last) = until_over(&mut socket).await;
    seen.dedup();
    assert_eq!(seen, [json!("PENDING"), json!("IN_PROGRESS")]);
    assert_eq!(last["__typename"], "ProvisioningCompleted", "{last}");
    assert_eq!(last["jobId"], json!(job));
    assert_eq!(last["job"], json!({ "id": job, "status": "COMPLETED" }));
    assert!(last["result"].is_object());
    app.finish().await;
}

#[tokio::test]
async fn one_job_can_be_listened_to_and_no_foreign_one() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    app.settle().await;
    let (first, second) = (ask(&acme).await, ask(&acme).await);
    let mut socket = acme.owner.online().await;
    socket.subscribe("s", JOBS, json!({ "job": second })).await;
    app.settle().await;
    let (_, last) = until_over(&mut socket).await;
    assert_eq!(last["jobId"], json!(second));
    let foreign = ask(&beta).await;
    for job in [foreign.as_str(), "0199d3a0-0000-7000-8000-000000000000"] {
        socket.start("f", JOBS, json!({ "job": job })).await;
        assert_eq!(socket.refused("f").await, "NOT_FOUND", "{job}");
    }
    socket.start("f", JOBS, json!({ "job": "garbage" })).await;
    assert_eq!(socket.refused("f").await, "INVALID_INPUT");
    assert_ne!(first, second);
    app.finish().await;
}

#[tokio::test]
async fn what_is_selected_is_resolved_in_depth() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.settle().await;
    let query = "subscription { provisioning { ...E } }
        fragment E on ProvisioningEvent { ... on ProvisioningCompleted {
            job { steps { name status } tenant { name viewerRole } requestedBy { email } logs(first: 2) { nodes { text } } }
        } ... on ProvisioningStatusUpdate { job { id } } ... on ProvisioningLogLines { jobId } }";
    let mut events = acme.owner.events(query, json!({})).await;
    events.begun().await;
    ask(&acme).await;
    app.settle().await;
    let job = loop {
        let event = events.event().await;
        if event["provisioning"]["job"]["steps"].is_array() {
            break event["provisioning"]["job"].clone();
        }
    };
    assert_eq!(
        job["tenant"],
        json!({ "name": "Acme", "viewerRole": "OWNER" })
    );
    assert_eq!(job["requestedBy"]["email"], json!(acme.owner.email));
    assert!(!job["steps"].as_array().unwrap().is_empty());
    assert_eq!(job["logs"]["nodes"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn the_inbox_is_told_to_its_owner_alone() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let member = acme.join("member").await;
    let query = "subscription { notifications {
        cursor occurredAt notification { id kind title readAt tenant { name } } } }";
    let listen = async |who: &Actor| {
        let mut socket = who.online().await;
        socket.subscribe("s", query, json!({})).await;
        socket
    };
    let mut theirs = listen(&member).await;
    let mut foreign = listen(&beta.owner).await;
    let body = json!({ "role": "admin" });
    acme.owner
        .patch(&acme.seat(&member), body)
        .await
        .expect(200);
    let event = theirs.event("s").await["notifications"].clone();
    assert_eq!(event["notification"]["kind"], "ROLE_CHANGED", "{event}");
    assert_eq!(event["notification"]["tenant"]["name"], "Acme");
    assert!(event["notification"]["readAt"].is_null());
    // The next thing that the other one hears is their own.
    let theirs = beta.join("member").await;
    drop(theirs);
    let event = foreign.event("s").await["notifications"].clone();
    assert_eq!(event["notification"]["kind"], "MEMBER_JOINED", "{event}");
    app.finish().await;
}

#[tokio::test]
async fn tenants_do_not_hear_each_other() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let mut socket = beta.owner.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    pay(&app, &acme, "theirs").await;
    pay(&app, &beta, "ours").await;
    assert_eq!(paid(&socket.event("s").await), "ours");
    app.finish().await;
}

#[tokio::test]
async fn what_happens_on_one_replica_is_heard_on_another() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = app.replica().await;
    let there = other.moved(&acme.owner);
    let mut socket = there.online().await;
    socket.subscribe("s", PAID, json!({})).await;
    let mut events = there.events(PAID, json!({})).await;
    events.begun().await;
    for n in 0..5 {
        pay(&app, &acme, &format!("payment-{n}")).await;
    }
    let mut last = String::new();
    for n in 0..5 {
        let event = socket.event("s").await;
        assert_eq!(paid(&event), format!("payment-{n}"));
        last = cursor(&event, "billing");
        assert_eq!(paid(&events.event().await), format!("payment-{n}"));
    }
    // Whoever changes over goes on from there.
    pay(&app, &acme, "later").await;
    let mut socket = acme.owner.online().await;
    socket.start("s", PAID, json!({ "after": last })).await;
    assert_eq!(paid(&socket.event("s").await), "later");
    other.leave().await;
    app.finish().await;
}
