//! Changing roles (ruling 8).

use serde_json::json;

use crate::support::{Actor, Company, Reply, TestApp, assert_code, assert_same};

async fn change(by: &Actor, acme: &Company<'_>, who: &Actor, role: &str) -> Reply {
    by.patch(&acme.seat(who), json!({ "role": role })).await
}

#[tokio::test]
async fn a_new_role_holds_from_the_next_request_on() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    assert_eq!(member.get(&acme.path("/users")).await.status, 403);
    let reply = change(&acme.owner, &acme, &member, "Admin").await;
    assert_eq!(
        (reply.status, &reply.json["status"]),
        (200, &json!("success")),
        "{reply}"
    );
    assert!(reply.json["message"].is_string(), "{reply}");
    // With the very token that was a member's.
    member.get(&acme.path("/users")).await.expect(200);
    change(&acme.owner, &acme, &member, "user")
        .await
        .expect(200);
    assert_eq!(member.get(&acme.path("/users")).await.status, 403);
    // The same role again is fine.
    change(&acme.owner, &acme, &member, "member")
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn only_an_owner_changes_roles() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let member = acme.join("member").await;
    for by in [&admin, &member] {
        for who in [&member, &admin, &acme.owner] {
            let reply = change(by, &acme, who, "member").await;
            assert_eq!(
                (reply.status, reply.failure().code.as_str()),
                (403, "FORBIDDEN")
            );
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_only_owner_stays_one() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for role in ["admin", "member"] {
        let reply = change(&acme.owner, &acme, &acme.owner, role).await;
        assert_eq!(reply.status, 409, "{reply}");
        assert_code(&reply, "CONFLICT", "LAST_OWNER");
    }
    change(&acme.owner, &acme, &acme.owner, "owner")
        .await
        .expect(200);
    acme.owner
        .patch(&acme.path(""), json!({ "name": "Still mine" }))
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn of_several_owners_one_may_act_on_another_and_on_themselves() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let second = acme.join("member").await;
    change(&acme.owner, &acme, &second, "owner")
        .await
        .expect(200);
    change(&second, &acme, &acme.owner, "member")
        .await
        .expect(200);
    assert_eq!(
        change(&acme.owner, &acme, &second, "member").await.status,
        403
    );
    assert_code(
        &change(&second, &acme, &second, "admin").await,
        "CONFLICT",
        "LAST_OWNER",
    );
    change(&second, &acme, &acme.owner, "owner")
        .await
        .expect(200);
    change(&second, &acme, &second, "admin").await.expect(200);
    assert_eq!(
        change(&second, &acme, &acme.owner, "admin").await.status,
        403
    );
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_not_in_the_tenant_is_unknown_there() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let foreign = change(&acme.owner, &acme, &beta.owner, "admin").await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    let nobody = Actor {
        id: "0199d3a0-0000-7000-8000-000000000000".into(),
        ..app.visitor()
    };
    assert_same(
        &foreign,
        &change(&acme.owner, &acme, &nobody, "admin").await,
    );
    // Beta's owner cannot act in Acme, on members or strangers alike.
    let outside = change(&beta.owner, &acme, &acme.owner, "member").await;
    assert_eq!(
        (outside.status, outside.failure().code.as_str()),
        (403, "NOT_FOUND")
    );
    assert_same(
        &outside,
        &change(&beta.owner, &acme, &nobody, "member").await,
    );
    app.finish().await;
}

#[tokio::test]
async fn input_is_read_before_anything_is_looked_up() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    for body in [
        json!({}),
        json!({ "role": "king" }),
        json!({ "role": null }),
    ] {
        let reply = beta.owner.patch(&acme.seat(&acme.owner), body).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_eq!(reply.failure().fields, ["role"]);
    }
    let reply = acme
        .owner
        .patch(&acme.path("/users/nobody"), json!({ "role": "king" }))
        .await;
    assert_eq!(reply.failure().fields, ["user_id", "role"]);
    assert_eq!(reply.json["errors"][0]["field"], "path -> user_id");
    let anonymous = app
        .visitor()
        .patch(&acme.seat(&acme.owner), json!({}))
        .await;
    assert_eq!(anonymous.status, 401);
    app.finish().await;
}
