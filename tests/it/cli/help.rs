//! What the program says of itself.

use crate::support::process::Place;

#[tokio::test]
async fn help_teaches() {
    let place = Place::new().await;
    let long = place.ok(&["--help"]).await;
    for word in [
        "serve",
        "worker",
        "queue",
        "migrate",
        "seed",
        "user",
        "schema",
        "openapi",
        "config",
        "doctor",
        "healthcheck",
        "DATABASE_URL",
        "REDIS_URL",
        "RABBITMQ_URL",
        "SECRET_KEY",
        "Examples",
    ] {
        assert!(long.contains(word), "{word} is missing in {long}");
    }
    let short = place.ok(&["-h"]).await;
    assert!(short.lines().count() < long.lines().count());
    let migrate = place.ok(&["migrate", "--help"]).await;
    for word in ["up", "down", "status", "history", "fresh"] {
        assert!(migrate.contains(word), "{word} is missing in {migrate}");
    }
    let user = place.ok(&["user", "--help"]).await;
    for word in [
        "create", "promote", "disable", "password", "Examples", "--json",
    ] {
        assert!(user.contains(word), "{word} is missing in {user}");
    }
    assert!(
        place
            .ok(&["--version"])
            .await
            .contains(env!("CARGO_PKG_VERSION"))
    );
    for wrong in [
        &["no-such-command"][..],
        &["serve", "--no-such-flag"],
        &["migrate"],
        &["migrate", "down", "0"],
        &["user"],
        &["queue"],
        &["queue", "dead"],
        &["queue", "dead", "show", "not-an-id"],
        &["queue", "dead", "redrive"],
        &["queue", "dead", "list", "--limit", "0"],
        &["user", "promote"],
        &["user", "create", "a@example.com", "--password", "secret"],
        &["user", "list", "--limit", "0"],
    ] {
        let ended = place.run(wrong).await;
        assert_eq!(ended.code, Some(2), "{wrong:?}: {ended:#?}");
        assert!(!ended.err.is_empty());
    }
    // Nothing was made by asking.
    assert!(!place.data_dir().exists());
    place.remove().await;
}

#[tokio::test]
async fn contracts_are_printed_without_settings_or_database() {
    let mut place = Place::new().await;
    place.set("DATABASE_URL", "nonsense");
    assert_eq!(place.ok(&["schema"]).await, erpmax::graphql::sdl());
    let printed: serde_json::Value = serde_json::from_str(&place.ok(&["openapi"]).await).unwrap();
    assert_eq!(
        printed,
        serde_json::to_value(erpmax::rest::openapi()).unwrap()
    );
    place.remove().await;
}
