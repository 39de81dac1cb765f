//! Plans and the current subscription, read only; what an ended one forbids (rulings 29, 43).

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, assert_code, db};

#[tokio::test]
async fn anybody_sees_the_plans_on_offer() {
    let app = TestApp::new().await;
    let reply = app.visitor().get("/billing/plans").await;
    let plans = reply.expect(200).as_array().unwrap().clone();
    assert_eq!(reply.json["pagination"], Value::Null);
    let slugs: Vec<_> = plans
        .iter()
        .map(|plan| plan["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["trial", "starter", "professional", "enterprise"]);
    for plan in &plans {
        assert!(plan["is_active"].as_bool().unwrap(), "{plan}");
        assert!(!plan["description"].as_str().unwrap().is_empty(), "{plan}");
        assert!(!plan["features"].as_array().unwrap().is_empty(), "{plan}");
        for price in [
            "price_monthly",
            "price_yearly",
            "monthly_price",
            "yearly_price",
        ] {
            assert!(plan[price].is_number(), "{price}: {plan}");
        }
        assert_eq!(plan["limits"]["max_users"], plan["limits"]["users"]);
        assert_eq!(
            plan["limits"]["max_storage_gb"],
            plan["limits"]["storage_gb"]
        );
    }
    let professional = &plans[2];
    assert_eq!(professional["name"], "Professional");
    assert_eq!(professional["description"], "For growing businesses");
    // The text, because a parser drops the last zero.
    assert!(
        reply
            .body
            .contains(r#""price_monthly":99.00,"price_yearly":990.00"#),
        "{}",
        reply.body
    );
    assert_eq!(professional["currency"], "USD");
    assert_eq!(professional["limits"]["max_users"], 10);
    assert_eq!(professional["limits"]["max_storage_gb"], 100);
    assert_eq!(
        (&plans[0]["sort_order"], &plans[0]["limits"]["users"]),
        (&json!(0), &json!(3))
    );
    app.finish().await;
}

#[tokio::test]
async fn a_changed_plan_shows_on_every_replica_within_a_second() {
    let app = TestApp::new().await;
    let other = app.replica().await;
    let shown = async |app: &TestApp| {
        let reply = app.visitor().get("/billing/plans").await;
        reply.expect(200).as_array().unwrap().len()
    };
    for replica in [&app, &other] {
        assert_eq!(shown(replica).await, 4);
    }
    // Moves the clock, which is the same for both, by less than a second.
    assert!(db::PLANS_SHOWN_FOR < std::time::Duration::from_secs(1));
    db::retire_plan(&app, "enterprise").await;
    for replica in [&app, &other] {
        assert_eq!(shown(replica).await, 3);
    }
    other.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn plans_are_not_shown_for_longer_because_the_database_is_away() {
    let app = TestApp::new().await;
    let cut_off = app.replica().await;
    let visitor = cut_off.visitor();
    visitor.get("/billing/plans").await.expect(200);
    cut_off.app.db.close().await.unwrap();
    visitor.get("/billing/plans").await.expect(200);
    app.advance(db::PLANS_SHOWN_FOR);
    for _ in 0..2 {
        assert_code(&visitor.get("/billing/plans").await, "INTERNAL", "");
    }
    cut_off.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_plan_that_is_no_longer_on_offer_is_not_shown_but_kept() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::retire_plan(&app, "trial").await;
    let reply = app.visitor().get("/billing/plans").await;
    assert!(
        reply
            .expect(200)
            .as_array()
            .unwrap()
            .iter()
            .all(|plan| plan["slug"] != "trial")
    );
    let reply = acme.owner.get("/billing/subscription").await;
    assert_eq!(reply.expect(200)["plan"]["slug"], "trial");
    app.finish().await;
}

#[tokio::test]
async fn money_is_exact_in_every_currency() {
    let app = TestApp::new().await;
    db::price_plan(&app, "starter", 1, "USD").await;
    db::price_plan(&app, "professional", 1999, "JPY").await;
    db::price_plan(&app, "enterprise", 9_007_199_254_740_993, "USD").await;
    let reply = app.visitor().get("/billing/plans").await;
    // The text, because a parser would round.
    assert!(
        reply.body.contains(r#""price_monthly":0.01"#),
        "{}",
        reply.body
    );
    assert!(
        reply.body.contains(r#""price_monthly":1999,"#),
        "{}",
        reply.body
    );
    assert!(
        reply.body.contains(r#""price_monthly":90071992547409.93"#),
        "{}",
        reply.body
    );
    app.finish().await;
}

#[tokio::test]
async fn every_member_sees_the_subscription() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let reply = member.get("/billing/subscription").await;
    let subscription = reply.expect(200);
    assert_eq!(subscription["tenant_id"], acme.id);
    assert_eq!(subscription["plan_id"], subscription["plan"]["id"]);
    for absent in [
        "cancelled_at",
        "cancel_reason",
        "payment_provider",
        "external_subscription_id",
        "external_customer_id",
    ] {
        assert!(
            subscription.as_object().unwrap().contains_key(absent),
            "{absent}: {reply}"
        );
        assert_eq!(subscription[absent], Value::Null, "{absent}");
    }
    assert_eq!(subscription["cancel_at_period_end"], false);
    // The names by which the app in the field knows them.
    assert_eq!(subscription["plan_name"], subscription["plan"]["name"]);
    assert_eq!(subscription["trial_end"], subscription["trial_ends_at"]);
    assert_eq!(subscription["canceled_at"], Value::Null);
    assert!(subscription["amount"].is_number(), "{reply}");
    app.finish().await;
}

#[tokio::test]
async fn a_tenant_without_a_subscription_is_told_so() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::drop_subscription(&app, &acme.id).await;
    let reply = acme.owner.get("/billing/subscription").await;
    assert_eq!(
        (reply.status, reply.failure().code.as_str()),
        (404, "NOT_FOUND")
    );
    let current = acme.owner.get("/tenants/current").await;
    assert_eq!(current.expect(200)["subscription"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_trial_ends_by_itself() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let query = "{ tenant { subscription { status daysLeft } } }";
    let told = async |who: &crate::support::Actor| {
        let reply = who.gql(query, json!({})).await;
        let subscription = reply.ok()["tenant"]["subscription"].clone();
        (
            subscription["status"].clone(),
            subscription["daysLeft"].clone(),
        )
    };
    assert_eq!(told(&acme.owner).await, (json!("TRIAL"), json!(14)));
    app.advance_secs(14 * 24 * 3600 - 1);
    let owner = acme.owner.sign_in().await;
    assert_eq!(told(&owner).await, (json!("TRIAL"), json!(1)));
    app.advance_secs(1);
    assert_eq!(told(&owner).await, (json!("EXPIRED"), json!(0)));
    let reply = owner.get("/billing/subscription").await;
    assert_eq!(reply.expect(200)["status"], "expired");
    app.finish().await;
}

#[tokio::test]
async fn an_expired_trial_refuses_invites_and_nothing_else() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let member = acme.join("member").await;
    let beta = app.company("Beta").await;
    app.advance_secs(15 * 24 * 3600);
    let owner = acme.owner.sign_in().await;
    for email in ["new@example.com", &beta.owner.email] {
        let body = json!({ "email": email, "role": "member" });
        let reply = owner.post(&acme.path("/users/invite"), body).await;
        assert_eq!(reply.status, 402);
        assert_code(&reply, "PAYMENT_REQUIRED", "");
    }
    owner.get("/tenants/current").await.expect(200);
    owner.get("/billing/subscription").await.expect(200);
    owner.get(&acme.path("/users")).await.expect(200);
    owner
        .patch(&acme.path(""), json!({ "name": "Still here" }))
        .await
        .expect(200);
    owner.delete(&acme.seat(&member)).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_suspended_tenant_refuses_invites() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    db::suspend(&app, &acme.id).await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
    assert_eq!(reply.status, 402);
    assert_code(&reply, "PAYMENT_REQUIRED", "");
    let reply = acme.owner.get("/tenants/current").await;
    assert_eq!(reply.expect(200)["status"], "suspended");
    app.visitor()
        .post(
            "/auth/login",
            json!({ "email": acme.owner.email, "password": PASSWORD }),
        )
        .await
        .expect(200);
    app.finish().await;
}

#[tokio::test]
async fn only_what_ended_is_refused_not_what_is_late() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (status, expected) in [("active", 201), ("past_due", 201), ("expired", 402)] {
        db::set_subscription_status(&app, &acme.id, status).await;
        let body = json!({ "email": format!("{status}@example.com"), "role": "member" });
        let reply = acme.owner.post(&acme.path("/users/invite"), body).await;
        assert_eq!(reply.status, expected, "{status}: {reply}");
    }
    app.finish().await;
}
