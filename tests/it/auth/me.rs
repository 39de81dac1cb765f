//! `me` and switching tenants.

use serde_json::{Value, json};

use crate::support::{TestApp, assert_same};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn me_is_flat_and_nested_at_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let reply = acme.owner.get("/auth/me").await;
    let me = reply.expect(200);
    for key in [
        "id",
        "email",
        "full_name",
        "is_active",
        "is_superuser",
        "created_at",
        "updated_at",
    ] {
        assert!(!me[key].is_null(), "{key}: {reply}");
        assert_eq!(me[key], me["user"][key], "{key}");
    }
    assert_eq!(me["id"], acme.owner.id);
    assert_eq!(me["tenants"][0]["tenant_id"], acme.id);
    assert_eq!(me["current_tenant"]["id"], acme.id);
    let text = reply.body.to_lowercase();
    assert!(
        !text.contains("hash") && !text.contains("argon2"),
        "{reply}"
    );
    app.finish().await;
}

#[tokio::test]
async fn no_credentials_and_bad_ones_get_a_challenge() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let refresh = acme.owner.refresh.clone();
    let bearers = [
        None,
        Some("garbage".to_owned()),
        Some("a.b.c".to_owned()),
        Some(refresh),
    ];
    for access in bearers {
        let reply = crate::support::Actor {
            access,
            ..acme.owner.clone()
        }
        .get("/auth/me")
        .await;
        assert_eq!(reply.status, 401, "{reply}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{reply}");
        assert_eq!(reply.failure().code, "UNAUTHENTICATED");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let token = acme.owner.access.clone().unwrap();
    let url = format!("{}/api/v1/auth/me", acme.owner.base);
    for (header, status) in [
        (format!("bearer {token}"), 200),
        (format!("BEARER {token}"), 200),
        (format!("Basic {token}"), 401),
        (token.clone(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
    ] {
        let request = acme.owner.http.get(&url).header("authorization", &header);
        let reply = crate::support::Reply::of("GET /auth/me".to_owned(), request).await;
        assert_eq!(reply.status, status, "{}: {reply}", &header[..6]);
    }
    app.finish().await;
}

#[tokio::test]
async fn switching_makes_the_tenant_current_and_default() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let invite = json!({ "email": beta.owner.email, "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), invite)
        .await
        .expect(201);

    let reply = beta
        .owner
        .post("/auth/switch-tenant", json!({ "tenant_id": acme.id }))
        .await;
    let data = reply.expect(200);
    assert_eq!(data["token_type"], "bearer");
    assert_eq!(data["tenant"]["id"], acme.id);
    assert_eq!(data["tenant"], data["current_tenant"]);

    let switched = beta.owner.with_tokens(data);
    let reply = switched.get("/auth/me").await;
    let me = reply.expect(200);
    assert_eq!(me["current_tenant"]["id"], acme.id);
    assert_eq!(me["user"]["default_tenant_id"], acme.id);
    let defaults = me["tenants"].as_array().unwrap().iter();
    assert_eq!(
        defaults
            .filter(|tenant| tenant["is_default"] == true)
            .count(),
        1
    );

    // The older access token stays what it was until it expires (ruling 11).
    let older = beta.owner.get("/tenants/current").await;
    assert_eq!(older.expect(200)["id"], beta.id);
    let newer = switched.get("/tenants/current").await;
    assert_eq!(newer.expect(200)["id"], acme.id);
    app.finish().await;
}

#[tokio::test]
async fn foreign_and_unknown_tenants_cannot_be_switched_to_nor_told_apart() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let to = async |id: &str| {
        acme.owner
            .post("/auth/switch-tenant", json!({ "tenant_id": id }))
            .await
    };
    let foreign = to(&beta.id).await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (403, "NOT_FOUND")
    );
    assert_same(&foreign, &to(NOBODY).await);
    let wrong = to("not-a-uuid").await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.json["errors"][0]["type"], "uuid_parsing");
    let missing = acme.owner.post("/auth/switch-tenant", json!({})).await;
    assert_eq!(missing.json["errors"][0]["type"], "missing");
    // Credentials come before input.
    let anonymous = app.visitor().post("/auth/switch-tenant", json!({})).await;
    assert_eq!(anonymous.status, 401);
    let me = acme.owner.get("/auth/me").await;
    assert_eq!(
        me.expect(200)["user"]["default_tenant_id"],
        Value::from(acme.id.clone())
    );
    app.finish().await;
}
