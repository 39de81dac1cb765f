//! Where settings come from, and which are refused.

use std::fs;

use crate::support::process::Place;

#[tokio::test]
async fn production_refuses_bad_settings_and_lists_them_all_at_once() {
    let mut place = Place::new().await;
    place.unset("REDIS_URL");
    place.set("DATABASE_URL", "sqlite://data/erpmax.db");
    place.set("ENVIRONMENT", "production");
    place.set("SECRET_KEY", "changeme-hunter2");
    place.set(
        "SECRET_KEYS_PREVIOUS",
        "hunter2,your-secret-hunter2-0123456789",
    );
    place.set("ALLOWED_ORIGINS", "*");
    place.set("PUBLIC_URL", "not a url");
    for command in [&["serve"][..], &["migrate", "up"], &["seed"], &[]] {
        let ended = place.run(command).await;
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        for setting in [
            "DATABASE_URL",
            "REDIS_URL",
            "RABBITMQ_URL",
            "SECRET_KEY:",
            "SECRET_KEYS_PREVIOUS: number 1 of 2",
            "SECRET_KEYS_PREVIOUS: number 2 of 2",
            "ALLOWED_ORIGINS",
            "PUBLIC_URL",
        ] {
            assert!(
                ended.err.contains(setting),
                "{setting} is missing in {}",
                ended.err
            );
        }
        assert!(
            !ended.err.contains("hunter2"),
            "a secret is told: {}",
            ended.err
        );
    }
    assert!(
        !place.data_dir().join("secret_key").exists(),
        "no key is made in production"
    );
    place.remove().await;
}

#[tokio::test]
async fn settings_come_from_flags_then_environment_then_dotenv() {
    let mut place = Place::new().await;
    fs::write(
        place.dir.path().join(".env"),
        "# comment\nDATA_DIR=\"from dotenv\"\nREQUEST_TIMEOUT_SECONDS=11\n",
    )
    .unwrap();
    place.ok(&["seed"]).await;
    assert!(place.dir.path().join("from dotenv/secret_key").exists());
    place.set("DATA_DIR", "from-environment");
    place.ok(&["seed"]).await;
    assert!(
        place
            .dir
            .path()
            .join("from-environment/secret_key")
            .exists()
    );
    place.ok(&["seed", "--data-dir", "from-flag"]).await;
    assert!(place.dir.path().join("from-flag/secret_key").exists());

    fs::write(place.dir.path().join(".env"), "SECRET KEY=hunter2\n").unwrap();
    let ended = place.run(&["seed"]).await;
    assert!(!ended.success && ended.err.contains(".env"), "{ended:#?}");
    assert!(
        !ended.err.contains("hunter2"),
        "a secret is told: {}",
        ended.err
    );
    place.remove().await;
}

#[tokio::test]
async fn wrong_values_are_explained() {
    let place = Place::new().await;
    for (flag, word) in [
        ("--port=70000", "70000"),
        ("--access-token-expire-minutes=0", "0"),
        ("--environment=staging", "staging"),
        ("--invite-unknown=maybe", "maybe"),
    ] {
        let ended = place.run(&["serve", flag]).await;
        assert_eq!(ended.code, Some(2), "{flag}: {ended:#?}");
        assert!(ended.err.contains(word), "{flag}: {ended:#?}");
    }
    for (flag, setting) in [
        ("--database-url=mysql://localhost/x", "DATABASE_URL"),
        ("--database-url=sqlite::memory:", "DATABASE_URL"),
        ("--redis-url=http://localhost", "REDIS_URL"),
        ("--rabbitmq-url=http://localhost", "RABBITMQ_URL"),
        ("--rabbitmq-prefix=a b", "RABBITMQ_PREFIX"),
        (
            "--secret-keys-previous=a,b,c,d,e,f,g,h,i,j,k",
            "SECRET_KEYS_PREVIOUS",
        ),
        ("--public-url=ftp://x", "PUBLIC_URL"),
        (
            "--refresh-reuse-window-seconds=9999999",
            "REFRESH_REUSE_WINDOW_SECONDS",
        ),
    ] {
        let ended = place.run(&["serve", flag]).await;
        assert_eq!(ended.code, Some(1), "{flag}: {ended:#?}");
        assert!(ended.err.contains(setting), "{flag}: {ended:#?}");
    }
    place.remove().await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_without_its_password() {
    let place = Place::new().await;
    let url = "--database-url=postgres://erpmax:hunter2@127.0.0.1:1/erpmax";
    let ended = place.run(&["migrate", "status", url]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(
        ended.err.contains("DATABASE_URL") && !ended.err.contains("hunter2"),
        "{ended:#?}"
    );
    let url = "--redis-url=redis://:hunter2@127.0.0.1:1";
    let ended = place.run(&["serve", url]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(
        ended.err.contains("REDIS_URL") && !ended.err.contains("hunter2"),
        "{ended:#?}"
    );
    place.remove().await;
}

#[tokio::test]
async fn config_tells_every_value_and_where_it_came_from() {
    let mut place = Place::new().await;
    fs::write(
        place.dir.path().join(".env"),
        "REQUEST_TIMEOUT_SECONDS=41\nPORT=1\nSECRET_KEY=hunter2-hunter2\n",
    )
    .unwrap();
    place.set("PUBLIC_URL", "https://api.example.com");
    place.set("SECRET_KEYS_PREVIOUS", "hunter2,hunter2");
    place.set("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0");
    place.set("RABBITMQ_URL", "amqp://erpmax:hunter2@127.0.0.1:1/%2F");
    place.set(
        "DATABASE_URL",
        "postgres://erpmax:hunter2@127.0.0.1:1/x?password=hunter2",
    );
    let shown = place.ok(&["config", "--max-body-bytes", "4096"]).await;
    for (name, source, value) in [
        ("REQUEST_TIMEOUT_SECONDS", ".env", "41"),
        ("MAX_BODY_BYTES", "flag", "4096"),
        ("PUBLIC_URL", "environment", "https://api.example.com"),
        // The environment wins over the file.
        ("PORT", "environment", "0"),
        ("HOST", "default", "127.0.0.1"),
        ("SECRET_KEY", ".env", "(set, not shown)"),
        ("SECRET_KEYS_PREVIOUS", "environment", "(set, not shown)"),
        ("REDIS_URL", "environment", "redis://:***@127.0.0.1:1/0"),
        (
            "RABBITMQ_URL",
            "environment",
            "amqp://erpmax:***@127.0.0.1:1/%2F",
        ),
        (
            "DATABASE_URL",
            "environment",
            "postgres://erpmax:***@127.0.0.1:1/x?password=***",
        ),
        ("METRICS_ADDR", "default", "(on the public port"),
    ] {
        let line = shown
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name} is missing in {shown}"));
        let mut words = line.split_whitespace().skip(1);
        assert_eq!(words.next(), Some(source), "{line}");
        let told = words.collect::<Vec<_>>().join(" ");
        assert!(told.starts_with(value), "{line}");
    }
    assert!(!shown.contains("hunter2"), "a secret is told: {shown}");
    assert!(!place.data_dir().exists(), "something was made by asking");
    place.set("PUBLIC_URL", "not a url");
    let ended = place.run(&["config"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.err.contains("PUBLIC_URL") && ended.out.contains("PUBLIC_URL"));
    place.remove().await;
}
