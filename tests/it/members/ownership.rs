//! Handing the ownership over (ruling 8).

use serde_json::{Value, json};

use crate::support::{
    Actor, Door, Reply, TestApp, assert_code, assert_same, client::text, db, ops,
};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

async fn transfer(by: &Actor, tenant: &str, to: &str) -> Reply {
    by.call(Door::Graphql, &ops::transfer_ownership(tenant, to))
        .await
}

#[tokio::test]
async fn the_ownership_changes_hands_at_once_and_whole() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for role in ["member", "admin"] {
        let (from, to) = (acme.owner.clone(), acme.join(role).await);
        let reply = transfer(&from, &acme.id, &to.id).await;
        let out = &reply.ok()["out"];
        assert_eq!(out["owner"]["role"], "OWNER", "{reply}");
        assert_eq!(out["owner"]["user"]["id"], json!(to.id), "{reply}");
        assert_eq!(out["membership"]["role"], "ADMIN", "{reply}");
        assert_eq!(out["membership"]["user"]["id"], json!(from.id), "{reply}");
        // Already the answer shows the tenant as an admin sees it.
        assert_eq!(out["tenant"]["viewerRole"], "ADMIN", "{reply}");
        let may = out["tenant"]["viewerPermissions"].to_string();
        assert!(!may.contains("TRANSFER_OWNERSHIP"), "{reply}");

        let again = transfer(&from, &acme.id, &to.id).await;
        assert_eq!(again.failure().code, "FORBIDDEN");
        let owners = to.get(&acme.path("/users")).await;
        let owners = owners.expect(200).as_array().unwrap().iter();
        let owners: Vec<_> = owners.filter(|member| member["role"] == "owner").collect();
        assert_eq!(owners.len(), 1);
        assert_eq!(text(owners[0], "/user_id"), to.id);
        // It goes back the same way, and the former owner may leave.
        transfer(&to, &acme.id, &from.id).await.ok();
        to.call(Door::Graphql, &ops::leave_tenant(&acme.id))
            .await
            .ok();
    }
    app.finish().await;
}

#[tokio::test]
async fn only_an_owner_hands_it_over_and_only_to_a_member_who_is_none() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let (admin, member) = (acme.join("admin").await, acme.join("member").await);
    let (second, disabled) = (acme.join("owner").await, acme.join("member").await);
    db::deactivate(&app, &disabled.id).await;
    app.settle().await;
    let before = db::counts(&app).await;

    for by in [&admin, &member] {
        let refused = transfer(by, &acme.id, &member.id).await;
        assert_eq!(refused.failure().code, "FORBIDDEN");
        assert!(refused.body.contains("TRANSFER_OWNERSHIP"), "{refused}");
    }
    for (to, reason) in [
        (&acme.owner, "SELF_TRANSFER"),
        (&second, "ALREADY_OWNER"),
        (&disabled, "ACCOUNT_DISABLED"),
    ] {
        let refused = transfer(&acme.owner, &acme.id, &to.id).await;
        assert_code(&refused, "CONFLICT", reason);
    }
    let foreign = transfer(&acme.owner, &acme.id, &beta.owner.id).await;
    assert_eq!(foreign.failure().code, "NOT_FOUND");
    assert_same(&foreign, &transfer(&acme.owner, &acme.id, NOBODY).await);
    let outside = transfer(&beta.owner, &acme.id, &member.id).await;
    assert_eq!(outside.failure().code, "NOT_FOUND");
    assert_same(&outside, &transfer(&beta.owner, NOBODY, &member.id).await);
    let wrong = transfer(&acme.owner, "acme", "somebody").await;
    assert_code(&wrong, "INVALID_INPUT", "INVALID_ID");
    assert_eq!(wrong.failure().fields, ["tenant_id", "user_id"]);
    let visitor = transfer(&app.visitor(), "acme", "somebody").await;
    assert_eq!(visitor.failure().code, "UNAUTHENTICATED");

    assert_eq!(db::counts(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn the_new_owner_gets_a_letter_and_everybody_concerned_hears_of_it() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let heir = acme.join("member").await;
    app.settle().await;
    transfer(&acme.owner, &acme.id, &heir.id).await.ok();

    let events = db::events(&app).await;
    let told = events
        .iter()
        .filter(|event| event.1 == "ownership_transferred");
    let (streams, told): (Vec<_>, Vec<_>) =
        told.map(|event| (event.0.clone(), event.2.clone())).unzip();
    let mut expected = [
        format!("tenant:{}", acme.id),
        format!("user:{}", acme.owner.id),
        format!("user:{}", heir.id),
    ];
    expected.sort();
    assert_eq!(streams, expected);
    assert_eq!(text(&told[0], "/from_user_id"), acme.owner.id);
    assert_eq!(text(&told[0], "/to_user_id"), heir.id);
    let deeds = db::deeds(&app).await;
    let deed = ("tenant.ownership_transferred", "user", "user");
    let deed = (deed.0.into(), deed.1.into(), deed.2.into());
    assert_eq!(deeds.last().unwrap(), &deed);

    assert_eq!(app.settle().await, 1);
    let letter = app.letter_to(&heir.email).await;
    assert_eq!(letter.subject, "You are now an owner of Acme");
    assert!(letter.text.contains("Olga Acme"), "{}", letter.text);
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_is_no_longer_true_is_not_sent() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let heir = acme.join("member").await;
    app.settle().await;
    let before = app.letters().await.len();
    transfer(&acme.owner, &acme.id, &heir.id).await.ok();
    transfer(&heir, &acme.id, &acme.owner.id).await.ok();
    assert_eq!(app.settle().await, 2);
    let letters = app.letters().await;
    assert_eq!(letters.len(), before + 1, "{letters:#?}");
    assert_eq!(letters.last().unwrap().to, acme.owner.email);
    app.finish().await;
}

#[tokio::test]
async fn an_expired_subscription_does_not_hold_an_owner_back() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let heir = acme.join("member").await;
    db::suspend(&app, &acme.id).await;
    transfer(&acme.owner, &acme.id, &heir.id).await.ok();
    let reply = acme
        .owner
        .call(Door::Graphql, &ops::leave_tenant(&acme.id))
        .await;
    assert_eq!(reply.ok()["out"]["viewer"]["currentTenant"], Value::Null);
    app.finish().await;
}
