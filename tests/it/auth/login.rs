//! Sign-in, legacy hashes included.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Actor, Door, PASSWORD, Reply, TestApp, assert_same, db, ops};

async fn login(who: &Actor, email: &str, password: &str) -> Reply {
    who.post(
        "/auth/login",
        json!({ "email": email, "password": password }),
    )
    .await
}

#[tokio::test]
async fn signing_in_lists_all_memberships_and_lands_in_the_default_tenant() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    acme.owner
        .post(
            &acme.path("/users/invite"),
            json!({ "email": beta.owner.email, "role": "admin" }),
        )
        .await
        .expect(201);

    let reply = login(&app.visitor(), &beta.owner.email, PASSWORD).await;
    let data = reply.expect(200);
    let of = |id: &str| {
        let tenants = data["tenants"].as_array().unwrap();
        tenants
            .iter()
            .find(|tenant| tenant["tenant_id"] == *id)
            .unwrap()
            .clone()
    };
    assert_eq!(data["tenants"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&of(&acme.id)["role"], &of(&acme.id)["is_default"]),
        (&json!("admin"), &json!(false))
    );
    assert_eq!(
        (&of(&beta.id)["role"], &of(&beta.id)["is_default"]),
        (&json!("owner"), &json!(true))
    );
    assert_eq!(data["current_tenant"]["id"], beta.id);
    app.finish().await;
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::deactivate(&app, &app.company("Gone").await.owner.id).await;

    let wrong = login(&app.visitor(), &acme.owner.email, "not-the-password-1").await;
    let unknown = login(&app.visitor(), "nobody@example.com", "not-the-password-1").await;
    let disabled = login(&app.visitor(), "owner@gone.example.com", PASSWORD).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.failure().code, "UNAUTHENTICATED");
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
    assert_same(&wrong, &unknown);
    assert_same(&wrong, &disabled);
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_address_costs_the_same_work() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let timed = async |email: &str| {
        let started = Instant::now();
        let reply = login(&app.visitor(), email, "not-the-password-1").await;
        assert_eq!(reply.status, 401);
        started.elapsed()
    };
    // The quickest of several, taken in turn: whatever else the machine does only makes one slower.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        known = known.min(timed(&acme.owner.email).await);
        unknown = unknown.min(timed("nobody@example.com").await);
    }
    // Without the hash, an answer takes a tenth of the time.
    assert!(unknown * 3 > known, "known {known:?}, unknown {unknown:?}");
    let count = async |email: &str| {
        app.sql(async || assert_eq!(login(&app.visitor(), email, "wrong-1").await.status, 401))
            .await
    };
    assert_eq!(
        count("nobody@example.com").await,
        count(&acme.owner.email).await
    );
    app.finish().await;
}

#[tokio::test]
async fn a_legacy_bcrypt_hash_is_verified_and_upgraded() {
    let app = TestApp::new().await;
    for version in ["2a", "2b", "2y"] {
        let email = format!("legacy{version}@example.com");
        let user = db::legacy_user(&app, &email, "grandfather's password", version).await;
        let before = db::password_hash(&app, user).await;
        assert!(before.starts_with(&format!("${version}$")), "{before}");

        assert_eq!(
            login(&app.visitor(), &email, "not it, not at all")
                .await
                .status,
            401
        );
        assert_eq!(
            db::password_hash(&app, user).await,
            before,
            "upgraded by a wrong password"
        );

        login(&app.visitor(), &email, "grandfather's password")
            .await
            .expect(200);
        let after = db::password_hash(&app, user).await;
        assert!(
            after.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{after}"
        );
        login(&app.visitor(), &email, "grandfather's password")
            .await
            .expect(200);
        assert_eq!(
            login(&app.visitor(), &email, "not it, not at all")
                .await
                .status,
            401
        );
        assert_eq!(db::password_hash(&app, user).await, after);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_legacy_password_that_bcrypt_cut_still_opens_the_account() {
    let app = TestApp::new().await;
    let long = "0123456789abcdef".repeat(5);
    let user = db::legacy_user(&app, "long@example.com", &long[..72], "2b").await;
    let before = db::password_hash(&app, user).await;
    // What stands behind byte 72 was never compared, so a mistyped end must not become the truth.
    for typed in [format!("{long} mistyped"), long.clone()] {
        login(&app.visitor(), "long@example.com", &typed)
            .await
            .expect(200);
        assert_eq!(db::password_hash(&app, user).await, before);
    }
    let wrong = format!("x{}", &long[1..]);
    assert_eq!(
        login(&app.visitor(), "long@example.com", &wrong)
            .await
            .status,
        401
    );
    app.finish().await;
}

#[tokio::test]
async fn a_legacy_account_may_have_a_password_that_new_ones_may_not() {
    let app = TestApp::new().await;
    db::legacy_user(&app, "short@example.com", "abc", "2b").await;
    login(&app.visitor(), "short@example.com", "abc")
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_broken_hash_locks_the_account_and_nothing_else() {
    let app = TestApp::new().await;
    let user = db::legacy_user(&app, "broken@example.com", "whatever it was", "2b").await;
    db::set_password_hash(&app, user, "not a hash of anything").await;
    let broken = login(&app.visitor(), "broken@example.com", "whatever it was").await;
    let unknown = login(&app.visitor(), "nobody@example.com", "whatever it was").await;
    assert_same(&broken, &unknown);
    app.finish().await;
}

#[tokio::test]
async fn whoever_lost_the_last_tenant_still_signs_in() {
    let app = TestApp::new().await;
    db::legacy_user(&app, "alone@example.com", "all alone in here", "2b").await;
    let reply = login(&app.visitor(), "alone@example.com", "all alone in here").await;
    let data = reply.expect(200);
    assert_eq!(data["tenants"], json!([]));
    assert_eq!(data["current_tenant"], Value::Null);
    assert_eq!(data["user"]["default_tenant_id"], Value::Null);

    let alone = app.visitor().with_tokens(data);
    let me = alone.get("/auth/me").await;
    assert_eq!(me.expect(200)["current_tenant"], Value::Null);
    let current = alone.get("/tenants/current").await;
    assert_eq!(
        (current.status, current.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    assert_eq!(alone.get("/billing/subscription").await.status, 403);
    assert_eq!(alone.get("/tenants").await.expect(200), &json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_bad_bearer_does_not_hinder_signing_in() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let stale = app.visitor().with_access("expired.or.nonsense");
    login(&stale, &acme.owner.email, PASSWORD).await.expect(200);
    stale.get("/billing/plans").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn an_endless_password_is_refused_before_it_is_hashed() {
    let app = TestApp::new().await;
    let reply = login(&app.visitor(), "ann@example.com", &"x".repeat(1025)).await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.failure().fields, ["password"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_sign_ins_is_told_to_come_back() {
    let app = TestApp::with(|config| {
        config.auth.hashing_permits = 1;
        config.auth.hashing_queue = 1;
    })
    .await;
    let acme = app.company("Acme").await;
    for door in Door::BOTH {
        let visitor = app.visitor();
        let call = ops::login(&acme.owner.email, PASSWORD);
        let replies = join_all((0..20).map(|_| visitor.call(door, &call))).await;
        let (refused, served): (Vec<_>, Vec<_>) = replies.into_iter().partition(Reply::refused);
        assert!(!served.is_empty(), "whoever finds a place is served");
        assert!(!refused.is_empty(), "twenty at once cannot all be hashed");
        for reply in refused {
            assert_eq!(reply.failure().code, "RATE_LIMITED", "{reply}");
            match door {
                Door::Rest => {
                    assert_eq!(
                        (reply.status, reply.header("retry-after")),
                        (429, Some("1"))
                    );
                }
                Door::Graphql => {
                    assert_eq!(
                        reply.json["errors"][0]["extensions"]["retryAfter"], 1,
                        "{reply}"
                    );
                }
            }
        }
    }
    // Afterwards everything is as before.
    login(&app.visitor(), &acme.owner.email, PASSWORD)
        .await
        .expect(200);
    app.finish().await;
}
