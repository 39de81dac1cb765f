//! `doctor`, on what is well and on what is broken.

use std::{fs, time::Duration};

use entity::outbox_message;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    process::{Ended, Place, until},
    rabbitmq::Broker,
    storage,
};

/// What it says, and its exit status.
async fn examine(place: &Place, more: &[&str]) -> (Value, Ended) {
    let arguments: Vec<_> = ["doctor", "--json"].iter().chain(more).copied().collect();
    let ended = place.run(&arguments).await;
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:#?}"));
    let failed = report["verdict"] == "failed";
    assert_eq!(ended.code, Some(i32::from(failed)), "{ended:#?}");
    for check in report["checks"].as_array().unwrap() {
        assert!(
            check["reason"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        let needs_advice = ["warning", "failed"].contains(&check["verdict"].as_str().unwrap());
        assert_eq!(check["advice"].is_string(), needs_advice, "{check}");
    }
    (report, ended)
}

/// The first check of a name: its verdict and what it says.
#[track_caller]
fn of(report: &Value, name: &str) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name} in {report:#}"));
    let advice = check["advice"].as_str().unwrap_or_default();
    (
        check["verdict"].as_str().unwrap().to_owned(),
        format!("{} {advice}", check["reason"].as_str().unwrap()),
    )
}

#[track_caller]
fn assert_is(report: &Value, name: &str, verdict: &str, word: &str) {
    let (is, says) = of(report, name);
    assert!(is == verdict && says.contains(word), "{name}: {is}: {says}");
}

#[tokio::test]
async fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let place = Place::new().await;
    let (report, _) = examine(&place, &[]).await;
    assert_eq!(report["verdict"], "warning", "{report:#}");
    if storage::full_stack() {
        assert_is(&report, "database", "ok", "PostgreSQL");
        assert_is(&report, "clock", "ok", "");
        assert_is(&report, "migrations", "warning", "are pending");
        assert_is(&report, "cache", "ok", "Redis");
        assert_is(&report, "bus", "ok", "heard");
    } else {
        assert_is(&report, "database", "warning", "not there yet");
        assert_is(&report, "migrations", "off", "not tried");
        assert_is(&report, "cache", "ok", "REDIS_URL is not configured");
    }
    assert_is(&report, "queue", "off", "");
    assert_is(&report, "broker", "ok", "RABBITMQ_URL is not configured");
    assert_is(&report, "mail", "off", "");
    assert_is(&report, "metrics", "off", "METRICS_ADDR");
    let left: Vec<_> = fs::read_dir(place.dir.path()).unwrap().collect();
    assert!(left.is_empty(), "something was made by asking: {left:?}");
    if storage::full_stack() {
        let db = place.storage.connect().await;
        let tables = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'";
        let tables = sea_orm::Statement::from_string(db.get_database_backend(), tables);
        assert!(db.query_all_raw(tables).await.unwrap().is_empty());
        db.close().await.unwrap();
    }
    // A person gets lines, without colours when they go into a pipe.
    let ended = place.run(&["doctor"]).await;
    assert!(
        ended.success && ended.out.contains("ok       configuration"),
        "{ended:#?}"
    );
    assert!(!ended.out.contains('\u{1b}'), "{ended:#?}");
    place.remove().await;
}

#[tokio::test]
async fn beside_a_running_server_all_is_well() {
    let mut place = Place::new().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let metrics = listener.local_addr().unwrap().to_string();
    drop(listener);
    place.set("METRICS_ADDR", &metrics);
    let server = place.serve().await;
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    let (report, _) = examine(&place, &["--port", &port]).await;
    assert_eq!(report["verdict"], "ok", "{report:#}");
    assert_is(&report, "database", "ok", "can be written to");
    assert_is(&report, "migrations", "ok", "all");
    assert_is(&report, "queue", "ok", "no job waits");
    assert_is(&report, "server", "ok", "is ready");
    assert_is(&report, "metrics", "ok", &format!("served on {metrics}"));
    assert_is(&report, "secrets", "ok", "secret_key");
    assert_is(&report, "files", "ok", "can be written to");
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn the_schema_is_compared() {
    let mut place = Place::new().await;
    place.ok(&["migrate", "up"]).await;
    place.ok(&["migrate", "down", "1", "--yes"]).await;
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "migrations", "warning", "1 of");
    place.set("RUN_MIGRATIONS", "false");
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "migrations", "failed", "erpmax migrate up");
    // A newer version was here.
    place.ok(&["migrate", "up"]).await;
    let db = place.storage.connect().await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m2099_newer', 0)";
    db.execute_unprepared(newer).await.unwrap();
    db.close().await.unwrap();
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "migrations", "warning", "m2099_newer");
    place.remove().await;
}

#[tokio::test]
async fn jobs_that_nobody_does_are_noticed() {
    let place = Place::new().await;
    place.ok(&["migrate", "up"]).await;
    let db = place.storage.connect().await;
    let long_ago = "2020-01-01T00:00:00Z".parse().unwrap();
    let job = outbox_message::ActiveModel {
        id: Set(entity::ids::OutboxMessageId(uuid::Uuid::from_u128(1))),
        kind: Set("test".to_owned()),
        payload: Set(json!({})),
        request_id: Set(None),
        attempts: Set(0),
        available_at: Set(long_ago),
        claimed_until: Set(None),
        sent_at: Set(None),
        dead_at: Set(None),
        last_error: Set(None),
        created_at: Set(long_ago),
    };
    let job = job.insert(&db).await.unwrap();
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "queue", "warning", "1 job waits");
    let dead = outbox_message::ActiveModel {
        dead_at: Set(Some(long_ago)),
        ..job.into()
    };
    dead.update(&db).await.unwrap();
    db.close().await.unwrap();
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "queue", "warning", "1 given up");
    place.remove().await;
}

#[cfg(unix)]
#[tokio::test]
async fn who_makes_sites_is_asked_for_a_plan() {
    use crate::support::world::{self, World};
    let place = Place::new().await;
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "provisioner", "ok", "simulated");
    let (report, _) = examine(&place, &["--provisioner=off"]).await;
    assert_is(&report, "provisioner", "off", "jobs wait");
    let script = "--provision-dry-run-script=create.new-sit=fail";
    let (report, _) = examine(&place, &[script]).await;
    assert_is(&report, "provisioner", "failed", "DRY_RUN_SCRIPT");
    assert_is(&report, "configuration", "failed", "reserve-name, new-site");

    let mut place = place;
    let world = World::new();
    place.set("PATH", &std::env::var("PATH").unwrap());
    place.set("PROVISIONER", "command");
    let command = |path: &str| format!("--provision-command={path}");
    let known = ["--provision-command-env=WORLD", &command(world::EXECUTABLE)];
    let (report, _) = examine(&place, &known).await;
    assert_is(&report, "provisioner", "failed", "names the directory");
    place.set("WORLD", world.path().to_str().unwrap());
    let (report, _) = examine(&place, &known).await;
    assert_is(&report, "provisioner", "ok", "takes 5 steps");
    assert_eq!(world.calls(), ["plan create."]);
    let more = ["--provision-command-env=WORLD,NO_SUCH", known[1]];
    let (report, _) = examine(&place, &more).await;
    assert_is(&report, "provisioner", "warning", "not set: NO_SUCH");

    let (report, _) = examine(&place, &[&command("/no/such/file")]).await;
    assert_is(&report, "provisioner", "failed", "does not exist");
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "provisioner", "failed", "PROVISION_COMMAND");
    let dir = place.dir.path().join("verbs");
    fs::create_dir(&dir).unwrap();
    let verbs = command(dir.to_str().unwrap());
    let (report, _) = examine(&place, &[&verbs]).await;
    assert_is(&report, "provisioner", "failed", "no executable for any");
    std::os::unix::fs::symlink(world::EXECUTABLE, dir.join("backup")).unwrap();
    let (report, _) = examine(&place, &[&verbs, known[0]]).await;
    assert_is(&report, "provisioner", "warning", "none to create, update");
    fs::write(dir.join("create"), "").unwrap();
    let (report, _) = examine(&place, &[&verbs, known[0]]).await;
    assert_is(&report, "provisioner", "failed", "chmod +x");
    place.remove().await;
}

/// A server that says only this to whoever connects and has said something.
async fn answering(says: &'static [&'static [u8]]) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            for answer in says {
                let mut asked = [0; 1024];
                if stream.read(&mut asked).await.is_err() {
                    break;
                }
                let _ = stream.write_all(answer).await;
            }
            // Silent servers keep the connection.
            if says.is_empty() {
                held.push(stream);
            }
        }
    });
    (port, serving)
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_told_with_its_reason() {
    let place = Place::new().await;
    // PostgreSQL's way to say no: not by TLS, and not with this password.
    let (refusing, serving) = answering(&[
        b"N",
        b"E\x00\x00\x00\x4aSFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"erpmax\"\0\0",
    ])
    .await;
    for (url, word) in [
        (
            "postgres://erpmax:hunter2@127.0.0.1:1/erpmax".to_owned(),
            "start the server",
        ),
        (
            format!("postgres://erpmax:hunter2@127.0.0.1:{refusing}/erpmax"),
            "check user and password",
        ),
        ("mysql://erpmax:hunter2@db/erpmax".to_owned(), "postgres://"),
    ] {
        let (report, ended) = examine(&place, &["--database-url", &url]).await;
        assert_is(&report, "database", "failed", word);
        assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
        // What does not need it was still tried.
        assert_is(&report, "cache", "ok", "");
        assert_is(&report, "files", "ok", "");
    }
    serving.abort();
    place.remove().await;
}

#[tokio::test]
async fn servers_that_say_nothing_are_not_waited_for() {
    let place = Place::new().await;
    let (silent, serving) = answering(&[]).await;
    let started = std::time::Instant::now();
    let (report, _) = examine(
        &place,
        &[
            &format!("--database-url=postgres://erpmax@127.0.0.1:{silent}/erpmax"),
            &format!("--redis-url=redis://127.0.0.1:{silent}"),
            &format!("--port={silent}"),
        ],
    )
    .await;
    for name in ["database", "cache", "bus", "server"] {
        assert_is(&report, name, "failed", "");
    }
    assert!(started.elapsed() < Duration::from_secs(30), "{report:#}");
    serving.abort();
    place.remove().await;
}

#[tokio::test]
async fn a_database_that_takes_nothing_is_told() {
    let mut place = Place::new().await;
    place.ok(&["migrate", "up"]).await;
    let url = if storage::full_stack() {
        format!(
            "{}&options[default_transaction_read_only]=on",
            place.storage.url
        )
    } else {
        place.storage.url.replace("mode=rwc", "mode=ro")
    };
    place.set("DATABASE_URL", &url);
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "database", "failed", "cannot be written to");
    place.remove().await;
}

#[tokio::test]
async fn redis_that_is_away_is_told_twice() {
    let place = Place::new().await;
    let url = "--redis-url=redis://:hunter2@127.0.0.1:1";
    let (report, ended) = examine(&place, &[url]).await;
    assert_is(&report, "cache", "failed", "REDIS_URL");
    assert_is(&report, "bus", "failed", "REDIS_URL");
    assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
    place.remove().await;
}

#[tokio::test]
async fn a_broker_is_looked_at_and_left_as_it_is() {
    let mut place = Place::new().await;
    place.set("RABBITMQ_URL", "amqp://erpmax:hunter2@127.0.0.1:1");
    let (report, ended) = examine(&place, &[]).await;
    assert_is(&report, "broker", "failed", "jobs wait in the outbox");
    assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
    if storage::full_stack() {
        let broker = Broker::new().await;
        place.set("RABBITMQ_URL", broker.url());
        place.set("RABBITMQ_PREFIX", &broker.settings.prefix);
        for _ in 0..2 {
            let (report, _) = examine(&place, &[]).await;
            assert_is(&report, "broker", "ok", "jobs.letters will be made");
        }
        let worker = place.worker().await;
        until("the worker takes", async || {
            let (report, _) = examine(&place, &[]).await;
            let (verdict, says) = of(&report, "broker");
            verdict == "ok" && says.contains("jobs.letters: 0 waiting, 1 taking")
        })
        .await;
        worker.stop().await;
        broker.put("jobs.dead", b"nonsense").await;
        let (report, _) = examine(&place, &[]).await;
        assert_is(&report, "broker", "warning", "1 put aside");
        broker.remove().await;
    }
    place.remove().await;
}

#[tokio::test]
async fn settings_that_cannot_stand_are_listed_and_the_rest_is_tried() {
    let mut place = Place::new().await;
    place.set("ENVIRONMENT", "production");
    place.set("SECRET_KEY", "hunter2");
    place.set("ALLOWED_ORIGINS", "*");
    place.set("PUBLIC_URL", "not a url");
    let (report, ended) = examine(&place, &[]).await;
    let checks = report["checks"].as_array().unwrap();
    for setting in ["SECRET_KEY", "ALLOWED_ORIGINS", "PUBLIC_URL"] {
        let told = checks.iter().any(|check| {
            check["name"] == "configuration"
                && check["verdict"] == "failed"
                && check["reason"].as_str().unwrap().starts_with(setting)
        });
        assert!(told, "{setting}: {report:#}");
    }
    assert_is(&report, "secrets", "failed", "");
    assert_is(&report, "mail", "off", "letters wait");
    assert!(!ended.out.contains("hunter2"), "{ended:#?}");
    if storage::full_stack() {
        assert_is(&report, "database", "ok", "PostgreSQL");
        assert_is(&report, "bus", "ok", "heard");
    }
    place.remove().await;
}

#[tokio::test]
async fn keys_that_others_can_read_or_guess_are_told() {
    let mut place = Place::new().await;
    place.ok(&["seed"]).await;
    let (report, _) = examine(&place, &[]).await;
    assert_is(&report, "secrets", "ok", "made for development");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = place.data_dir().join("secret_key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let (report, _) = examine(&place, &[]).await;
        assert_is(&report, "secrets", "warning", "chmod 600");
    }
    place.set("SECRET_KEY", "changeme-changeme-changeme-changeme");
    let (report, ended) = examine(&place, &[]).await;
    assert_is(&report, "secrets", "warning", "example");
    assert!(!ended.out.contains("changeme-"), "{ended:#?}");
    place.remove().await;
}

#[tokio::test]
async fn places_that_are_taken_are_told() {
    let mut place = Place::new().await;
    let (taken, serving) = answering(&[b"220 this is no server of ours\r\n"]).await;
    fs::write(place.dir.path().join("file"), "in the way").unwrap();
    place.set("DATA_DIR", "file/data");
    let (report, _) = examine(&place, &["--port", &taken.to_string()]).await;
    assert_is(&report, "server", "failed", &taken.to_string());
    assert_is(&report, "files", "failed", "no directory");
    serving.abort();
    place.remove().await;
}
