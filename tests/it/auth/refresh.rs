//! Rotation of refresh tokens (ruling 11).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, assert_same, client::text};

async fn refresh(who: &Actor, token: &str) -> Reply {
    who.signed_out()
        .post("/auth/refresh", json!({ "refresh_token": token }))
        .await
}

#[tokio::test]
async fn a_refresh_answers_with_a_new_pair_that_works() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let reply = refresh(&acme.owner, &acme.owner.refresh).await;
    let data = reply.expect(200);
    let mut keys: Vec<_> = data
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    for key in ["access_token", "refresh_token", "token_type"] {
        assert!(keys.contains(&key), "{reply}");
    }
    assert_eq!(data["token_type"], "bearer");
    let renewed = acme.owner.with_tokens(data);
    assert_ne!(renewed.access, acme.owner.access);
    assert_ne!(renewed.refresh, acme.owner.refresh);
    renewed.get("/auth/me").await.expect(200);
    // The client may still have requests under way with the older one.
    acme.owner.get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn repeats_within_the_window_get_the_live_pair_byte_for_byte() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let first = acme.owner.refresh.clone();
    let second = refresh(&acme.owner, &first).await;
    app.advance_secs(20);
    let repeated = refresh(&acme.owner, &first).await;
    assert_eq!(second.expect(200), repeated.expect(200));

    let third = refresh(&acme.owner, &text(second.expect(200), "/refresh_token")).await;
    app.advance_secs(39);
    // The grandparent was rotated 59 seconds ago, the parent 39.
    let late = refresh(&acme.owner, &first).await;
    assert_eq!(late.expect(200), third.expect(200));
    app.finish().await;
}

#[tokio::test]
async fn a_repeat_outside_the_window_revokes_the_family() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let elsewhere = acme.owner.sign_in().await;
    let stolen = acme.owner.refresh.clone();
    let reply = refresh(&acme.owner, &stolen).await;
    let renewed = acme.owner.with_tokens(reply.expect(200));
    app.advance_secs(60);

    let refused = refresh(&acme.owner, &stolen).await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (401, "UNAUTHENTICATED")
    );
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert_eq!(refresh(&renewed, &renewed.refresh).await.status, 401);
    assert_eq!(renewed.get("/auth/me").await.status, 401);
    assert_eq!(acme.owner.get("/auth/me").await.status, 401);
    // Other sessions live.
    elsewhere.get("/auth/me").await.expect(200);
    refresh(&elsewhere, &elsewhere.refresh).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_window_of_zero_means_strictly_once() {
    let app = TestApp::with(|config| config.auth.refresh_reuse_window = Duration::ZERO).await;
    let acme = app.company("Acme").await;
    let reply = refresh(&acme.owner, &acme.owner.refresh).await;
    let renewed = acme.owner.with_tokens(reply.expect(200));
    assert_eq!(refresh(&acme.owner, &acme.owner.refresh).await.status, 401);
    assert_eq!(refresh(&renewed, &renewed.refresh).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn every_wrong_token_gets_the_same_answer() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let gone = acme.owner.sign_in().await;
    gone.post("/auth/logout", Value::Null).await.expect(200);
    let access = acme.owner.access.clone().unwrap();
    let garbage = refresh(&acme.owner, "garbage").await;
    assert_eq!(garbage.status, 401);
    for token in [access.as_str(), "", "a.b.c", &gone.refresh] {
        assert_same(&garbage, &refresh(&acme.owner, token).await);
    }
    let missing = acme.owner.post("/auth/refresh", json!({})).await;
    assert_eq!(missing.status, 422);
    assert_eq!(missing.failure().fields, ["refresh_token"]);
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_account_cannot_refresh() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    crate::support::db::deactivate(&app, &acme.owner.id).await;
    assert_eq!(refresh(&acme.owner, &acme.owner.refresh).await.status, 401);
    assert_eq!(acme.owner.get("/auth/me").await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_session_keeps_its_tenant_and_falls_back_to_the_default() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    // Two sessions of one person: the second turns to Acme, and Acme becomes the default.
    let stays = beta.owner.sign_in().await;
    let moved = acme.admit(&beta.owner, "member").await;
    let tenant_after = async |who: &Actor| {
        let reply = refresh(who, &who.refresh).await;
        let renewed = who.with_tokens(reply.expect(200));
        let me = renewed.get("/auth/me").await;
        (text(me.expect(200), "/current_tenant/id"), renewed)
    };
    assert_eq!(tenant_after(&stays).await.0, beta.id);
    let (tenant, moved) = tenant_after(&moved).await;
    assert_eq!(tenant, acme.id);

    acme.owner.delete(&acme.seat(&beta.owner)).await.expect(200);
    assert_eq!(tenant_after(&moved).await.0, beta.id);
    app.finish().await;
}

#[tokio::test]
async fn switching_rotates_within_the_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let before = beta.owner.clone();
    let after = acme.admit(&beta.owner, "member").await;
    assert_ne!(after.refresh, before.refresh);
    // A refresh that crossed the switch gets the live pair, which is Acme's.
    let crossed = refresh(&before, &before.refresh).await;
    assert_eq!(text(crossed.expect(200), "/refresh_token"), after.refresh);
    app.advance_secs(61);
    assert_eq!(refresh(&before, &before.refresh).await.status, 401);
    assert_eq!(after.get("/auth/me").await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn each_refresh_prolongs_the_session() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut who = acme.owner.clone();
    for _ in 0..5 {
        app.advance_secs(6 * 24 * 3600);
        let reply = refresh(&who, &who.refresh).await;
        who = who.with_tokens(reply.expect(200));
    }
    who.get("/auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_lost_the_last_tenant_stays_signed_in() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    let reply = refresh(&member, &member.refresh).await;
    let renewed = member.with_tokens(reply.expect(200));
    let me = renewed.get("/auth/me").await;
    assert_eq!(me.expect(200)["current_tenant"], Value::Null);
    // Back in, the next refresh leads there.
    let body = json!({ "email": member.email, "role": "admin" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    let reply = refresh(&renewed, &renewed.refresh).await;
    let renewed = renewed.with_tokens(reply.expect(200));
    let current = renewed.get("/tenants/current").await;
    assert_eq!(current.expect(200)["id"], acme.id);
    app.finish().await;
}
