//! `migrate` and `seed`.

use std::fs;

use serde_json::json;

use crate::support::{process::Place, storage};

#[tokio::test]
async fn migrations_go_up_and_down_and_tell_where_they_stand() {
    let place = Place::new().await;
    let status = place.ok(&["migrate", "status"]).await;
    assert!(
        status.contains("pending") && !status.contains("applied  "),
        "{status}"
    );
    assert!(place.ok(&["migrate", "history"]).await.contains("nothing"));
    let up = place.ok(&["migrate", "up"]).await;
    let all = up.lines().count();
    assert!(all >= 13, "{up}");
    assert!(place.ok(&["migrate", "up"]).await.contains("nothing to do"));
    assert!(
        place
            .ok(&["migrate", "status"])
            .await
            .contains("up to date")
    );
    assert_eq!(place.ok(&["migrate", "history"]).await.lines().count(), all);

    let down = place.ok(&["migrate", "down", "2", "--yes"]).await;
    assert_eq!(down.lines().count(), 2, "{down}");
    let status = place.ok(&["migrate", "status"]).await;
    assert!(status.contains("2 migrations are pending"), "{status}");
    assert_eq!(place.ok(&["migrate", "up"]).await.lines().count(), 2);
    let down = place.ok(&["migrate", "down", "1000", "--yes"]).await;
    assert_eq!(down.lines().count(), all, "{down}");
    assert_eq!(place.ok(&["migrate", "up"]).await.lines().count(), all);
    place.remove().await;
}

#[tokio::test]
async fn four_that_migrate_at_once_wait_for_each_other() {
    let place = Place::new().await;
    let up = || place.run(&["migrate", "up"]);
    let (a, b, c, d) = tokio::join!(up(), up(), up(), up());
    let ended = [a, b, c, d];
    assert!(ended.iter().all(|ended| ended.success), "{ended:#?}");
    let applied = |out: &str| {
        out.lines()
            .filter(|line| line.starts_with("applied"))
            .count()
    };
    let counts: Vec<_> = ended.iter().map(|ended| applied(&ended.out)).collect();
    assert_eq!(
        counts.iter().filter(|count| **count > 0).count(),
        1,
        "{counts:?}"
    );
    assert!(
        place
            .ok(&["migrate", "status"])
            .await
            .contains("up to date")
    );
    place.remove().await;
}

#[tokio::test]
async fn fresh_begins_anew_and_never_in_production() {
    let mut place = Place::new().await;
    place.ok(&["seed", "demo"]).await;
    place.ok(&["migrate", "fresh", "--yes"]).await;
    assert!(
        place
            .ok(&["migrate", "status"])
            .await
            .contains("up to date")
    );
    // The accounts are gone: seeding makes them once more.
    let again = place.ok(&["seed", "demo"]).await;
    assert!(again.contains("test@example.com"), "{again}");
    production(&mut place);
    for command in [
        &["migrate", "fresh", "--yes"][..],
        &["migrate", "fresh"],
        &["seed", "demo"],
    ] {
        let ended = place.run(command).await;
        assert!(!ended.success, "{command:?}: {ended:#?}");
        let refused = ended.err.contains("refused") || ended.err.contains("production");
        assert!(refused || !storage::full_stack(), "{command:?}: {ended:#?}");
    }
    place.remove().await;
}

/// As far as the stack allows; SQLite is refused by itself.
fn production(place: &mut Place) {
    place.set("ENVIRONMENT", "production");
    place.set(
        "SECRET_KEY",
        "3f9c1d7e5b2a48609d8c7f6e5a4b3c2d1e0f9a8b7c6d5e4f",
    );
    place.set("PUBLIC_URL", "https://erpmax.example.com");
    // No schema is changed by way of a broker.
    place.set("RABBITMQ_URL", "amqp://127.0.0.1:1");
    place.set("ALLOWED_ORIGINS", "https://app.example.com");
}

#[tokio::test]
async fn demo_accounts_sign_in_and_seeding_again_changes_nothing() {
    let place = Place::new().await;
    let first = place.ok(&["seed", "demo"]).await;
    let second = place.ok(&["seed", "demo"]).await;
    assert_ne!(first, second, "the second run says that they exist");
    place.ok(&["seed"]).await;
    let server = place.serve().await;
    for (email, password, company, superuser) in [
        ("test@example.com", "password", "Test Company", false),
        ("admin@example.com", "admin123", "Admin Company", true),
    ] {
        let body = json!({ "email": email, "password": password });
        let reply = server.visitor().post("/auth/login", body).await;
        let data = reply.expect(200);
        assert_eq!(data["user"]["is_superuser"], superuser);
        assert_eq!(data["current_tenant"]["name"], company);
        assert_eq!(data["current_tenant"]["role"], "owner");
    }
    let plans = server.visitor().get("/billing/plans").await;
    assert_eq!(plans.expect(200).as_array().unwrap().len(), 4);
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn plans_of_a_file_replace_the_built_in_ones() {
    let mut place = Place::new().await;
    let plans = json!([
        {
            "slug": "trial", "name": "Try", "description": "Thirty days", "price_monthly": "0.00",
            "price_yearly": "0.00", "currency": "EUR", "features": ["All of it"],
            "limits": { "max_users": 2, "max_storage_gb": 1 }, "trial_days": 30, "sort_order": 0,
        },
        {
            "slug": "all", "name": "All", "description": "Everything", "price_monthly": "12.34",
            "price_yearly": "120.00", "currency": "EUR", "features": [],
            "limits": { "max_users": null, "max_storage_gb": null }, "sort_order": 1,
        },
    ]);
    fs::write(place.dir.path().join("plans.json"), plans.to_string()).unwrap();
    place.set("PLANS_FILE", "plans.json");
    place.ok(&["seed"]).await;
    let server = place.serve().await;
    let reply = server.visitor().get("/billing/plans").await;
    let slugs: Vec<_> = reply
        .expect(200)
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| plan["slug"].clone())
        .collect();
    assert_eq!(slugs, ["trial", "all"], "{reply}");
    assert_eq!(reply.expect(200)[1]["price_monthly"].to_string(), "12.34");
    server.stop().await;

    for broken in ["[", "{}", "[{}]", r#"[{"slug":"trial"}]"#] {
        fs::write(place.dir.path().join("plans.json"), broken).unwrap();
        let ended = place.run(&["seed"]).await;
        assert!(!ended.success, "{broken}: {ended:#?}");
        assert!(
            ended.err.contains("plans.json") || ended.err.contains("PLANS_FILE"),
            "{ended:#?}"
        );
    }
    place.set("PLANS_FILE", "absent.json");
    let ended = place.run(&["seed"]).await;
    assert!(
        !ended.success && ended.err.contains("PLANS_FILE"),
        "{ended:#?}"
    );
    place.remove().await;
}
