//! Plans and subscriptions.

use super::play;
use crate::support::{db, ops};

#[tokio::test]
async fn plans_and_subscriptions() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        let visitor = play.app.visitor();
        play.step("plans", &visitor, ops::plans()).await;
        play.step("plans, signed in", &member, ops::plans()).await;
        play.step("plans, badly", &visitor.with_access("stale"), ops::plans())
            .await;
        db::price_plan(play.app, "starter", 1234, "JPY").await;
        db::retire_plan(play.app, "enterprise").await;
        play.step("other plans", &visitor, ops::plans()).await;
        play.step("subscription", &member, ops::subscription())
            .await;
        play.step("visitor's", &visitor, ops::subscription()).await;
        acme.owner.delete(&acme.seat(&member)).await.expect(200);
        play.step("removed member's", &member, ops::subscription())
            .await;
        play.app.advance_secs(14 * 24 * 3600);
        let owner = acme.owner.sign_in().await;
        play.step("expired", &owner, ops::subscription()).await;
        db::set_subscription_status(play.app, &acme.id, "past_due").await;
        play.step("past due", &owner, ops::subscription()).await;
    })
    .await;
}
