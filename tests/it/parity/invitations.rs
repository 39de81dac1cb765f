//! Resending, revoking and accepting invitations.

use serde_json::{Value, json};

use super::{Play, play};
use crate::support::{Company, PASSWORD, client::text, ops};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

/// Invites an address; the invitation's id.
async fn invite(acme: &Company<'_>, email: &str) -> String {
    let body = json!({ "email": email, "role": "member" });
    let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
    text(reply.expect(201), "/invitation/id")
}

#[tokio::test]
async fn handling_invitations() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        let id = invite(&acme, "new@example.com").await;
        play.name_company(&acme, "acme");
        play.name(&id, "invitation");
        let resend = || ops::resend_invitation(&acme.id, &id);
        let revoke = || ops::revoke_invitation(&acme.id, &id);
        play.app.advance_secs(5);
        play.step("resend", &admin, resend()).await;
        play.step("list", &admin, ops::invitations(&acme.id)).await;
        for (label, who) in [
            ("member", &member),
            ("foreign", &beta.owner),
            ("visitor", &play.app.visitor()),
        ] {
            play.step(&format!("resend by {label}"), who, resend())
                .await;
            play.step(&format!("revoke by {label}"), who, revoke())
                .await;
        }
        for (label, other) in [("nobody's", NOBODY), ("no id", "new")] {
            let (again, back) = (
                ops::resend_invitation(&acme.id, other),
                ops::revoke_invitation(&acme.id, other),
            );
            play.step(&format!("resend {label}"), &admin, again).await;
            play.step(&format!("revoke {label}"), &admin, back).await;
        }
        // Under another tenant that one manages, it is unknown.
        let there = ops::resend_invitation(&beta.id, &id);
        play.step("in another tenant", &beta.owner, there).await;
        let there = ops::revoke_invitation(&beta.id, &id);
        play.step("revoke in another tenant", &beta.owner, there)
            .await;
        play.step("revoke", &admin, revoke()).await;
        play.step("revoke again", &admin, revoke()).await;
        play.step("resend revoked", &admin, resend()).await;
        let heir = json!({ "email": "heir@example.com", "role": "owner" });
        let reply = acme.owner.post(&acme.path("/users/invite"), heir).await;
        let heir = text(reply.expect(201), "/invitation/id");
        let again = ops::resend_invitation(&acme.id, &heir);
        play.step("resend an owner's", &admin, again).await;
        play.step("list at last", &admin, ops::invitations(&acme.id))
            .await;
    })
    .await;
}

fn accept(token: &str, password: Option<&str>) -> ops::Call {
    let mut body = json!({ "token": token });
    if let Some(password) = password {
        body["password"] = Value::from(password);
        body["full_name"] = Value::from("New Person");
    }
    ops::accept_invitation(body)
}

async fn letter(play: &Play<'_>, acme: &Company<'_>, email: &str) -> String {
    invite(acme, email).await;
    play.app.settle().await;
    play.app.token_for(email).await
}

#[tokio::test]
async fn joining_by_a_link() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        play.name_company(&acme, "acme");
        let visitor = play.app.visitor();
        let token = letter(play, &acme, "new@example.com").await;
        play.step("no password", &visitor, accept(&token, None))
            .await;
        play.step("weak", &visitor, accept(&token, Some("short")))
            .await;
        play.step("address", &visitor, accept(&token, Some("NEW@example.com")))
            .await;
        play.step("another's", &beta.owner, accept(&token, None))
            .await;
        play.step("garbage", &visitor, accept("garbage", Some(PASSWORD)))
            .await;
        play.step("empty", &visitor, accept("", Some(PASSWORD)))
            .await;
        let told = play
            .step("join", &visitor, accept(&token, Some(PASSWORD)))
            .await;
        let new = visitor.with_tokens(&told);
        play.step("me", &new, ops::viewer()).await;
        play.step("again", &visitor, accept(&token, Some(PASSWORD)))
            .await;
        play.step("again, signed in", &new, accept(&token, None))
            .await;

        let token = letter(play, &acme, "gamma@example.com").await;
        let body = json!({
            "email": "gamma@example.com", "password": PASSWORD,
            "full_name": "G", "company_name": "Gamma",
        });
        let reply = visitor.post("/auth/register", body).await;
        let gamma = visitor.with_tokens(reply.expect(201));
        play.step("has an account", &visitor, accept(&token, Some(PASSWORD)))
            .await;
        play.step("signed in", &gamma, accept(&token, None)).await;

        let token = letter(play, &acme, "full@example.com").await;
        play.step("no seat", &visitor, accept(&token, Some(PASSWORD)))
            .await;
        play.app.advance_secs(7 * 24 * 3600);
        play.step("too late", &visitor, accept(&token, Some(PASSWORD)))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_revoked_link() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let id = invite(&acme, "new@example.com").await;
        play.app.settle().await;
        let token = play.app.token_for("new@example.com").await;
        acme.owner
            .delete(&acme.path(&format!("/invitations/{id}")))
            .await
            .expect(200);
        play.step(
            "revoked",
            &play.app.visitor(),
            accept(&token, Some(PASSWORD)),
        )
        .await;
    })
    .await;
}
