//! The mapping table: of everything that happens, who is told what, by which way, and who is not.

use serde_json::{Value, json};

use super::{headlines, inbox};
use crate::support::{Actor, TestApp, client::text, db, stage::Fault};

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn who_comes_is_told_to_those_who_manage() {
    let app = TestApp::new().await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let admin = acme.join("admin").await;
    assert_eq!(
        headlines(&acme.owner).await,
        ["MEMBER_JOINED: New admin joined Acme"]
    );
    assert_eq!(headlines(&admin).await, NOTHING, "they opened the link");
    acme.admit(&beta.owner, "member").await;
    let [told] = inbox(&beta.owner).await.try_into().unwrap();
    assert_eq!(text(&told, "/kind"), "MEMBER_ADDED");
    assert_eq!(text(&told, "/type"), "SUCCESS");
    assert_eq!(text(&told, "/title"), "You are now in Acme");
    assert_eq!(
        text(&told, "/message"),
        "Olga Acme has added you to Acme as a member."
    );
    assert_eq!(told["tenantId"], json!(acme.id));
    assert_eq!(told["tenant"]["id"], json!(acme.id));
    assert_eq!(told["readAt"], Value::Null);
    assert_eq!(told["createdAt"], "2026-01-09T12:00:00Z");
    let [told] = inbox(&admin).await.try_into().unwrap();
    assert_eq!(text(&told, "/title"), "Olga Beta joined Acme");
    assert_eq!(
        text(&told, "/message"),
        "Olga Beta is now a member of Acme."
    );
    assert_eq!(told["data"], json!({ "user_id": beta.owner.id }));
    // Whoever invited them knows.
    assert_eq!(headlines(&acme.owner).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_role_is_told_to_whom_it_was_given() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (other, member) = (acme.join("owner").await, acme.join("member").await);
    let before = headlines(&acme.owner).await;
    let admin = json!({ "role": "admin" });
    let seat = acme.seat(&member);
    acme.owner.patch(&seat, admin.clone()).await.expect(200);
    // The same again is no change.
    acme.owner.patch(&seat, admin.clone()).await.expect(200);
    let [told] = inbox(&member).await.try_into().unwrap();
    assert_eq!(
        (text(&told, "/kind"), text(&told, "/type")),
        ("ROLE_CHANGED".to_owned(), "INFO".to_owned())
    );
    assert_eq!(text(&told, "/title"), "Your role in Acme has changed");
    assert_eq!(
        text(&told, "/message"),
        "Olga Acme has made you an admin of Acme."
    );
    // One's own doing.
    other.patch(&acme.seat(&other), admin).await.expect(200);
    assert_eq!(
        headlines(&other).await,
        ["MEMBER_JOINED: New member joined Acme"]
    );
    assert_eq!(headlines(&acme.owner).await, before);
    app.finish().await;
}

#[tokio::test]
async fn who_is_removed_is_told_and_who_leaves_is_missed() {
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    let (admin, member, leaver) = (
        acme.join("admin").await,
        acme.join("member").await,
        acme.join("member").await,
    );
    admin.delete(&acme.seat(&member)).await.expect(200);
    let [told] = inbox(&member).await.try_into().unwrap();
    assert_eq!(
        (text(&told, "/kind"), text(&told, "/type")),
        ("MEMBER_REMOVED".to_owned(), "WARNING".to_owned())
    );
    assert_eq!(text(&told, "/title"), "You are no longer in Acme");
    assert_eq!(
        text(&told, "/message"),
        "New admin has removed you from Acme."
    );
    // They may know which it was, but see no more of it.
    assert_eq!(told["tenantId"], json!(acme.id));
    assert_eq!(told["tenant"], Value::Null);

    let leave = "mutation { leaveTenant(input: {}) { leftTenantId } }";
    let reply = leaver.gql(leave, json!({})).await;
    assert!(!reply.refused(), "{reply}");
    for manager in [&acme.owner, &admin] {
        let last = inbox(manager).await.pop().unwrap();
        assert_eq!(text(&last, "/kind"), "MEMBER_LEFT");
        assert_eq!(text(&last, "/title"), "New member left Acme");
        assert_eq!(last["data"], json!({ "user_id": leaver.id }));
    }
    assert_eq!(headlines(&leaver).await, NOTHING);
    app.finish().await;
}

#[tokio::test]
async fn both_sides_of_a_transfer_are_told() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let heir = acme.join("member").await;
    let transfer = "mutation($to: ID!) {
        transferOwnership(input: { userId: $to }) { owner { role } } }";
    let reply = acme.owner.gql(transfer, json!({ "to": heir.id })).await;
    assert!(!reply.refused(), "{reply}");
    let [told] = inbox(&heir).await.try_into().unwrap();
    assert_eq!(text(&told, "/kind"), "OWNERSHIP_TRANSFERRED");
    assert_eq!(text(&told, "/title"), "You are now an owner of Acme");
    let receipt = inbox(&acme.owner).await.pop().unwrap();
    assert_eq!(text(&receipt, "/kind"), "OWNERSHIP_TRANSFERRED");
    assert_eq!(
        text(&receipt, "/title"),
        "New member is now an owner of Acme"
    );
    let ids = json!({ "from_user_id": acme.owner.id, "to_user_id": heir.id });
    assert_eq!((&receipt["data"], &told["data"]), (&ids, &ids));
    app.settle().await;
    // The letter about it is not doubled.
    assert_eq!(app.letters_to(&heir.email).await.len(), 2);
    app.finish().await;
}

/// The last thing that somebody was told, in short.
async fn last(who: &Actor) -> (String, String, String) {
    let Some(told) = inbox(who).await.pop() else {
        return Default::default();
    };
    (
        text(&told, "/kind"),
        text(&told, "/title"),
        text(&told, "/message"),
    )
}

async fn asked_by(who: &Actor, verb: &str) -> String {
    let body = json!({ "job_type": format!("{verb}_instance") });
    let reply = who.post("/provisioning/jobs", body).await;
    text(reply.expect(201), "/id")
}

#[tokio::test]
async fn how_a_job_ends_is_told_to_who_asked_and_who_manages() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let (admin, member) = (acme.join("admin").await, acme.join("member").await);
    let create = asked_by(&admin, "create").await;
    app.settle().await;
    let ready = (
        "PROVISIONING_COMPLETED".to_owned(),
        "The site of Acme is ready".to_owned(),
        "You find it at https://acme.sites.localhost.".to_owned(),
    );
    assert_eq!(last(&acme.owner).await, ready);
    assert_eq!(last(&admin).await, ready);
    let told = inbox(&admin).await.pop().unwrap();
    assert_eq!(told["data"], json!({ "job_id": create }));
    assert_eq!(told["type"], "SUCCESS");
    // Each once, whatever they are besides.
    assert_eq!(headlines(&admin).await.len(), 2);
    let letters = app.letters().await.len();

    stage.fault("perform backup.save", [Fault::Refuse]);
    let backup = asked_by(&admin, "backup").await;
    app.settle().await;
    for manager in [&acme.owner, &admin] {
        let told = inbox(manager).await.pop().unwrap();
        assert_eq!(told["kind"], "PROVISIONING_FAILED", "{told:#}");
        assert_eq!(told["type"], "ERROR");
        assert_eq!(told["title"], "The backup of the site of Acme failed");
        assert_eq!(told["data"], json!({ "job_id": backup }));
        let letter = app.letter_to(&manager.email).await;
        assert_eq!(letter.subject, "The backup of the site of Acme failed");
        assert!(letter.text.contains(&text(&told, "/message")), "{letter:?}");
    }
    assert_eq!(app.letters().await.len(), letters + 2);

    let waiting = asked_by(&admin, "backup").await;
    let cancel = format!("/provisioning/jobs/{waiting}/cancel");
    acme.owner.post(&cancel, json!({})).await.expect(200);
    let (kind, title, message) = last(&admin).await;
    assert_eq!(kind, "PROVISIONING_CANCELLED");
    assert_eq!(title, "The backup of the site of Acme was cancelled");
    assert_eq!(message, "Olga Acme has cancelled it.");
    assert_eq!(last(&acme.owner).await.0, "PROVISIONING_FAILED");
    assert_eq!(headlines(&member).await, NOTHING);
    app.finish().await;
}

#[tokio::test]
async fn who_asked_and_was_removed_hears_no_more() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    asked_by(&admin, "create").await;
    acme.owner.delete(&acme.seat(&admin)).await.expect(200);
    app.settle().await;
    assert_eq!(last(&admin).await.0, "MEMBER_REMOVED");
    assert_eq!(last(&acme.owner).await.0, "PROVISIONING_COMPLETED");
    // One who is no admin any more has still asked for it.
    let other = acme.join("admin").await;
    asked_by(&other, "backup").await;
    let member = json!({ "role": "member" });
    acme.owner
        .patch(&acme.seat(&other), member)
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(last(&other).await.1, "The site of Acme was backed up");
    app.finish().await;
}

#[tokio::test]
async fn the_site_that_comes_with_signing_up_is_told_to_its_owner() {
    let (app, _) = TestApp::staged_with(|config| config.provisioning.on_signup = true).await;
    let acme = app.company("Acme").await;
    assert_eq!(headlines(&acme.owner).await, NOTHING);
    app.settle().await;
    assert_eq!(
        headlines(&acme.owner).await,
        ["PROVISIONING_COMPLETED: The site of Acme is ready"]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_was_used_twice_is_told_to_its_owner() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let other = acme.owner.sign_in().await;
    let body = json!({ "refresh_token": acme.owner.refresh });
    acme.owner
        .post("/auth/refresh", body.clone())
        .await
        .expect(200);
    app.advance_secs(60);
    assert_eq!(acme.owner.post("/auth/refresh", body).await.status, 401);
    let [told] = inbox(&other).await.try_into().unwrap();
    assert_eq!(
        (text(&told, "/kind"), text(&told, "/type")),
        ("SESSION_REUSED".to_owned(), "WARNING".to_owned())
    );
    assert_eq!(told["tenantId"], Value::Null);
    app.settle().await;
    let letter = app.letter_to(&acme.owner.email).await;
    assert_eq!(letter.subject, "A session was ended for your safety");
    // What one ends by oneself is no news.
    let revoke = "mutation { logoutEverywhere(input: { exceptCurrent: true }) { endedSessions } }";
    other.gql(revoke, json!({})).await.ok();
    assert_eq!(headlines(&other).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn every_notification_is_heard_at_once_and_whole() {
    let app = TestApp::new().await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    acme.admit(&beta.owner, "member").await;
    let [told] = inbox(&beta.owner).await.try_into().unwrap();
    let stream = format!("user:{}", beta.owner.id);
    let events = db::events(&app).await;
    let heard: Vec<_> = events.iter().filter(|event| event.0 == stream).collect();
    // First what happened, then what is told of it.
    let kinds: Vec<_> = heard.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(kinds, ["member_joined", "notification_created"]);
    let facts = &heard[1].2["notification"];
    let expected = json!({
        "id": told["id"], "user_id": beta.owner.id, "tenant_id": acme.id,
        "kind": "member_added", "type": "success", "title": told["title"],
        "message": told["message"], "data": {}, "created_at": "2026-01-09T12:00:00Z",
    });
    assert_eq!(*facts, expected);
    // Names, but no addresses.
    assert!(!heard[1].2.to_string().contains('@'), "{facts}");
    // The tenant's people do not hear what one of them is told.
    let tenants = events.iter().filter(|event| event.0.starts_with("tenant:"));
    assert!(tenants.clone().count() > 0);
    assert!(
        tenants
            .clone()
            .all(|event| event.1 != "notification_created")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_closed_account_is_told_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let admin = acme.join("admin").await;
    db::deactivate(&app, &admin.id).await;
    let before = db::counts(&app).await.notifications;
    acme.join("member").await;
    // The owner alone.
    assert_eq!(db::counts(&app).await.notifications, before + 1);
    app.finish().await;
}
