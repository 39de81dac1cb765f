//! Listing and inviting people, changing roles, removing.

use serde_json::json;

use super::play;
use crate::support::{db, ops};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn listing_people() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        play.app.advance_secs(5);
        let admin = acme.join("admin").await;
        play.app.advance_secs(5);
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        play.name(&admin.id, "admin");
        play.name(&member.id, "member");
        for (label, who) in [
            ("owner", &acme.owner),
            ("admin", &admin),
            ("member", &member),
        ] {
            play.step(label, who, ops::members(&acme.id)).await;
            play.step(
                &format!("{label}: invitations"),
                who,
                ops::invitations(&acme.id),
            )
            .await;
        }
        play.step("foreign", &beta.owner, ops::members(&acme.id))
            .await;
        play.step("unknown", &acme.owner, ops::members(NOBODY))
            .await;
        play.step(
            "foreign: invitations",
            &beta.owner,
            ops::invitations(&acme.id),
        )
        .await;
        play.step("visitor", &play.app.visitor(), ops::members(&acme.id))
            .await;
        play.step(
            "visitor: invitations",
            &play.app.visitor(),
            ops::invitations(&acme.id),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn inviting_people() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let gamma = play.app.company("Gamma").await;
        let admin = acme.join("admin").await;
        play.name_company(&acme, "acme");
        play.name_company(&beta, "beta");
        let invite = |email: &str, role: &str| {
            ops::invite_member(&acme.id, json!({ "email": email, "role": role }))
        };
        play.step(
            "unknown address",
            &admin,
            invite("New@example.com", "member"),
        )
        .await;
        play.step("renewed", &admin, invite("new@example.com", "admin"))
            .await;
        let default = ops::invite_member(&acme.id, json!({ "email": "d@example.com" }));
        play.step("without a role", &admin, default).await;
        play.step(
            "owner by admin",
            &admin,
            invite("heir@example.com", "owner"),
        )
        .await;
        play.step(
            "owner by owner",
            &acme.owner,
            invite("heir@example.com", "owner"),
        )
        .await;
        play.step("account", &admin, invite(&beta.owner.email, "member"))
            .await;
        play.step("again", &admin, invite(&beta.owner.email, "member"))
            .await;
        play.step(
            "again, as owner, by admin",
            &admin,
            invite(&beta.owner.email, "owner"),
        )
        .await;
        play.step(
            "by a member",
            &beta.owner,
            invite("x@example.com", "member"),
        )
        .await;
        play.step("no seat", &admin, invite(&gamma.owner.email, "member"))
            .await;
        play.step(
            "no seat, but an address",
            &admin,
            invite("y@example.com", "member"),
        )
        .await;
        let body = json!({ "email": "x@example.com" });
        play.step(
            "unknown tenant",
            &admin,
            ops::invite_member(NOBODY, body.clone()),
        )
        .await;
        play.step("no id", &admin, ops::invite_member("acme", body))
            .await;
        db::suspend(play.app, &acme.id).await;
        play.step("suspended", &admin, invite("z@example.com", "member"))
            .await;
        play.step(
            "suspended, conflict first",
            &admin,
            invite(&beta.owner.email, "member"),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn inviting_people_without_right_or_sense() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let visitor = play.app.visitor();
        for body in [
            json!({ "email": "nobody", "role": "member" }),
            json!({ "role": "member" }),
            json!({ "email": 7, "role": "member" }),
            json!({ "email": "a@example.com", "role": "king" }),
            json!({ "email": "a@example.com", "role": 1 }),
        ] {
            let label = body.to_string();
            play.step(&label, &admin, ops::invite_member(&acme.id, body))
                .await;
        }
        let bad = || ops::invite_member(&acme.id, json!({ "email": "nobody" }));
        let good = || ops::invite_member(&acme.id, json!({ "email": "x@example.com" }));
        play.step("bad address, foreign", &beta.owner, bad()).await;
        play.step("bad address, visitor", &visitor, bad()).await;
        play.step("visitor", &visitor, good()).await;
        play.step("foreign", &beta.owner, good()).await;
    })
    .await;
}

#[tokio::test]
async fn changing_roles() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        play.name(&admin.id, "admin");
        play.name(&member.id, "member");
        let change = |who: &crate::support::Actor, role: &str| {
            ops::change_member_role(&acme.id, &who.id, role)
        };
        play.step("up", &acme.owner, change(&member, "admin")).await;
        play.step("down", &acme.owner, change(&member, "member"))
            .await;
        play.step("the same", &acme.owner, change(&member, "member"))
            .await;
        play.step("by admin", &admin, change(&member, "admin"))
            .await;
        play.step("by member", &member, change(&member, "admin"))
            .await;
        play.step("the last owner", &acme.owner, change(&acme.owner, "admin"))
            .await;
        play.step(
            "the last owner stays",
            &acme.owner,
            change(&acme.owner, "owner"),
        )
        .await;
        play.step("a stranger", &acme.owner, change(&beta.owner, "admin"))
            .await;
        let nobody = ops::change_member_role(&acme.id, NOBODY, "admin");
        play.step("nobody", &acme.owner, nobody).await;
        let no_id = ops::change_member_role(&acme.id, "ann", "admin");
        play.step("no id", &acme.owner, no_id).await;
        play.step("foreign", &beta.owner, change(&member, "admin"))
            .await;
        play.step("visitor", &play.app.visitor(), change(&member, "admin"))
            .await;
        play.step("second owner", &acme.owner, change(&admin, "owner"))
            .await;
        play.step("first owner down", &admin, change(&acme.owner, "member"))
            .await;
        play.step("no longer", &acme.owner, change(&admin, "member"))
            .await;
        play.step("list", &admin, ops::members(&acme.id)).await;
    })
    .await;
}

#[tokio::test]
async fn removing_people() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        db::unlimited(play.app, "trial").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        let second = acme.join("owner").await;
        play.name_company(&acme, "acme");
        let remove = |who: &crate::support::Actor| ops::remove_member(&acme.id, &who.id);
        play.step("owner by admin", &admin, remove(&acme.owner))
            .await;
        play.step("oneself", &admin, remove(&admin)).await;
        play.step("by member", &member, remove(&admin)).await;
        play.step("a stranger", &admin, remove(&beta.owner)).await;
        play.step("nobody", &admin, ops::remove_member(&acme.id, NOBODY))
            .await;
        play.step("no id", &admin, ops::remove_member(&acme.id, "ann"))
            .await;
        play.step("foreign", &beta.owner, remove(&member)).await;
        play.step("visitor", &play.app.visitor(), remove(&member))
            .await;
        play.step("member", &admin, remove(&member)).await;
        play.step("member again", &admin, remove(&member)).await;
        play.step("the removed reads", &member, ops::tenant(&acme.id))
            .await;
        play.step("the removed lists", &member, ops::tenants())
            .await;
        play.step("an owner, oneself", &second, remove(&second))
            .await;
        play.step("an owner by an owner", &second, remove(&acme.owner))
            .await;
        play.step("the last owner", &second, remove(&second)).await;
    })
    .await;
}
