//! Idempotency keys (ruling 32): a repeat gets the first answer and nothing happens again.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Actor, Company, Door, Reply, TestApp, assert_code,
    db::{self, Counts},
    ops::{self, Call},
    sdl,
    storage::full_stack,
};

fn invite(company: &Company<'_>, email: &str) -> Call {
    ops::invite_member(&company.id, json!({ "email": email, "role": "member" }))
}

/// What must be the same in the first answer and in every repeat.
fn told(door: Door, call: &Call, reply: &Reply) -> (u16, Value) {
    (reply.status, call.facts(door, reply))
}

async fn at_once(n: usize, who: &Actor, door: Door, call: &Call, key: &str) -> Vec<Reply> {
    join_all((0..n).map(|_| who.call_keyed(door, call, key))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_equal_requests_at_once_have_one_effect_and_one_answer() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    for door in Door::BOTH {
        let unknown = format!("new@{door:?}.example.com");
        let before = db::counts(&app).await;
        let call = invite(&acme, &unknown);
        let replies = at_once(50, &acme.owner, door, &call, &format!("unknown-{door:?}")).await;
        let first = told(door, &call, &replies[0]);
        assert!(
            first.0 < 300 && !first.1["invitation"].is_null(),
            "{}",
            replies[0]
        );
        for reply in &replies {
            assert_eq!(told(door, &call, reply), first);
        }
        let after = db::counts(&app).await;
        assert_eq!(after.invitations, before.invitations + 1);
        assert_eq!(after.audit, before.audit + 1);
        assert_eq!(after.outbox, before.outbox + 1);
        app.settle().await;
        assert_eq!(app.letters_to(&unknown).await.len(), 1);
    }
    // Here a second effect would not renew, it would be refused.
    let call = invite(&acme, &beta.owner.email);
    let replies = at_once(50, &acme.owner, Door::Rest, &call, "known").await;
    for reply in &replies {
        assert_eq!(
            told(Door::Rest, &call, reply),
            told(Door::Rest, &call, &replies[0])
        );
    }
    assert_eq!(replies[0].status, 201, "{}", replies[0]);
    assert_eq!(db::counts(&app).await.memberships, 3);
    app.finish().await;
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_person() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let first = invite(&acme, "one@example.com");
    let one = acme.owner.call_keyed(Door::Rest, &first, "k").await;
    one.expect(201);
    let before = db::counts(&app).await;
    let tenant = ops::update_tenant(&acme.id, json!({ "name": "Other" }));
    for other in [
        invite(&acme, "two@example.com"),
        invite(&beta, "one@example.com"),
        tenant,
    ] {
        let reply = acme.owner.call_keyed(Door::Graphql, &other, "k").await;
        assert_code(&reply, "CONFLICT", "IDEMPOTENCY_KEY_REUSED");
    }
    let other = invite(&acme, "two@example.com");
    let reply = acme.owner.call_keyed(Door::Rest, &other, "k").await;
    assert_eq!(reply.status, 409);
    assert_code(&reply, "CONFLICT", "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(db::counts(&app).await, before);
    // Somebody else's key of the same name is another key.
    let theirs = invite(&beta, "two@example.com");
    let reply = beta.owner.call_keyed(Door::Rest, &theirs, "k").await;
    reply.expect(201);
    // The doors share keys, since they share the work.
    let again = acme.owner.call_keyed(Door::Graphql, &first, "k").await;
    assert_eq!(
        first.facts(Door::Graphql, &again)["invitation"]["id"],
        first.facts(Door::Rest, &one)["invitation"]["id"]
    );
    app.finish().await;
}

#[tokio::test]
async fn what_was_refused_leaves_its_key_free() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let call = invite(&acme, &beta.owner.email);
    let seat = ops::remove_member(&acme.id, &beta.owner.id);
    acme.owner.call(Door::Rest, &call).await.expect(201);
    let refused = acme.owner.call_keyed(Door::Rest, &call, "k").await;
    assert_code(&refused, "CONFLICT", "ALREADY_MEMBER");
    acme.owner.call(Door::Rest, &seat).await.expect(200);
    acme.owner
        .call_keyed(Door::Rest, &call, "k")
        .await
        .expect(201);
    app.finish().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_across_restarts() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (owner, call) = (acme.owner.clone(), invite(&acme, "new@example.com"));
    let first = owner.call_keyed(Door::Rest, &call, "k").await;
    first.expect(201);
    // The reply was lost: the client asks another replica, after a crash.
    let app = app.restart().await;
    let owner = app.moved(&owner);
    app.advance(Duration::from_mins(10));
    let again = owner.call_keyed(Door::Rest, &call, "k").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    app.advance(Duration::from_hours(24));
    let owner = owner.sign_in().await;
    let renewed = owner.call_keyed(Door::Rest, &call, "k").await;
    let expires = |reply: &Reply| call.facts(Door::Rest, reply)["invitation"]["expires_at"].clone();
    assert_ne!(expires(&renewed), expires(&first));
    app.finish().await;
}

#[tokio::test]
async fn answers_and_sessions_that_are_over_are_swept_away() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for n in 0..3 {
        let call = invite(&acme, &format!("n{n}@example.com"));
        acme.owner
            .call_keyed(Door::Rest, &call, &format!("k{n}"))
            .await
            .expect(201);
    }
    assert_eq!(app.sweep().await, 0);
    app.advance(Duration::from_hours(24));
    assert_eq!(app.sweep().await, 3);
    // A session lasts seven days and is kept for seven more.
    app.advance(Duration::from_hours(24 * 12));
    assert_eq!(
        app.sweep().await,
        3,
        "the events, which are kept for seven days"
    );
    app.advance(Duration::from_hours(24));
    assert_eq!(app.sweep().await, 1);
    let Counts {
        sessions,
        refresh_tokens,
        ..
    } = db::counts(&app).await;
    assert_eq!((sessions, refresh_tokens), (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn malformed_keys_are_refused_after_the_credentials() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let call = invite(&acme, "new@example.com");
    let before = db::counts(&app).await;
    let long = "x".repeat(256);
    for (key, reason) in [
        ("", "BLANK"),
        (&*long, "TOO_LONG"),
        ("a b", "CONTROL_CHARACTER"),
    ] {
        for door in Door::BOTH {
            let reply = acme.owner.call_keyed(door, &call, key).await;
            assert_code(&reply, "INVALID_INPUT", reason);
            let stranger = app.visitor().call_keyed(door, &call, key).await;
            assert_eq!(stranger.failure().code, "UNAUTHENTICATED");
        }
    }
    let url = format!("{}/api/v1{}", acme.owner.base, acme.path("/users/invite"));
    let twice = acme
        .owner
        .http
        .request(Method::POST, url)
        .header("Idempotency-Key", "a");
    let twice = twice
        .header("Idempotency-Key", "b")
        .json(&json!({ "email": "n@example.com" }));
    let reply = Reply::of("two keys".to_owned(), acme.owner.signed(twice)).await;
    assert_code(&reply, "INVALID_INPUT", "MUTUALLY_EXCLUSIVE");
    assert_eq!(
        reply.json["errors"][0]["field"],
        "header -> Idempotency-Key"
    );
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

/// On PostgreSQL the first request holds the key while it waits for the tenant; on SQLite writers
/// queue up before they hold anything, so the twin is answered like the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_twin_waits_so_long_and_is_then_told_to_come_back() {
    let app = TestApp::with(|config| config.idempotency.wait = Duration::from_secs(1)).await;
    let acme = app.company("Acme").await;
    let call = invite(&acme, "new@example.com");
    let held = app.app.db.pool().begin().await.unwrap();
    let backend = held.get_database_backend();
    let lock = "UPDATE tenants SET slug = slug";
    held.execute_raw(Statement::from_string(backend, lock))
        .await
        .unwrap();
    let send = || acme.owner.call_keyed(Door::Rest, &call, "k");
    let release = async |twin: Option<Reply>| {
        if let Some(twin) = &twin {
            assert_eq!(twin.status, 409, "{twin}");
            assert_code(twin, "CONFLICT", "IDEMPOTENCY_IN_PROGRESS");
        }
        held.commit().await.unwrap();
    };
    let (first, second) = if full_stack() {
        // Whichever comes second gives up while the tenant is held.
        let (one, two) = (Box::pin(send()), Box::pin(send()));
        let (refused, winner) = match futures::future::select(one, two).await {
            futures::future::Either::Left((reply, other))
            | futures::future::Either::Right((reply, other)) => (reply, other),
        };
        release(Some(refused)).await;
        (winner.await, send().await)
    } else {
        let (one, two, ()) = tokio::join!(send(), send(), release(None));
        (one, two)
    };
    assert_eq!(first.status, 201, "{first}");
    assert_eq!(first.body, second.body);
    assert_eq!(db::counts(&app).await.invitations, 1);
    app.finish().await;
}

/// Mutations without a key, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("register", "the answer holds credentials"),
    ("login", "the answer holds credentials"),
    ("refreshToken", "the answer holds credentials"),
    ("switchTenant", "the answer holds credentials"),
    ("logout", "signing out twice is signing out"),
    ("logoutEverywhere", "signing out twice is signing out"),
    ("revokeSession", "ending a session twice is ending it"),
    ("markNotificationRead", "what was read is read"),
    (
        "markAllNotificationsRead",
        "what was read is read, and `upTo` says what was seen",
    ),
    (
        "updateNotificationPreferences",
        "a choice made twice is that choice",
    ),
];

#[test]
fn every_mutation_takes_a_key_or_is_listed() {
    let sdl = erpmax::graphql::sdl();
    for name in &sdl::mutations() {
        let listed = WITHOUT.iter().any(|(without, _)| without == name);
        let input = format!("input {}{}Input {{", name[..1].to_uppercase(), &name[1..]);
        let keyed = sdl.split_once(&input).is_some_and(|(_, rest)| {
            let fields = rest.split_once("\n}").map_or(rest, |(fields, _)| fields);
            fields.contains("idempotencyKey: String")
        });
        assert!(
            keyed != listed,
            "{name}: takes a key: {keyed}, listed: {listed}"
        );
    }
}

#[tokio::test]
async fn each_keyed_operation_repeats_its_answer() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (member, leaver) = (acme.join("member").await, acme.join("member").await);
    let guest = app.company("Guest").await.owner;
    let pending = async |email: &str| {
        let reply = acme.owner.call(Door::Rest, &invite(&acme, email)).await;
        let id = reply.expect(201)["invitation"]["id"].clone();
        id.as_str().expect("an invitation").to_owned()
    };
    let (resent, revoked) = (
        pending("a@example.com").await,
        pending("b@example.com").await,
    );
    // The trial has three seats.
    let calls = [
        ops::remove_member(&acme.id, &leaver.id),
        ops::invite_member(&acme.id, json!({ "email": guest.email })),
        ops::change_member_role(&acme.id, &member.id, "admin"),
        ops::remove_member(&acme.id, &guest.id),
        ops::resend_invitation(&acme.id, &resent),
        ops::revoke_invitation(&acme.id, &revoked),
        ops::update_tenant(
            &acme.id,
            json!({ "name": "Acme Two", "settings": {"a": 1} }),
        ),
        // Who asks again is an owner no longer, and then not even a member.
        ops::transfer_ownership(&acme.id, &member.id),
        ops::leave_tenant(&acme.id),
    ];
    for (n, call) in calls.iter().enumerate() {
        let key = format!("k{n}");
        let first = acme.owner.call_keyed(Door::Graphql, call, &key).await;
        let before = db::counts(&app).await;
        let again = acme.owner.call_keyed(Door::Graphql, call, &key).await;
        assert!(first.json["errors"].is_null(), "{first}");
        assert_eq!(first.json["data"], again.json["data"]);
        assert_eq!(db::counts(&app).await, before);
    }
    app.settle().await;
    // The invited address registers elsewhere first, and then opens the letter.
    let newcomer = newcomer(&app, "a@example.com").await;
    let accept = ops::accept_invitation(json!({ "token": app.token_for("a@example.com").await }));
    for door in Door::BOTH {
        let reply = newcomer.call_keyed(door, &accept, "join").await;
        assert_eq!(
            accept.facts(door, &reply)["role"]
                .as_str()
                .map(str::to_lowercase),
            Some("member".into()),
            "{reply}"
        );
    }
    app.finish().await;
}

async fn newcomer(app: &TestApp, email: &str) -> Actor {
    let body = json!({
        "email": email, "password": crate::support::PASSWORD,
        "full_name": "New", "company_name": "New",
    });
    let reply = app.visitor().post("/auth/register", body).await;
    app.visitor().with_tokens(reply.expect(201))
}
