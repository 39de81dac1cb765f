//! Invitations after they were sent: listing, resending, revoking.

use serde_json::{Value, json};

use crate::support::{
    Actor, Company, Method, PASSWORD, TestApp, assert_code, assert_same, client::text,
};

/// Invites an address and finds the invitation in the list.
async fn invite(acme: &Company<'_>, email: &str, role: &str) -> String {
    let body = json!({ "email": email, "role": role });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    let list = acme.owner.get(&acme.path("/invitations")).await;
    let list = list.expect(200).as_array().unwrap().clone();
    let found = list.iter().find(|invitation| invitation["email"] == email);
    text(found.expect("the invitation is listed"), "/id")
}

async fn resend(by: &Actor, acme: &Company<'_>, id: &str) -> crate::support::Reply {
    by.rest(
        Method::POST,
        &acme.path(&format!("/invitations/{id}/resend")),
        None,
    )
    .await
}

async fn revoke(by: &Actor, acme: &Company<'_>, id: &str) -> crate::support::Reply {
    by.delete(&acme.path(&format!("/invitations/{id}"))).await
}

async fn accept(app: &TestApp, token: &str) -> crate::support::Reply {
    let body = json!({ "token": token, "password": PASSWORD });
    app.visitor().post("/invitations/accept", body).await
}

#[tokio::test]
async fn the_list_tells_what_became_of_each_and_no_secret() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let first = invite(&acme, "first@example.com", "member").await;
    app.advance_secs(60);
    let second = invite(&acme, "second@example.com", "admin").await;
    app.settle().await;
    accept(&app, &app.token_for("first@example.com").await)
        .await
        .expect(200);

    let reply = acme.owner.get(&acme.path("/invitations")).await;
    let list = reply.expect(200).as_array().unwrap();
    let told: Vec<_> = list
        .iter()
        .map(|invitation| (text(invitation, "/id"), text(invitation, "/status")))
        .collect();
    assert_eq!(
        told,
        [
            (second.clone(), "pending".into()),
            (first, "accepted".into())
        ]
    );
    assert_eq!(list[0]["expires_at"], "2026-01-16T12:01:00Z");
    assert_eq!(list[0]["role"], "admin");
    assert!(
        !reply.body.contains("token") && !reply.body.contains("hash"),
        "{reply}"
    );
    assert_eq!(reply.json["pagination"]["total"], 2);
    app.finish().await;
}

#[tokio::test]
async fn resending_voids_the_older_link() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    app.settle().await;
    let old = app.token_for("new@example.com").await;
    let reply = resend(&acme.owner, &acme, &id).await;
    assert_eq!(reply.status, 200, "{reply}");
    app.settle().await;
    let new = app.token_for("new@example.com").await;
    assert_ne!(old, new);
    assert_eq!(accept(&app, &old).await.status, 404);
    accept(&app, &new).await.expect(200);
    let late = resend(&acme.owner, &acme, &id).await;
    assert_eq!(late.status, 409);
    assert_code(&late, "CONFLICT", "INVITATION_USED");
    app.finish().await;
}

#[tokio::test]
async fn an_expired_invitation_can_be_resent() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    app.settle().await;
    app.advance_secs(8 * 24 * 3600);
    let owner = acme.owner.sign_in().await;
    resend(&owner, &acme, &id).await.expect(200);
    app.settle().await;
    accept(&app, &app.token_for("new@example.com").await)
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_revoked_invitation_is_over() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    app.settle().await;
    let token = app.token_for("new@example.com").await;
    let reply = revoke(&acme.owner, &acme, &id).await;
    assert_eq!(reply.status, 200, "{reply}");
    let refused = accept(&app, &token).await;
    assert_eq!(refused.status, 409);
    assert_code(&refused, "CONFLICT", "INVITATION_REVOKED");
    assert_code(
        &resend(&acme.owner, &acme, &id).await,
        "CONFLICT",
        "INVITATION_REVOKED",
    );
    let list = acme.owner.get(&acme.path("/invitations")).await;
    assert_eq!(list.expect(200)[0]["status"], "revoked");
    // The address may be invited anew; that is another invitation.
    let other = invite_again(&acme, "new@example.com").await;
    assert_ne!(other, id);
    app.settle().await;
    accept(&app, &app.token_for("new@example.com").await)
        .await
        .expect(200);
    app.finish().await;
}

async fn invite_again(acme: &Company<'_>, email: &str) -> String {
    let body = json!({ "email": email, "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    let reply = acme.owner.get(&acme.path("/invitations")).await;
    let list = reply.expect(200).as_array().unwrap().clone();
    let pending = list
        .iter()
        .find(|invitation| invitation["status"] == "pending");
    text(pending.expect("one is pending"), "/id")
}

#[tokio::test]
async fn an_accepted_invitation_cannot_be_revoked() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    app.settle().await;
    accept(&app, &app.token_for("new@example.com").await)
        .await
        .expect(200);
    let late = revoke(&acme.owner, &acme, &id).await;
    assert_code(&late, "CONFLICT", "INVITATION_USED");
    app.finish().await;
}

#[tokio::test]
async fn revoking_before_the_letter_left_keeps_it_from_leaving() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    revoke(&acme.owner, &acme, &id).await.expect(200);
    app.settle().await;
    assert!(app.letters().await.is_empty(), "{:#?}", app.letters().await);
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_belongs_to_its_tenant() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let id = invite(&acme, "new@example.com", "member").await;
    // Under Beta's own path, Acme's invitation is as unknown as any other.
    let foreign = resend(&beta.owner, &beta, &id).await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    let nobody = "0199d3a0-0000-7000-8000-000000000000";
    assert_same(&foreign, &resend(&beta.owner, &beta, nobody).await);
    assert_same(
        &revoke(&beta.owner, &beta, &id).await,
        &revoke(&beta.owner, &beta, nobody).await,
    );
    // Under Acme's path, Beta's owner does not even see the tenant.
    assert_eq!(revoke(&beta.owner, &acme, &id).await.status, 403);
    let list = acme.owner.get(&acme.path("/invitations")).await;
    assert_eq!(list.expect(200)[0]["status"], "pending");
    app.finish().await;
}

#[tokio::test]
async fn members_neither_see_nor_handle_invitations() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let id = invite(&acme, "new@example.com", "member").await;
    let replies = [
        member.get(&acme.path("/invitations")).await,
        resend(&member, &acme, &id).await,
        revoke(&member, &acme, &id).await,
    ];
    for reply in replies {
        assert_eq!(
            (reply.status, reply.failure().code.as_str()),
            (403, "FORBIDDEN"),
            "{reply}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn an_admin_cannot_resend_an_invitation_to_become_owner() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let id = invite(&acme, "heir@example.com", "owner").await;
    let refused = resend(&admin, &acme, &id).await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    resend(&acme.owner, &acme, &id).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn resending_is_an_invite_and_refused_when_the_trial_is_over() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let id = invite(&acme, "new@example.com", "member").await;
    app.advance_secs(15 * 24 * 3600);
    let owner = acme.owner.sign_in().await;
    let refused = resend(&owner, &acme, &id).await;
    assert_eq!(refused.status, 402);
    assert_code(&refused, "PAYMENT_REQUIRED", "");
    // Taking one back stays possible.
    revoke(&owner, &acme, &id).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_survives_the_one_who_sent_it() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    admin
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    crate::support::db::delete_user(&app, &admin.id).await;
    app.settle().await;
    let reply = accept(&app, &app.token_for("new@example.com").await).await;
    assert_eq!(reply.expect(200)["role"], Value::from("member"));
    app.finish().await;
}
