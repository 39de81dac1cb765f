//! Listing, reading and changing tenants.

use serde_json::json;

use super::play;
use crate::support::{db, ops};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn reading_tenants() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        play.app.advance_secs(5);
        let beta = play.app.company("Beta").await;
        let gamma = play.app.company("Gamma").await;
        let guest = acme.admit(&beta.owner, "member").await;
        for (company, name) in [(&acme, "acme"), (&beta, "beta"), (&gamma, "gamma")] {
            play.name_company(company, name);
        }
        play.step("list", &guest, ops::tenants()).await;
        play.step("list of one", &gamma.owner, ops::tenants()).await;
        play.step("current", &guest, ops::current_tenant()).await;
        play.step("own", &guest, ops::tenant(&beta.id)).await;
        play.step("in capitals", &guest, ops::tenant(&beta.id.to_uppercase()))
            .await;
        play.step("foreign", &guest, ops::tenant(&gamma.id)).await;
        play.step("unknown", &guest, ops::tenant(NOBODY)).await;
        play.step("no id", &guest, ops::tenant("acme")).await;
        let visitor = play.app.visitor();
        play.step("visitor lists", &visitor, ops::tenants()).await;
        play.step("visitor reads", &visitor, ops::tenant(&acme.id))
            .await;
        play.step("visitor without id", &visitor, ops::tenant("acme"))
            .await;
        play.step("visitor's current", &visitor, ops::current_tenant())
            .await;
        let query = |name: &str| format!("{name}@example.com");
        db::legacy_user(play.app, &query("alone"), "all alone in here", "2b").await;
        let login = ops::login(&query("alone"), "all alone in here");
        let told = play.step("alone", &visitor, login).await;
        let alone = visitor.with_tokens(&told);
        play.step("alone lists", &alone, ops::tenants()).await;
        play.step("alone has no current", &alone, ops::current_tenant())
            .await;
        play.step("alone reads", &alone, ops::tenant(&acme.id))
            .await;
    })
    .await;
}

#[tokio::test]
async fn changing_tenants() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        play.app.advance_secs(5);
        for body in [
            json!({ "name": " Acme Two " }),
            json!({ "settings": { "a": [1, { "b": null }], "c": 1.5 } }),
            json!({}),
            json!({ "settings": null }),
            json!({ "name": null }),
            json!({ "name": "" }),
            json!({ "name": "a\u{0}b" }),
            json!({ "name": "x".repeat(256) }),
            json!({ "settings": [] }),
            json!({ "settings": "text" }),
            json!({ "settings": { "a\u{0}": 1 } }),
            json!({ "settings": { "a": "x".repeat(65 * 1024) } }),
            json!({ "name": "", "settings": 1 }),
        ] {
            let mut label = body.to_string();
            label.truncate(60);
            play.step(&label, &admin, ops::update_tenant(&acme.id, body))
                .await;
        }
        let change = json!({ "name": "Mine" });
        play.step(
            "member",
            &member,
            ops::update_tenant(&acme.id, change.clone()),
        )
        .await;
        play.step(
            "foreign",
            &beta.owner,
            ops::update_tenant(&acme.id, change.clone()),
        )
        .await;
        play.step(
            "unknown",
            &acme.owner,
            ops::update_tenant(NOBODY, change.clone()),
        )
        .await;
        play.step(
            "no id",
            &acme.owner,
            ops::update_tenant("acme", change.clone()),
        )
        .await;
        let bad = json!({ "name": " " });
        play.step(
            "foreign and bad",
            &beta.owner,
            ops::update_tenant(&acme.id, bad.clone()),
        )
        .await;
        let visitor = play.app.visitor();
        play.step("visitor", &visitor, ops::update_tenant(&acme.id, bad))
            .await;
        play.step("in the end", &acme.owner, ops::tenant(&acme.id))
            .await;
    })
    .await;
}
