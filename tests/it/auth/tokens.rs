//! What is in a token, and that nothing else is taken for one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, settings::SECRET};

/// The name of the tests' key.
pub const KID: &str = "d6yTHkE-";

/// The nth part of a token, read without any key.
pub fn part(token: &str, nth: usize) -> Value {
    let part = token.split('.').nth(nth).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn forge(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
    forge_with(&Header::new(algorithm), claims, secret)
}

pub fn forge_with(header: &Header, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "typ": "JWT" })),
        part(claims)
    )
}

#[tokio::test]
async fn both_tokens_carry_the_claims_of_the_contract() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let access = acme.owner.access.clone().unwrap();
    let refresh = &acme.owner.refresh;
    for token in [&access, refresh] {
        let expected = json!({ "alg": "HS256", "typ": "JWT", "kid": KID });
        assert_eq!(part(token, 0), expected);
    }
    let noon = 1_767_960_000;
    let claims = part(&access, 1);
    assert_eq!(
        claims,
        json!({
            "sub": acme.owner.id, "tenant_id": acme.id, "type": "access", "sid": claims["sid"],
            "jti": claims["jti"], "iat": noon, "exp": noon + 15 * 60,
        })
    );
    let other = part(refresh, 1);
    assert_eq!(
        other,
        json!({
            "sub": acme.owner.id, "tenant_id": acme.id, "type": "refresh", "sid": claims["sid"],
            "jti": other["jti"], "iat": noon, "exp": noon + 7 * 24 * 3600,
        })
    );
    assert_ne!(claims["jti"], other["jti"]);
    for id in [&claims["sid"], &claims["jti"], &other["jti"]] {
        id.as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    }
    app.finish().await;
}

#[tokio::test]
async fn an_access_token_lives_fifteen_minutes_and_a_refresh_token_a_week() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    app.advance_secs(15 * 60 - 1);
    acme.owner.get("/auth/me").await.expect(200);
    app.advance_secs(1);
    assert_eq!(acme.owner.get("/auth/me").await.status, 401);

    app.advance_secs((7 * 24 * 60 - 15) * 60 - 1);
    let body = json!({ "refresh_token": acme.owner.refresh });
    let renewed = acme.owner.post("/auth/refresh", body).await;
    let renewed = acme.owner.with_tokens(renewed.expect(200));
    app.advance_secs(7 * 24 * 3600);
    let body = json!({ "refresh_token": renewed.refresh });
    assert_eq!(renewed.post("/auth/refresh", body).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn lifetimes_are_settings() {
    let app = TestApp::with(|config| {
        config.auth.access_token_ttl = std::time::Duration::from_mins(1);
        config.auth.refresh_token_ttl = std::time::Duration::from_hours(1);
    })
    .await;
    let acme = app.company("Acme").await;
    app.advance_secs(60);
    assert_eq!(acme.owner.get("/auth/me").await.status, 401);
    app.advance_secs(3540);
    let body = json!({ "refresh_token": acme.owner.refresh });
    assert_eq!(acme.owner.post("/auth/refresh", body).await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let good = part(acme.owner.access.as_ref().unwrap(), 1);
    let with = |changes: Value| {
        let mut claims = good.clone();
        for (key, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(key);
            } else {
                claims[key] = value.clone();
            }
        }
        forge(&claims, Algorithm::HS256, SECRET)
    };
    let status = async |token: String| {
        let actor: Actor = acme.owner.with_access(&token);
        let reply = actor.get("/auth/me").await;
        if reply.status != 200 {
            assert_eq!(reply.failure().code, "UNAUTHENTICATED");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        }
        reply.status
    };
    // The forger's tools work: the same claims with the right key are accepted.
    assert_eq!(status(with(json!({}))).await, 200);

    let nobody = "0199d3a0-0000-7000-8000-000000000000";
    for changes in [
        json!({ "exp": null }),
        json!({ "exp": "tomorrow" }),
        json!({ "sub": null }),
        json!({ "sub": "not-a-uuid" }),
        json!({ "sub": nobody }),
        json!({ "sid": null }),
        json!({ "sid": nobody }),
        json!({ "tenant_id": "not-a-uuid" }),
        json!({ "type": null }),
        json!({ "type": "refresh" }),
        json!({ "type": "sso" }),
    ] {
        assert_eq!(status(with(changes.clone())).await, 401, "{changes}");
    }
    assert_eq!(
        status(forge(
            &good,
            Algorithm::HS256,
            "another secret, long enough"
        ))
        .await,
        401
    );
    assert_eq!(status(forge(&good, Algorithm::HS384, SECRET)).await, 401);
    assert_eq!(status(forge(&good, Algorithm::HS512, SECRET)).await, 401);
    assert_eq!(status(unsigned(&good)).await, 401);
    let cut = acme.owner.access.clone().unwrap();
    assert_eq!(status(cut[..cut.len() - 1].to_owned()).await, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_token_of_one_session_does_not_open_another_users() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let mut claims = part(acme.owner.access.as_ref().unwrap(), 1);
    claims["sub"] = json!(beta.owner.id);
    let mixed = acme
        .owner
        .with_access(&forge(&claims, Algorithm::HS256, SECRET));
    assert_eq!(mixed.get("/auth/me").await.status, 401);
    app.finish().await;
}

#[tokio::test]
async fn a_token_that_names_a_foreign_tenant_opens_only_what_needs_none() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let mut claims = part(acme.owner.access.as_ref().unwrap(), 1);
    claims["tenant_id"] = json!(beta.id);
    let foreign = acme
        .owner
        .with_access(&forge(&claims, Algorithm::HS256, SECRET));
    assert_eq!(foreign.get("/tenants/current").await.status, 403);
    assert_eq!(foreign.get("/billing/subscription").await.status, 403);
    let me = foreign.get("/auth/me").await;
    assert_eq!(me.expect(200)["current_tenant"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn two_pairs_of_the_same_second_differ() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let one = acme.owner.sign_in().await;
    let two = acme.owner.sign_in().await;
    assert_ne!(one.access, two.access);
    assert_ne!(one.refresh, two.refresh);
    app.finish().await;
}
