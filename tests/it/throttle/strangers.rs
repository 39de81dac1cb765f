//! What strangers and thieves cannot use up: limits that belong to somebody else.

use super::*;
use crate::support::client::text;

const ADDRESS: &str = "ceo@victim.example.com";

async fn invite(who: &Actor, door: Door, tenant: &str) -> Reply {
    let invite = json!({ "email": ADDRESS, "role": "member" });
    who.call(door, &ops::invite_member(tenant, invite)).await
}

#[tokio::test]
async fn who_may_not_invite_uses_up_no_letters() {
    let app = TestApp::with(as_printed).await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let member = acme.join("member").await;
    // More often than there are letters for one mailbox.
    for (who, code) in [(&beta.owner, "NOT_FOUND"), (&member, "FORBIDDEN")] {
        for _ in 0..25 {
            let refused = invite(who, Door::Rest, &acme.id).await;
            assert_eq!(refused.failure().code, code, "{refused}");
        }
    }
    for (who, tenant) in [(&acme.owner, &acme.id), (&beta.owner, &beta.id)] {
        let invited = invite(who, Door::Graphql, tenant).await;
        assert!(!invited.refused(), "{invited}");
    }
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn a_mailbox_gets_so_many_letters_whoever_sends_them() {
    let app = TestApp::with(as_printed).await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let first = invite(&acme.owner, Door::Rest, &acme.id).await;
    let again = ops::resend_invitation(&acme.id, &text(first.expect(201), "/invitation/id"));
    for n in 1..20 {
        let door = Door::BOTH[n % 2];
        let sent = acme.owner.call(door, &again).await;
        assert!(!sent.refused(), "letter {n}: {sent}");
    }
    for door in Door::BOTH {
        let wait = 24 * 60 * 60 / 20;
        assert_eq!(wait_of(door, &acme.owner.call(door, &again).await), wait);
        assert_eq!(
            wait_of(door, &invite(&beta.owner, door, &beta.id).await),
            wait
        );
    }
    assert_eq!(
        refusals(&app),
        [("invitation_letter".to_owned(), "recipient".to_owned())]
    );
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn who_has_one_session_cannot_keep_its_owner_from_ending_it() {
    let app = TestApp::with(as_printed).await;
    let acme = app.company("Acme").await;
    let thief = acme.owner.sign_in().await;
    let nonsense = ops::revoke_session("01a20849-6d02-7024-a7e5-5a3be569a40f");
    let mut tried = 0;
    while thief.call(Door::Graphql, &nonsense).await.failure().code != "RATE_LIMITED" {
        tried += 1;
        assert!(tried < 100, "a session may try for ever");
    }
    let everywhere = ops::logout_everywhere(true);
    assert!(!acme.owner.call(Door::Graphql, &everywhere).await.refused());
    assert_eq!(thief.get("/auth/me").await.status, 401);
    app.finish().await;
}
