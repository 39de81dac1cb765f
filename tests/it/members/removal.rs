//! Removing people (rulings 8, 13, 14).

use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, TestApp, assert_code, assert_same, db};

#[tokio::test]
async fn removal_holds_from_the_next_request_on() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    member.get("/tenants/current").await.expect(200);
    let reply = acme.owner.delete(&acme.seat(&member)).await;
    assert_eq!(
        (reply.status, &reply.json["status"]),
        (200, &json!("success")),
        "{reply}"
    );

    for path in ["/tenants/current", "/billing/subscription", &acme.path("")] {
        let refused = member.get(path).await;
        assert_eq!(refused.status, 403, "{refused}");
    }
    // The account itself still works, without a tenant.
    let me = member.get("/auth/me").await;
    assert_eq!(me.expect(200)["current_tenant"], Value::Null);
    assert_eq!(me.expect(200)["tenants"], json!([]));
    let login = json!({ "email": member.email, "password": PASSWORD });
    let reply = app.visitor().post("/auth/login", login).await;
    assert_eq!(reply.expect(200)["current_tenant"], Value::Null);
    // A second removal finds nobody.
    let again = acme.owner.delete(&acme.seat(&member)).await;
    assert_eq!(
        (again.status, again.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    app.finish().await;
}

#[tokio::test]
async fn the_oldest_remaining_membership_becomes_the_default() {
    let app = TestApp::new().await;
    let beta = app.company("Beta").await;
    let acme = app.company("Acme").await;
    let gamma = app.company("Gamma").await;
    let who = &beta.owner;
    app.advance_secs(10);
    let in_gamma = gamma.admit(who, "member").await;
    app.advance_secs(10);
    // Acme is turned to last, so it is the default.
    let in_acme = acme.admit(&in_gamma, "member").await;
    let default = async || {
        let me = in_acme.get("/auth/me").await;
        me.expect(200)["user"]["default_tenant_id"].clone()
    };
    assert_eq!(default().await, json!(acme.id));
    acme.owner.delete(&acme.seat(who)).await.expect(200);
    assert_eq!(default().await, json!(beta.id));
    // Losing a tenant that is not the default changes nothing.
    gamma.owner.delete(&gamma.seat(who)).await.expect(200);
    assert_eq!(default().await, json!(beta.id));
    app.finish().await;
}

#[tokio::test]
async fn who_may_remove_whom() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::unlimited(&app, "trial").await;
    let admin = acme.join("admin").await;
    let other_admin = acme.join("admin").await;
    let member = acme.join("member").await;
    let bystander = acme.join("member").await;

    let refused = member.delete(&acme.seat(&bystander)).await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    let refused = admin.delete(&acme.seat(&acme.owner)).await;
    assert_eq!(refused.status, 400);
    assert_code(&refused, "CONFLICT", "OWNER_PROTECTED");
    let refused = admin.delete(&acme.seat(&admin)).await;
    assert_eq!(refused.status, 400);
    assert_code(&refused, "CONFLICT", "SELF_REMOVAL");
    admin.delete(&acme.seat(&bystander)).await.expect(200);
    admin.delete(&acme.seat(&other_admin)).await.expect(200);
    acme.owner.delete(&acme.seat(&admin)).await.expect(200);
    assert_eq!(admin.delete(&acme.seat(&member)).await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn owners_are_removed_by_owners_and_never_the_last() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let alone = acme.owner.delete(&acme.seat(&acme.owner)).await;
    assert!(matches!(alone.status, 400 | 409), "{alone}");
    assert_eq!(alone.failure().code, "CONFLICT");
    let second = acme.join("owner").await;
    second.delete(&acme.seat(&acme.owner)).await.expect(200);
    assert_eq!(acme.owner.get(&acme.path("")).await.status, 403);
    let reply = second.get(&acme.path("/users")).await;
    assert_eq!(reply.expect(200).as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn strangers_cannot_be_removed_and_cannot_remove() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let nobody = Actor {
        id: "0199d3a0-0000-7000-8000-000000000000".into(),
        ..app.visitor()
    };
    let foreign = acme.owner.delete(&acme.seat(&beta.owner)).await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    assert_same(&foreign, &acme.owner.delete(&acme.seat(&nobody)).await);
    let outside = beta.owner.delete(&acme.seat(&acme.owner)).await;
    assert_eq!(
        (outside.status, outside.failure().code.as_str()),
        (403, "NOT_FOUND")
    );
    assert_same(&outside, &beta.owner.delete(&acme.seat(&nobody)).await);
    beta.owner.get(&beta.path("")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn whoever_was_removed_can_be_invited_again() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    acme.owner.delete(&acme.seat(&member)).await.expect(200);
    let body = json!({ "email": member.email, "role": "admin" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    // The older token names the tenant, and its holder is in it again.
    let reply = member.get("/tenants/current").await;
    assert_eq!(reply.expect(200)["role"], "admin");
    let me = member.get("/auth/me").await;
    assert_eq!(me.expect(200)["user"]["default_tenant_id"], json!(acme.id));
    app.finish().await;
}
