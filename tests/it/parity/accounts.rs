//! Sign-up, sign-in, refresh, switch, logout.

use serde_json::json;

use super::play;
use crate::support::{Actor, PASSWORD, client::text, db, ops};

#[tokio::test]
async fn signing_up() {
    play(async |play| {
        let visitor = play.app.visitor();
        let body = json!({
            "email": "Ann@Example.com", "password": PASSWORD,
            "full_name": "Ann Lee", "company_name": "Рога и копыта",
        });
        play.step("register", &visitor, ops::register(body.clone()))
            .await;
        play.step("the same again", &visitor, ops::register(body.clone()))
            .await;
        for change in [
            json!({ "email": "ANN@example.com" }),
            json!({ "email": "" }),
            json!({ "email": "a@b" }),
            json!({ "email": "a\u{0}@example.com" }),
            json!({ "password": "short" }),
            json!({ "password": "password" }),
            json!({ "password": "Bob@example.com", "email": "bob@example.com" }),
            json!({ "full_name": " ", "company_name": "\u{7}" }),
            json!({ "full_name": "x".repeat(256), "password": "x".repeat(129) }),
            json!({ "email": "x", "password": "y", "full_name": "", "company_name": "" }),
        ] {
            let mut wrong = body.clone();
            wrong
                .as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            play.step(
                &format!("register {change}"),
                &visitor,
                ops::register(wrong),
            )
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn signing_in() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        acme.admit(&beta.owner, "admin").await;
        play.name_company(&acme, "acme");
        play.name_company(&beta, "beta");
        let visitor = play.app.visitor();
        play.step(
            "login",
            &visitor,
            ops::login("OWNER@beta.example.com", PASSWORD),
        )
        .await;
        play.step(
            "wrong password",
            &visitor,
            ops::login(&acme.owner.email, "wrong one"),
        )
        .await;
        play.step(
            "unknown",
            &visitor,
            ops::login("nobody@example.com", "wrong one"),
        )
        .await;
        play.step("no address", &visitor, ops::login("nobody", "wrong one"))
            .await;
        play.step(
            "endless",
            &visitor,
            ops::login("a@example.com", &"x".repeat(1025)),
        )
        .await;
        let stale = visitor.with_access("stale");
        play.step(
            "with a bad bearer",
            &stale,
            ops::login(&acme.owner.email, PASSWORD),
        )
        .await;
        db::legacy_user(play.app, "alone@example.com", "all alone in here", "2b").await;
        let alone = ops::login("alone@example.com", "all alone in here");
        play.step("without a tenant", &visitor, alone).await;
        db::deactivate(play.app, &acme.owner.id).await;
        play.step(
            "disabled",
            &visitor,
            ops::login(&acme.owner.email, PASSWORD),
        )
        .await;
        play.step("disabled, signed in", &acme.owner, ops::viewer())
            .await;
    })
    .await;
}

#[tokio::test]
async fn staying_signed_in() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        play.name_company(&acme, "acme");
        let visitor = play.app.visitor();
        let first = acme.owner.refresh.clone();
        let told = play
            .step("refresh", &visitor, ops::refresh_token(&first))
            .await;
        let renewed = acme.owner.with_tokens(&told);
        let again = play
            .step("repeat", &visitor, ops::refresh_token(&first))
            .await;
        assert_eq!(told, again, "the live pair, byte for byte");
        play.step("renewed", &renewed, ops::viewer()).await;
        play.step("older", &acme.owner, ops::viewer()).await;
        play.step("garbage", &visitor, ops::refresh_token("garbage"))
            .await;
        let access = renewed.access.clone().unwrap();
        play.step("an access token", &visitor, ops::refresh_token(&access))
            .await;
        play.app.advance_secs(60);
        play.step("replay", &visitor, ops::refresh_token(&first))
            .await;
        play.step("the family", &visitor, ops::refresh_token(&renewed.refresh))
            .await;
        play.step("its access token", &renewed, ops::viewer()).await;

        let later = acme.owner.sign_in().await;
        play.app.advance_secs(15 * 60);
        play.step("expired", &later, ops::viewer()).await;
        play.app.advance_secs(7 * 24 * 3600);
        play.step("long expired", &visitor, ops::refresh_token(&later.refresh))
            .await;
    })
    .await;
}

#[tokio::test]
async fn who_am_i() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        play.name_company(&acme, "acme");
        let member = acme.join("member").await;
        play.name(&member.id, "member");
        play.step("owner", &acme.owner, ops::viewer()).await;
        play.step("member", &member, ops::viewer()).await;
        play.step("visitor", &play.app.visitor(), ops::viewer())
            .await;
        acme.owner.delete(&acme.seat(&member)).await.expect(200);
        play.step("removed from the tenant", &member, ops::current_tenant())
            .await;
        let refresh = Actor {
            access: Some(member.refresh.clone()),
            ..member.clone()
        };
        play.step("with a refresh token", &refresh, ops::viewer())
            .await;
    })
    .await;
}

#[tokio::test]
async fn turning_to_another_tenant() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let gamma = play.app.company("Gamma").await;
        let body = json!({ "email": beta.owner.email, "role": "member" });
        acme.owner
            .post(&acme.path("/users/invite"), body)
            .await
            .expect(201);
        for (company, name) in [(&acme, "acme"), (&beta, "beta"), (&gamma, "gamma")] {
            play.name_company(company, name);
        }
        let told = play
            .step("switch", &beta.owner, ops::switch_tenant(&acme.id))
            .await;
        let switched = beta.owner.with_tokens(&told);
        assert_eq!(text(&told, "/tenant/id"), acme.id);
        play.step("there", &switched, ops::current_tenant()).await;
        play.step("the older token", &beta.owner, ops::current_tenant())
            .await;
        play.step("foreign", &switched, ops::switch_tenant(&gamma.id))
            .await;
        let nobody = "0199d3a0-0000-7000-8000-000000000000";
        play.step("unknown", &switched, ops::switch_tenant(nobody))
            .await;
        play.step("no id", &switched, ops::switch_tenant("acme"))
            .await;
        play.step("visitor", &play.app.visitor(), ops::switch_tenant("acme"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn signing_out() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        play.name_company(&acme, "acme");
        let other = acme.owner.sign_in().await;
        play.step("logout", &acme.owner, ops::logout()).await;
        play.step("again", &acme.owner, ops::logout()).await;
        play.step("then", &acme.owner, ops::viewer()).await;
        let refresh = ops::refresh_token(&acme.owner.refresh);
        play.step("refresh", &play.app.visitor(), refresh).await;
        play.step("elsewhere", &other, ops::viewer()).await;
        play.step("visitor", &play.app.visitor(), ops::logout())
            .await;
    })
    .await;
}
