//! Leaving a tenant (rulings 8, 13, 14).

use serde_json::{Value, json};

use crate::support::{
    Actor, Door, Reply, TestApp, assert_code, assert_same, client::text, db, ops,
};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

async fn leave(who: &Actor, tenant: &str) -> Reply {
    who.call(Door::Graphql, &ops::leave_tenant(tenant)).await
}

#[tokio::test]
async fn whoever_leaves_is_out_from_the_next_request_on() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for role in ["member", "admin"] {
        let who = acme.join(role).await;
        let reply = leave(&who, &acme.id).await;
        let left = &reply.ok()["out"];
        assert_eq!(left["leftTenantId"], json!(acme.id), "{reply}");
        // Already the answer shows the person without the tenant.
        assert_eq!(left["viewer"]["currentTenant"], Value::Null, "{reply}");
        assert_eq!(left["viewer"]["membership"], Value::Null, "{reply}");
        assert_eq!(left["viewer"]["memberships"]["nodes"], json!([]), "{reply}");
        for path in ["/tenants/current", &acme.path("")] {
            assert_eq!(who.get(path).await.status, 403);
        }
        who.get("/auth/me").await.expect(200);
        // There is nothing left to leave.
        assert_eq!(leave(&who, &acme.id).await.failure().code, "NOT_FOUND");
        // A seat is free again, for the same person, too.
        let body = json!({ "email": who.email, "role": "member" });
        acme.owner
            .post(&acme.path("/users/invite"), body)
            .await
            .expect(201);
        acme.owner.delete(&acme.seat(&who)).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_current_tenant_is_left_when_none_is_named() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let who = acme.join("member").await;
    let query = "mutation { leaveTenant(input: {}) { leftTenantId } }";
    let reply = who.gql(query, json!({})).await;
    assert_eq!(reply.ok()["leaveTenant"]["leftTenantId"], json!(acme.id));
    // The token names a tenant that its holder is not in (ruling 4).
    let again = who.gql(query, json!({})).await;
    assert_eq!(again.failure().code, "FORBIDDEN");
    app.finish().await;
}

#[tokio::test]
async fn the_oldest_remaining_tenant_becomes_the_default_and_a_refresh_leads_there() {
    let app = TestApp::new().await;
    let beta = app.company("Beta").await;
    let acme = app.company("Acme").await;
    let gamma = app.company("Gamma").await;
    app.advance_secs(10);
    let in_gamma = gamma.admit(&beta.owner, "member").await;
    app.advance_secs(10);
    // Acme is turned to last, so it is the default.
    let who = acme.admit(&in_gamma, "member").await;
    let reply = leave(&who, &acme.id).await;
    let places = reply.ok()["out"]["viewer"]["memberships"]["nodes"].clone();
    let place =
        |company: &str, default| json!({ "is_default": default, "tenant": { "id": company } });
    let expected = [place(&beta.id, true), place(&gamma.id, false)];
    assert_eq!(places, json!(expected), "{reply}");

    let body = json!({ "refresh_token": who.refresh });
    let renewed = who.post("/auth/refresh", body).await;
    let renewed = who.with_tokens(renewed.expect(200));
    let current = renewed.get("/tenants/current").await;
    assert_eq!(current.expect(200)["id"], beta.id);
    // Leaving one that is neither current nor default moves nothing.
    let reply = leave(&renewed, &gamma.id).await;
    let viewer = &reply.ok()["out"]["viewer"];
    assert_eq!(viewer["currentTenant"]["id"], json!(beta.id), "{reply}");
    assert_eq!(
        viewer["memberships"]["nodes"],
        json!([place(&beta.id, true)])
    );
    app.finish().await;
}

#[tokio::test]
async fn the_only_owner_stays_until_there_is_another() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    acme.join("admin").await;
    let before = db::counts(&app).await;
    let refused = leave(&acme.owner, &acme.id).await;
    assert_code(&refused, "CONFLICT", "LAST_OWNER");
    assert!(refused.failure().message.contains("ransfer"), "{refused}");
    assert_eq!(db::counts(&app).await, before);
    acme.join("owner").await;
    leave(&acme.owner, &acme.id).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn a_foreign_tenant_is_as_unknown_as_none() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let before = db::counts(&app).await;
    let foreign = leave(&beta.owner, &acme.id).await;
    assert_eq!(foreign.failure().code, "NOT_FOUND");
    assert_same(&foreign, &leave(&beta.owner, NOBODY).await);
    let wrong = leave(&beta.owner, "acme").await;
    assert_code(&wrong, "INVALID_INPUT", "INVALID_ID");
    assert_eq!(wrong.failure().fields, ["tenant_id"]);
    let visitor = leave(&app.visitor(), "acme").await;
    assert_eq!(visitor.failure().code, "UNAUTHENTICATED");
    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn leaving_is_told_and_written_down() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let who = acme.join("member").await;
    let before = db::events(&app).await.len();
    leave(&who, &acme.id).await.ok();
    let told: Vec<_> = db::events(&app).await;
    let told: Vec<_> = told
        .iter()
        .filter(|event| event.1 == "member_left")
        .collect();
    let streams: Vec<_> = told.iter().map(|event| event.0.clone()).collect();
    assert_eq!(
        streams,
        [format!("tenant:{}", acme.id), format!("user:{}", who.id)]
    );
    assert_eq!(text(&told[0].2, "/user_id"), who.id);
    // And the owner is told.
    assert_eq!(db::events(&app).await.len(), before + 3);
    let deeds = db::deeds(&app).await;
    assert_eq!(
        deeds.last().unwrap(),
        &("member.left".into(), "user".into(), "user".into())
    );
    app.finish().await;
}
