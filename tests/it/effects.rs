//! Durable effects: letters through the outbox, the event log, the audit log; what a crash leaves
//! behind and what a second process makes of it.

use std::{collections::BTreeMap, fs, time::Duration};

use entity::{event, event_stream, ids::OutboxMessageId, outbox_message};
use erpmax::{
    config::Environment,
    domain::{
        event::{DomainEvent, Stream},
        job::Lane,
        outbox,
        signal::Signal,
    },
};
use futures::future::join_all;
use reqwest::Method;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::json;

use crate::support::{Actor, Company, PASSWORD, TestApp, db};

/// Room for every letter of a test.
const TEN: [outbox::Room; 1] = [outbox::Room {
    lane: Lane::Letters,
    jobs: 10,
}];

async fn invite(by: &Actor, tenant: &Company<'_>, email: &str) {
    let body = json!({ "email": email, "role": "member" });
    by.post(&tenant.path("/users/invite"), body)
        .await
        .expect(201);
}

#[tokio::test]
async fn a_letter_leaves_after_the_commit_and_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    assert_eq!(db::counts(&app).await.outbox, 1);
    assert!(app.letters().await.is_empty());
    assert_eq!(app.settle().await, 1);
    assert_eq!(db::counts(&app).await.outbox, 0);
    assert_eq!(app.letters_to("new@example.com").await.len(), 1);
    assert_eq!(app.settle().await, 0);
    assert_eq!(app.letters().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn what_was_refused_has_no_effects() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let before = db::counts(&app).await;
    for body in [
        json!({ "email": member.email, "role": "member" }),
        json!({ "email": "no address", "role": "member" }),
    ] {
        let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
        assert!(reply.status >= 400, "{reply}");
    }
    assert_eq!(
        acme.owner
            .delete(&acme.seat(&acme.owner))
            .await
            .failure()
            .code,
        "CONFLICT"
    );
    assert_eq!(
        member.delete(&acme.seat(&acme.owner)).await.failure().code,
        "FORBIDDEN"
    );
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_crash_between_commit_and_relay_loses_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    // The process ends before any relay has looked; the next one finds the job.
    let app = app.restart().await;
    assert!(app.letters().await.is_empty());
    assert_eq!(app.settle().await, 1);
    let body = json!({ "token": app.token_for("new@example.com").await, "password": PASSWORD });
    app.visitor()
        .post("/invitations/accept", body)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_relay_that_dies_with_a_job_loses_it_to_another_after_its_lease() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    let claimed = outbox::claim(&app.system(), &TEN).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let lease = app.app.config.worker.claim_lease;
    assert_eq!(app.settle().await, 0, "taken by another");
    app.advance(lease.saturating_sub(Duration::from_secs(1)));
    assert_eq!(app.settle().await, 0, "still taken by another");
    app.advance_secs(1);
    assert_eq!(app.settle().await, 1);
    assert_eq!(app.letters().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_relay_that_comes_back_late_changes_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    let cx = app.system();
    let [late] = outbox::claim(&cx, &TEN).await.unwrap().try_into().unwrap();
    app.advance(app.app.config.worker.claim_lease);
    let [current] = outbox::claim(&cx, &TEN).await.unwrap().try_into().unwrap();
    assert_eq!((late.id, late.attempt, current.attempt), (current.id, 1, 2));
    for settlement in [
        outbox::Settlement::Done,
        outbox::Settlement::Dead("late".into()),
        outbox::Settlement::Retry("late".into()),
    ] {
        outbox::settle(&cx, late.id, late.attempt, settlement)
            .await
            .unwrap();
        let [row] = rows(&app).await.try_into().unwrap();
        assert_eq!((row.dead_at, row.last_error, row.attempts), (None, None, 2));
        assert!(row.claimed_until.is_some());
    }
    outbox::settle(&cx, current.id, current.attempt, outbox::Settlement::Done)
        .await
        .unwrap();
    assert_eq!(rows(&app).await, []);
    app.finish().await;
}

async fn rows(app: &TestApp) -> Vec<outbox_message::Model> {
    outbox_message::Entity::find()
        .all(&app.app.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_share_the_work_and_send_each_letter_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for n in 0..40 {
        invite(&acme.owner, &acme, &format!("n{n}@example.com")).await;
    }
    let other = app.replica().await;
    let (here, there) = tokio::join!(app.settle(), other.settle());
    assert_eq!(here + there, 40, "{here} here, {there} there");
    let mut letters = BTreeMap::<_, usize>::new();
    for letter in app.letters().await {
        *letters.entry(letter.to).or_default() += 1;
    }
    assert_eq!(letters.len(), 40);
    assert!(letters.values().all(|sent| *sent == 1), "{letters:?}");
    other.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_later_and_later() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    // Letters cannot be written while a file stands where their directory should be.
    let mail = app.app.config.mail.dir.clone();
    fs::write(&mail, "in the way").unwrap();
    invite(&acme.owner, &acme, "new@example.com").await;
    let mut waited = Vec::new();
    for attempt in 1..=4 {
        assert_eq!(app.settle().await, 1);
        let [row] = rows(&app).await.try_into().unwrap();
        assert_eq!(
            (row.attempts, row.dead_at, row.claimed_until),
            (attempt, None, None)
        );
        assert!(row.last_error.is_some());
        let wait = (row.available_at - app.app.clock.now()).to_std().unwrap();
        waited.push(wait);
        app.advance(wait.saturating_sub(Duration::from_millis(1)));
        assert_eq!(app.settle().await, 0, "tried too early");
        app.advance_secs(1);
    }
    assert!(
        waited.is_sorted() && waited[3] > waited[0] * 3,
        "{waited:?}"
    );
    fs::remove_file(&mail).unwrap();
    assert_eq!(app.settle().await, 1);
    assert_eq!(app.letters_to("new@example.com").await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_never_succeeds_is_given_up_and_kept() {
    let app = TestApp::with(|config| config.worker.max_attempts = 3).await;
    let acme = app.company("Acme").await;
    fs::write(&app.app.config.mail.dir, "in the way").unwrap();
    invite(&acme.owner, &acme, "new@example.com").await;
    for _ in 0..3 {
        assert_eq!(app.settle().await, 1);
        app.advance_secs(3600);
    }
    assert_eq!(app.settle().await, 0);
    let [row] = rows(&app).await.try_into().unwrap();
    assert!(row.dead_at.is_some() && row.last_error.is_some(), "{row:?}");
    assert!(
        !row.last_error.unwrap().contains("example.com"),
        "an address in the log"
    );
    app.finish_with_dead(1).await;
}

#[tokio::test]
async fn a_job_of_a_newer_version_waits_for_it() {
    let app = TestApp::with(|config| config.worker.max_attempts = 2).await;
    let now = app.app.clock.now();
    let row = outbox_message::Model {
        id: OutboxMessageId(app.app.ids.next()),
        kind: "of_a_later_version".to_owned(),
        payload: json!({ "kind": "of_a_later_version" }),
        request_id: None,
        attempts: 0,
        available_at: now,
        claimed_until: None,
        sent_at: None,
        dead_at: None,
        last_error: None,
        created_at: now,
    };
    let row = outbox_message::ActiveModel {
        payload: Set(row.payload.clone()),
        ..row.into()
    };
    row.insert(&app.app.db).await.unwrap();
    // During an update both versions relay; the newer one will know what to do.
    assert_eq!(app.settle().await, 1);
    let [row] = rows(&app).await.try_into().unwrap();
    assert_eq!((row.dead_at, row.attempts), (None, 1));
    app.advance_secs(3600);
    // If none comes, the job is kept for a person to look at.
    assert_eq!(app.settle().await, 1);
    let [row] = rows(&app).await.try_into().unwrap();
    assert!(row.dead_at.is_some(), "{row:?}");
    app.finish_with_dead(1).await;
}

#[tokio::test]
async fn letters_wait_while_production_has_no_mail() {
    let app = TestApp::with(|config| config.environment = Environment::Production).await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    for _ in 0..3 {
        assert_eq!(app.settle().await, 0, "no letter is tried");
        app.advance_secs(3_600);
    }
    let [waiting] = rows(&app).await.try_into().unwrap();
    assert_eq!((waiting.attempts, waiting.dead_at), (0, None));
    let ready = app.visitor().send(Method::GET, "/health/ready", None).await;
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json["parts"]["mail"], "off");
    app.abandon().await;
}

#[tokio::test]
async fn every_deed_is_written_down_with_who_and_where() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    invite(&acme.owner, &acme, "new@example.com").await;
    let member = acme.join("member").await;
    acme.owner
        .patch(&acme.path(""), json!({ "name": "Acme Two" }))
        .await
        .expect(200);
    acme.owner
        .patch(&acme.seat(&member), json!({ "role": "admin" }))
        .await
        .expect(200);
    let body = json!({ "tenant_id": acme.id });
    let reply = member.post("/auth/switch-tenant", body).await;
    let member = member.with_tokens(reply.expect(200));
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    member.post("/auth/logout", json!({})).await.expect(200);

    let told: Vec<_> = db::deeds(&app).await;
    let told: Vec<_> = told
        .iter()
        .map(|(action, actor, target)| (action.as_str(), actor.as_str(), target.as_str()))
        .collect();
    for deed in [
        ("account.registered", "user", "user"),
        ("tenant.created", "user", "tenant"),
        ("session.started", "user", "session"),
        ("invitation.sent", "user", "invitation"),
        ("invitation.renewed", "user", "invitation"),
        ("member.joined", "user", "user"),
        ("tenant.updated", "user", "tenant"),
        ("member.role_changed", "user", "user"),
        ("session.tenant_switched", "user", "tenant"),
        ("member.removed", "user", "user"),
        ("session.ended", "user", "session"),
    ] {
        assert!(told.contains(&deed), "{deed:?} is missing in {told:#?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_stolen_refresh_token_is_written_down() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "refresh_token": acme.owner.refresh });
    acme.owner
        .post("/auth/refresh", body.clone())
        .await
        .expect(200);
    app.advance_secs(60);
    assert_eq!(acme.owner.post("/auth/refresh", body).await.status, 401);
    let deeds = db::deeds(&app).await;
    assert!(
        deeds.iter().any(|deed| deed.0 == "session.reuse_detected"),
        "{deeds:#?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn streams_have_no_gaps_and_no_repetitions_however_many_write() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let member = acme.join("member").await;
    beta.admit(&member, "member").await;
    let jobs = (0..40).map(|n| {
        let (acme, beta, member) = (acme.clone(), beta.clone(), member.clone());
        async move {
            let tenant = if n % 2 == 0 { &acme } else { &beta };
            match n % 4 {
                0 | 1 => {
                    let role = json!({ "role": if n % 8 < 4 { "admin" } else { "member" } });
                    tenant
                        .owner
                        .patch(&tenant.seat(&member), role)
                        .await
                        .expect(200);
                }
                _ => invite(&tenant.owner, tenant, &format!("n{n}@example.com")).await,
            }
        }
    });
    join_all(jobs).await;

    let mut streams = BTreeMap::<_, Vec<_>>::new();
    for event in event::Entity::find().all(&app.app.db).await.unwrap() {
        streams.entry(event.stream.clone()).or_default().push((
            event.seq,
            event.kind,
            event.payload,
        ));
    }
    let heads = event_stream::Entity::find().all(&app.app.db).await.unwrap();
    assert_eq!(heads.len(), streams.len());
    for head in heads {
        let mut events = streams.remove(&head.stream).unwrap();
        events.sort_by_key(|event| event.0);
        let seqs: Vec<_> = events.iter().map(|event| event.0).collect();
        assert_eq!(seqs, (1..=head.head).collect::<Vec<_>>(), "{}", head.stream);
        for (_, kind, payload) in events {
            let event: DomainEvent = serde_json::from_value(payload).unwrap();
            assert_eq!(event.kind(), kind);
            let name: Stream = head.stream.parse().unwrap();
            assert!(event.audience().contains(&name), "{event:?} in {name}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn listeners_hear_what_was_committed_and_nothing_else() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut listener = app.app.bus.subscribe();
    let refused = acme.owner.delete(&acme.seat(&acme.owner)).await;
    assert_eq!(refused.failure().code, "CONFLICT");
    acme.owner
        .patch(&acme.path(""), json!({ "name": "Acme Two" }))
        .await
        .expect(200);
    let heard = tokio::time::timeout(Duration::from_secs(10), listener.recv()).await;
    let heard = heard.expect("the event is published").unwrap();
    let Signal::Event(heard) = &*heard else {
        panic!("something else came first: {heard:?}")
    };
    let DomainEvent::TenantUpdated { tenant_id } = heard.event else {
        panic!("another event came first: {heard:?}")
    };
    assert_eq!(tenant_id.to_string(), acme.id);
    assert_eq!(heard.stream, Stream::Tenant(tenant_id));
    let stored = event::Entity::find_by_id(heard.id)
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.seq, stored.occurred_at),
        (heard.seq, heard.occurred_at)
    );
    app.finish().await;
}
