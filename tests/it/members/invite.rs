//! Inviting: existing accounts, unknown addresses, the order of checks, seats (rulings 7, 8).

use erpmax::config::InviteUnknown;
use serde_json::{Value, json};

use crate::support::{Actor, Company, Reply, TestApp, assert_code, assert_same, db};

async fn invite(by: &Actor, tenant: &Company<'_>, email: &str, role: &str) -> Reply {
    let body = json!({ "email": email, "role": role });
    by.post(&tenant.path("/users/invite"), body).await
}

#[tokio::test]
async fn whoever_has_an_account_joins_at_once_and_is_told() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let reply = invite(
        &acme.owner,
        &acme,
        &beta.owner.email.to_uppercase(),
        "ADMIN",
    )
    .await;
    assert_eq!(reply.json["status"], "success");
    assert!(reply.json["message"].is_string(), "{reply}");
    let data = reply.expect(201);
    assert_eq!(data["user_id"], beta.owner.id);
    assert_eq!(data["role"], "admin");

    let seen = beta.owner.get(&acme.path("")).await;
    assert_eq!(seen.expect(200)["role"], "admin");
    app.settle().await;
    let letter = app.letter_to(&beta.owner.email).await;
    assert!(letter.subject.contains("Acme"), "{letter:?}");
    assert!(
        !letter.text.contains('#'),
        "a letter without a token: {letter:?}"
    );
    // A new membership beside an older one is not the default.
    let me = beta.owner.get("/auth/me").await;
    assert_eq!(
        me.expect(200)["user"]["default_tenant_id"],
        Value::from(beta.id.clone())
    );
    app.finish().await;
}

#[tokio::test]
async fn the_first_membership_of_an_account_becomes_its_default() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let alone = db::legacy_user(&app, "alone@example.com", "all alone in here", "2b").await;
    invite(&acme.owner, &acme, "alone@example.com", "member")
        .await
        .expect(201);
    let body = json!({ "email": "alone@example.com", "password": "all alone in here" });
    let reply = app.visitor().post("/auth/login", body).await;
    assert_eq!(reply.expect(200)["user"]["id"], alone.to_string());
    assert_eq!(reply.expect(200)["current_tenant"]["id"], acme.id);
    assert_eq!(reply.expect(200)["user"]["default_tenant_id"], acme.id);
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_address_gets_a_link_and_nothing_else_comes_to_be() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::counts(&app).await;
    let reply = invite(&acme.owner, &acme, "New.One@example.com", "member").await;
    let data = reply.expect(201);
    assert_eq!(data["user_id"], Value::Null);
    assert_eq!(data["email"], "New.One@example.com");
    assert_eq!(data["role"], "member");
    let after = db::counts(&app).await;
    assert_eq!(
        (after.users, after.memberships),
        (before.users, before.memberships)
    );
    assert_eq!(after.invitations, before.invitations + 1);

    app.settle().await;
    let letter = app.letter_to("New.One@example.com").await;
    let link = crate::support::letters::link_in(&letter.text);
    assert!(
        link.starts_with(&format!("{}/join#", crate::support::settings::PUBLIC_URL)),
        "{link}"
    );
    let token = app.token_for("New.One@example.com").await;
    assert!(token.len() >= 43, "256 bits: {token}");
    assert!(
        !db::dump(&app).await.contains(&token),
        "the token is stored"
    );
    // The list of users shows members only.
    let list = acme.owner.get(&acme.path("/users")).await;
    assert_eq!(list.expect(200).as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn the_invited_address_can_still_register_by_itself() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    invite(&acme.owner, &acme, "owner@beta.example.com", "member")
        .await
        .expect(201);
    let beta = app.company("Beta").await;
    // Signing up is not accepting.
    assert_eq!(beta.owner.get(&acme.path("")).await.status, 403);
    app.settle().await;
    let body = json!({ "token": app.token_for("owner@beta.example.com").await });
    beta.owner
        .post("/invitations/accept", body)
        .await
        .expect(200);
    beta.owner.get(&acme.path("")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn where_so_set_an_unknown_address_is_refused() {
    let app = TestApp::with(|config| config.members.invite_unknown = InviteUnknown::Refuse).await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let reply = invite(&acme.owner, &acme, "new@example.com", "member").await;
    assert_eq!(
        (reply.status, reply.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    assert_eq!(db::counts(&app).await.invitations, 0);
    invite(&acme.owner, &acme, &beta.owner.email, "member")
        .await
        .expect(201);
    app.finish().await;
}

#[tokio::test]
async fn roles_are_read_in_any_case_with_the_legacy_alias() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (word, role) in [
        ("user", "member"),
        ("USER", "member"),
        ("Member", "member"),
        ("ADMIN", "admin"),
    ] {
        let reply = invite(&acme.owner, &acme, &format!("{word}@example.com"), word).await;
        assert_eq!(reply.expect(201)["role"], role, "{word}");
    }
    let body = json!({ "email": "default@example.com" });
    let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
    assert_eq!(reply.expect(201)["role"], "member");
    for wrong in [json!("king"), json!(""), json!(1), json!(["admin"])] {
        let body = json!({ "email": "wrong@example.com", "role": wrong });
        let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_eq!(reply.failure().fields, ["role"]);
    }
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_in_cannot_be_invited_again() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    for email in [&member.email, &acme.owner.email] {
        let reply = invite(&acme.owner, &acme, email, "admin").await;
        assert_eq!(reply.status, 409);
        assert_code(&reply, "CONFLICT", "ALREADY_MEMBER");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_an_owner_makes_owners() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let refused = invite(&admin, &acme, "heir@example.com", "owner").await;
    assert_eq!(
        (refused.status, refused.failure().code.as_str()),
        (403, "FORBIDDEN")
    );
    invite(&acme.owner, &acme, "heir@example.com", "owner")
        .await
        .expect(201);
    // Nor by renewing the owner's invitation, under which the role could change either way.
    assert_eq!(
        invite(&admin, &acme, "heir@example.com", "owner")
            .await
            .status,
        403
    );
    app.finish().await;
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_ruling() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    let member = acme.join("member").await;
    let beta = app.company("Beta").await;
    let path = acme.path("/users/invite");
    let bad = json!({ "email": "no address", "role": "king" });
    let good = json!({ "email": "new@example.com", "role": "member" });
    let taken = json!({ "email": member.email, "role": "member" });

    // Credentials before input …
    assert_eq!(app.visitor().post(&path, bad.clone()).await.status, 401);
    // … input before membership and permission …
    for who in [&beta.owner, &member] {
        let reply = who.post(&path, bad.clone()).await;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.failure().fields, ["email", "role"]);
    }
    // … membership before permission …
    let foreign = beta.owner.post(&path, good.clone()).await;
    assert_eq!(
        (foreign.status, foreign.failure().code.as_str()),
        (403, "NOT_FOUND")
    );
    let unknown = "/tenants/0199d3a0-0000-7000-8000-000000000000/users/invite";
    assert_same(&foreign, &beta.owner.post(unknown, good.clone()).await);
    // … permission before conflict, who may grant OWNER included …
    let reply = member.post(&path, taken.clone()).await;
    assert_eq!(reply.failure().code, "FORBIDDEN");
    let owner = json!({ "email": member.email, "role": "owner" });
    assert_eq!(admin.post(&path, owner).await.failure().code, "FORBIDDEN");
    // … conflict before limit: all three seats are taken …
    assert_code(
        &admin.post(&path, taken.clone()).await,
        "CONFLICT",
        "ALREADY_MEMBER",
    );
    let full = json!({ "email": beta.owner.email, "role": "member" });
    assert_eq!(
        admin.post(&path, full).await.failure().code,
        "LIMIT_REACHED"
    );
    // … and the same when the trial is over.
    app.advance_secs(15 * 24 * 3600);
    let admin = admin.sign_in().await;
    assert_code(
        &admin.post(&path, taken).await,
        "CONFLICT",
        "ALREADY_MEMBER",
    );
    assert_code(&admin.post(&path, good).await, "PAYMENT_REQUIRED", "");
    app.finish().await;
}

#[tokio::test]
async fn seats_are_counted_when_a_membership_comes_to_be() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let gamma = app.company("Gamma").await;
    let delta = app.company("Delta").await;
    // Invitations take no seat, however many.
    for n in 0..5 {
        invite(&acme.owner, &acme, &format!("n{n}@example.com"), "member")
            .await
            .expect(201);
    }
    invite(&acme.owner, &acme, &beta.owner.email, "member")
        .await
        .expect(201);
    invite(&acme.owner, &acme, &gamma.owner.email, "member")
        .await
        .expect(201);
    let refused = invite(&acme.owner, &acme, &delta.owner.email, "member").await;
    assert_eq!(refused.status, 402);
    assert_code(&refused, "LIMIT_REACHED", "");
    assert_eq!(delta.owner.get(&acme.path("")).await.status, 403);

    // The link of an invitation waits for a seat and is not used up by trying.
    app.settle().await;
    let accept = json!({
        "token": app.token_for("n0@example.com").await, "password": crate::support::PASSWORD,
    });
    let before = db::counts(&app).await;
    let refused = app
        .visitor()
        .post("/invitations/accept", accept.clone())
        .await;
    assert_eq!(refused.status, 402);
    assert_code(&refused, "LIMIT_REACHED", "");
    assert_eq!(db::counts(&app).await, before, "an account without a place");
    acme.owner
        .delete(&acme.seat(&gamma.owner))
        .await
        .expect(200);
    app.visitor()
        .post("/invitations/accept", accept)
        .await
        .expect(200);
    // A plan without a limit has room for everybody.
    db::unlimited(&app, "trial").await;
    invite(&acme.owner, &acme, &delta.owner.email, "member")
        .await
        .expect(201);
    app.finish().await;
}
