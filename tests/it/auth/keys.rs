//! Rotation of the key that signs tokens (docs/KEYS.md): nobody is signed out by it, and whatever a
//! dropped key has made ends.

use erpmax::config::Config;
use jsonwebtoken::{Algorithm, Header};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::tokens::{KID, forge, forge_with, part};
use crate::support::{
    Actor, Door, Method, PASSWORD, TestApp, assert_code,
    client::text,
    db,
    ops::{self, Call},
    settings::SECRET,
};

/// The key that takes over.
const NEXT: &str = "the-next-secret-of-the-tests-0123456789";
/// Its name.
const NEXT_KID: &str = "BXgNhPCu";

/// Signs with the first key and accepts the others.
fn keys(current: &str, previous: &[&str]) -> impl FnOnce(&mut Config) {
    let current = SecretString::from(current);
    let previous = previous.iter().map(|key| (*key).into()).collect();
    move |config| {
        config.auth.secret_key = current;
        config.auth.previous_keys = previous;
    }
}

fn refresh(who: &Actor) -> Call {
    ops::refresh_token(&who.refresh)
}

#[track_caller]
fn assert_signed_by(who: &Actor, kid: &str) {
    for token in [who.access.as_ref().unwrap(), &who.refresh] {
        assert_eq!(part(token, 0)["kid"], kid);
    }
}

/// The person after a refresh.
async fn refreshed(who: &Actor) -> Actor {
    let reply = who.call(Door::Rest, &refresh(who)).await;
    who.with_tokens(reply.expect(200))
}

async fn assert_welcome(who: &Actor) {
    for door in Door::BOTH {
        let reply = who.call(door, &ops::viewer()).await;
        assert!(!reply.refused(), "{door:?}: {reply}");
    }
}

async fn assert_unknown(who: &Actor) {
    for door in Door::BOTH {
        for call in [ops::viewer(), refresh(who)] {
            let reply = who.call(door, &call).await;
            assert_eq!(reply.failure().code, "UNAUTHENTICATED", "{door:?}: {reply}");
        }
    }
}

#[tokio::test]
async fn a_rotation_signs_nobody_out_and_a_dropped_key_does() {
    let app = TestApp::new().await;
    let ann = app.company("Acme").await.owner;
    let bob = ann.sign_in().await;
    assert_signed_by(&ann, KID);

    let app = app.restart_with(keys(NEXT, &[SECRET])).await;
    let (ann, bob) = (app.moved(&ann), app.moved(&bob));
    assert_welcome(&ann).await;
    let renewed = refreshed(&ann).await;
    assert_signed_by(&renewed, NEXT_KID);
    // A lost reply: the live pair comes again.
    assert_eq!(refreshed(&ann).await.refresh, renewed.refresh);
    assert_signed_by(&bob.sign_in().await, NEXT_KID);

    let app = app.restart_with(keys(NEXT, &[])).await;
    assert_welcome(&app.moved(&renewed)).await;
    // Not exchanged yet, and not expired: it ends with its key, and takes no other session along.
    assert_unknown(&app.moved(&bob)).await;
    assert_unknown(&app.moved(&ann)).await;
    assert_welcome(&app.moved(&renewed)).await;
    app.finish().await;
}

#[tokio::test]
async fn replicas_understand_each_other_in_the_middle_of_a_rotation() {
    let before = TestApp::new().await;
    let acme = before.company("Acme").await;
    let announced = before.replica_with(keys(SECRET, &[NEXT])).await;
    let switched = before.replica_with(keys(NEXT, &[SECRET])).await;

    let new = refreshed(&switched.moved(&acme.owner)).await;
    assert_signed_by(&new, NEXT_KID);
    assert_welcome(&announced.moved(&new)).await;
    // The same live pair says the same, signed by whoever was asked.
    let again = refreshed(&announced.moved(&acme.owner)).await;
    assert_signed_by(&again, KID);
    assert_eq!(part(&again.refresh, 1), part(&new.refresh, 1));
    assert_welcome(&switched.moved(&again)).await;
    let next = refreshed(&switched.moved(&again)).await;
    assert_welcome(&announced.moved(&next)).await;
    // Who was told nothing of the new key cannot know its tokens: hence the order.
    assert_eq!(before.moved(&next).get("/auth/me").await.status, 401);

    announced.leave().await;
    switched.leave().await;
    before.finish().await;
}

#[tokio::test]
async fn tokens_from_before_keys_had_names_are_tried_with_each() {
    let app = TestApp::new().await;
    let ann = app.company("Acme").await.owner;
    let claims = part(ann.access.as_ref().unwrap(), 1);
    let app = app
        .restart_with(keys(NEXT, &["a key from long ago 0123456789abc", SECRET]))
        .await;
    let status = async |token: String| {
        let reply = app.moved(&ann).with_access(&token).get("/auth/me").await;
        reply.status
    };
    for secret in [SECRET, NEXT] {
        let unnamed = forge(&claims, Algorithm::HS256, secret);
        assert_eq!(status(unnamed).await, 200);
    }
    let named = |kid: &str, secret: &str| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.to_owned());
        forge_with(&header, &claims, secret)
    };
    assert_eq!(status(named(KID, SECRET)).await, 200);
    assert_eq!(status(named(NEXT_KID, NEXT)).await, 200);
    for (kid, secret) in [(KID, NEXT), (NEXT_KID, SECRET), ("other", NEXT), ("", NEXT)] {
        assert_eq!(status(named(kid, secret)).await, 401, "{kid}");
    }
    let stranger = forge(
        &claims,
        Algorithm::HS256,
        "nobody's key, long enough to be one",
    );
    assert_eq!(status(stranger).await, 401);
    assert_eq!(status(forge(&claims, Algorithm::HS512, SECRET)).await, 401);
    app.finish().await;
}

/// Invites an address; the invitation's id.
async fn invite(owner: &Actor, tenant: &str, email: &str) -> String {
    let path = format!("/tenants/{tenant}/users/invite");
    let reply = owner.post(&path, json!({ "email": email })).await;
    text(reply.expect(201), "/invitation/id")
}

fn accept(token: &str) -> Value {
    json!({ "token": token, "password": PASSWORD })
}

#[tokio::test]
async fn links_in_letters_survive_a_rotation_and_end_with_their_key() {
    const PATH: &str = "/invitations/accept";
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let (owner, tenant) = (acme.owner.clone(), acme.id.clone());
    invite(&owner, &tenant, "early@example.com").await;
    let late = invite(&owner, &tenant, "late@example.com").await;
    app.settle().await;
    let early_token = app.token_for("early@example.com").await;
    let late_token = app.token_for("late@example.com").await;
    // Its letter is still to be written.
    let unsent = invite(&owner, &tenant, "unsent@example.com").await;

    let app = app.restart_with(keys(NEXT, &[SECRET])).await;
    app.settle().await;
    let unsent_token = app.token_for("unsent@example.com").await;
    let visitor = app.visitor();
    visitor.post(PATH, accept(&early_token)).await.expect(200);
    // Repeating the letter makes a link of the new key; the one of before is void as ever.
    let path = format!("/tenants/{tenant}/invitations/{unsent}/resend");
    let owner = app.moved(&owner);
    owner.rest(Method::POST, &path, None).await.expect(200);
    app.settle().await;
    let renewed_token = app.token_for("unsent@example.com").await;
    let void = visitor.post(PATH, accept(&unsent_token)).await;
    assert_code(&void, "NOT_FOUND", "");
    let owner = refreshed(&owner).await;

    let app = app.restart_with(keys(NEXT, &[])).await;
    let (visitor, owner) = (app.visitor(), app.moved(&owner));
    let ended = visitor.post(PATH, accept(&late_token)).await;
    assert_code(&ended, "NOT_FOUND", "");
    visitor.post(PATH, accept(&renewed_token)).await.expect(200);
    // Nothing is lost: the invitation waits, and a new letter opens it.
    let path = format!("/tenants/{tenant}/invitations/{late}/resend");
    owner.rest(Method::POST, &path, None).await.expect(200);
    app.settle().await;
    let token = app.token_for("late@example.com").await;
    visitor.post(PATH, accept(&token)).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn tokens_of_previous_keys_are_counted_until_they_stay_away() {
    let app = TestApp::new().await;
    let ann = app.company("Acme").await.owner;
    let app = app.restart_with(keys(NEXT, &[SECRET])).await;
    let series = format!("erpmax_previous_key_tokens_total{{kid=\"{KID}\"}}");
    let count = || {
        let text = app.app.metrics.encode().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&series));
        line.expect("it is told from the start").trim().to_owned()
    };
    assert_eq!(count(), "0");
    let ann = app.moved(&ann);
    assert_welcome(&ann).await;
    let ann = refreshed(&ann).await;
    assert_eq!(count(), "3");
    assert_welcome(&ann).await;
    assert_eq!(count(), "3");
    app.finish().await;
}
