//! The settings that tests run with, and the template that every test's storage is copied from.

use std::path::Path;

use erpmax::{
    boot,
    config::{Config, Settings},
    domain::{billing, cx::Cx},
    ports::clock::{Clock, Ids},
};

use super::storage::{self, Storage};

/// Signs the tokens; tests forge some with it.
pub const SECRET: &str = "the-secret-of-the-tests-0123456789abcdef";
/// Where letters think that the server is.
pub const PUBLIC_URL: &str = "http://erpmax.test";

/// A clock that stands at noon of the contract's day.
pub fn clock() -> Clock {
    Clock::fixed("2026-01-09T12:00:00Z".parse().expect("a timestamp"))
}

/// What a developer's machine has, on this storage.
pub fn config(data_dir: &Path, storage: &Storage) -> Config {
    let mut flags = flags(data_dir, &storage.url);
    if storage::full_stack() {
        flags.extend([format!("--redis-url={}", storage::redis_url())]);
        flags.extend([format!("--redis-prefix={}:", storage.name)]);
    }
    resolve(flags)
}

fn flags(data_dir: &Path, database_url: &str) -> Vec<String> {
    vec![
        format!("--data-dir={}", data_dir.display()),
        format!("--database-url={database_url}"),
        "--database-max-connections=6".to_owned(),
        "--run-migrations=false".to_owned(),
        format!("--public-url={PUBLIC_URL}"),
        format!("--secret-key={SECRET}"),
        // What is not about limits meets none.
        "--rate-limit-scale=1000000".to_owned(),
        // Work on sites takes no time, and is called off at once.
        "--provision-dry-run-milliseconds=0".to_owned(),
        "--provision-heartbeat-milliseconds=50".to_owned(),
        "--provision-step-backoff-milliseconds=0".to_owned(),
    ]
}

fn resolve(flags: Vec<String>) -> Config {
    Settings::from_flags(flags)
        .expect("the flags exist")
        .resolve()
        .expect("the settings hold")
}

/// Makes the tables and the plans in an empty database, the way a start does.
pub async fn fill(database_url: &str) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = resolve(flags(dir.path(), database_url));
    boot::migrations::up(&config.database)
        .await
        .expect("the schema can be made");
    let app = boot::with(config, clock(), Ids::seeded(0))
        .await
        .expect("it boots");
    let cx = Cx::system(app.clone(), "test", "test");
    billing::seed::plans(&cx, &billing::seed::PlansSource::BuiltIn)
        .await
        .expect("plans");
    app.shutdown.cancel();
    app.tasks.close();
    app.tasks.wait().await;
    app.db.close().await.expect("the pool closes");
}
