//! Storage of its own for every test: a copy of a template that is migrated and holds the plans.
//! `TEST_STACK=full` means PostgreSQL and Redis, anything else an SQLite file.
//!
//! The template is named by what makes it, made once under a lock, and never used half made.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    Value,
};
use sha2::{Digest, Sha256};
use tokio::{runtime::Runtime, sync::OnceCell};

use super::settings;

/// First keys of the advisory locks: who works, which template is in use, who makes one.
const RUNS: i32 = 0x7E57_0001;
const TEMPLATES: i32 = 0x7E57_0002;
const MAKING: i32 = 0x7E57_0003;

/// Whether the tests run on PostgreSQL and Redis.
pub fn full_stack() -> bool {
    std::env::var("TEST_STACK").is_ok_and(|stack| stack == "full")
}

/// Where Redis is, on the full stack.
pub fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

fn forget_redis_keys(prefix: &str) {
    let wire = redis::Client::open(redis_url()).and_then(|redis| redis.get_connection());
    let mut wire = wire.expect("Redis is there");
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{prefix}:*"))
        .query(&mut wire)
        .expect("keys are listed");
    for key in keys {
        redis::cmd("DEL")
            .arg(key)
            .exec(&mut wire)
            .expect("a key can be deleted");
    }
}

fn postgres_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// A database for one test.
#[derive(Debug)]
pub struct Storage {
    /// What goes into `DATABASE_URL`.
    pub url: String,
    /// Distinguishes the test from all others, of other processes too.
    pub name: String,
}

impl Storage {
    /// With all tables and the built-in plans.
    pub async fn seeded(dir: &Path) -> Self {
        if full_stack() {
            server().await.database(true).await
        } else {
            sqlite(dir, true).await
        }
    }

    /// With nothing at all.
    pub async fn empty(dir: &Path) -> Self {
        if full_stack() {
            server().await.database(false).await
        } else {
            sqlite(dir, false).await
        }
    }

    /// A connection of the test's own, beside those of the application.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url, 4)
            .await
            .expect("the test's database is there")
    }

    /// Removes what is not in the test's directory. Without it the next run sweeps.
    pub async fn remove(self) {
        if full_stack() {
            forget_redis_keys(&self.name);
            server().await.drop_database(self.name).await;
        }
    }
}

async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false);
    Database::connect(options).await
}

/// Names the template: what makes its tables and rows.
fn fingerprint() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in ["migration/src", "src/domain/billing", "entity/src"] {
        collect(&root.join(dir), &mut files).expect("the sources are there");
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(fs::read(&file).expect("a source file is readable"));
    }
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

static FINGERPRINT: LazyLock<String> = LazyLock::new(fingerprint);
static NEXT: AtomicU32 = AtomicU32::new(0);
/// Tells this process from all others that test at the same time.
static RUN: LazyLock<u32> = LazyLock::new(|| {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..4]);
    u32::from_be_bytes(bytes) >> 1
});

/// A name that no other test has, in this process or another.
pub fn next_name() -> String {
    format!(
        "erpmax_test_{}_{}",
        *RUN,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

// ---- SQLite ---------------------------------------------------------------------------------

async fn sqlite(dir: &Path, seeded: bool) -> Storage {
    let file = dir.join("erpmax.db");
    if seeded {
        static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(sqlite_template).await;
        fs::copy(template, &file).expect("the template can be copied");
    }
    Storage {
        url: format!("sqlite://{}?mode=rwc", file.display()),
        name: next_name(),
    }
}

async fn sqlite_template() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = dir.join(format!("template-{}.db", *FINGERPRINT));
    let lock = fs::File::create(dir.join("template.lock")).expect("target/tmp is writable");
    lock.lock().expect("the file can be locked");
    if !template.exists() {
        let made = dir.join("template-in-making.db");
        for leftover in fs::read_dir(dir).expect("target/tmp is readable").flatten() {
            if leftover
                .file_name()
                .to_string_lossy()
                .starts_with("template-")
            {
                fs::remove_file(leftover.path()).expect("an old template can be removed");
            }
        }
        settings::fill(&format!("sqlite://{}?mode=rwc", made.display())).await;
        assert!(
            !made.with_extension("db-wal").exists(),
            "the template is not in one file"
        );
        fs::rename(&made, &template).expect("the template can be renamed");
    }
    template
}

// ---- PostgreSQL -----------------------------------------------------------------------------

/// Lives as long as the process, unlike the runtimes of single tests: the locks depend on it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be started")
});

#[derive(Clone)]
struct Server {
    /// Creates and drops databases.
    admin: DatabaseConnection,
    /// One connection that holds this process's locks; never used again.
    _locks: DatabaseConnection,
    template: String,
}

async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            RUNTIME
                .spawn(Server::start())
                .await
                .expect("the server starts")
        })
        .await
}

impl Server {
    async fn start() -> Self {
        let url = postgres_url();
        let admin = connect(&url, 4).await.unwrap_or_else(|error| {
            panic!(
                "TEST_STACK=full needs PostgreSQL: TEST_DATABASE_URL (or its default) leads \
                 nowhere: {error}"
            )
        });
        let ping = redis::Client::open(redis_url()).and_then(|redis| {
            redis
                .get_connection()
                .and_then(|mut wire| redis::cmd("PING").query::<String>(&mut wire))
        });
        if let Err(error) = ping {
            panic!(
                "TEST_STACK=full needs Redis: TEST_REDIS_URL (or its default) leads nowhere: \
                 {error}"
            );
        }
        let locks = connect(&url, 1).await.expect("a second connection");
        // Only an owner may copy or drop a database, so each role has a template of its own.
        let owner = names(&admin, "SELECT current_user::text AS name", []).await;
        let template = format!("erpmax_template_{}_{}", owner[0], *FINGERPRINT);
        let lock = |function: &str, class: i32, key: i32| {
            format!("SELECT pg_advisory_{function}({class}, {key})")
        };
        locks
            .execute_unprepared(&lock("lock", RUNS, RUN.cast_signed()))
            .await
            .expect("our run");
        locks
            .execute_unprepared(&lock("lock", MAKING, 0))
            .await
            .expect("one maker at a time");
        let use_template = lock("lock_shared", TEMPLATES, template_key(&template));
        locks
            .execute_unprepared(&use_template)
            .await
            .expect("our template");
        let server = Self {
            admin,
            _locks: locks.clone(),
            template,
        };
        server.make_template(&url).await;
        server.sweep(&locks).await;
        locks
            .execute_unprepared(&lock("unlock", MAKING, 0))
            .await
            .expect("made");
        server
    }

    async fn make_template(&self, url: &str) {
        if own_databases(&self.admin, &self.template)
            .await
            .contains(&self.template)
        {
            return;
        }
        let draft = format!("{}_draft", self.template);
        self.admin_sql(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
            .await;
        self.admin_sql(&format!("CREATE DATABASE {draft} TEMPLATE template0"))
            .await;
        settings::fill(with_database(url, &draft).as_str()).await;
        let close = format!("ALTER DATABASE {draft} WITH ALLOW_CONNECTIONS false");
        self.admin_sql(&close).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
        self.admin_sql(&format!("{end}'{draft}'")).await;
        self.admin_sql(&format!(
            "ALTER DATABASE {draft} RENAME TO {}",
            self.template
        ))
        .await;
    }

    /// Drops what processes left behind that are gone; a live one holds its lock.
    async fn sweep(&self, locks: &DatabaseConnection) {
        for name in own_databases(&self.admin, "erpmax_test_").await {
            let run = name
                .split('_')
                .nth(2)
                .and_then(|run| run.parse::<i32>().ok());
            if let Some(run) = run
                && try_lock(locks, RUNS, run).await
            {
                // Our own run's lock is held by this very session, which may take it twice.
                if run != RUN.cast_signed() {
                    self.admin_sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                        .await;
                }
                unlock(locks, RUNS, run).await;
            }
        }
        for name in own_databases(&self.admin, "erpmax_template_").await {
            let key = template_key(&name);
            if name != self.template && try_lock(locks, TEMPLATES, key).await {
                self.admin_sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    .await;
                unlock(locks, TEMPLATES, key).await;
            }
        }
    }

    async fn database(&self, seeded: bool) -> Storage {
        let name = next_name();
        let template = if seeded { &self.template } else { "template0" };
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let this = self.clone();
        RUNTIME
            .spawn(async move { this.admin_sql(&create).await })
            .await
            .expect("created");
        let mut url = with_database(&postgres_url(), &name);
        // Nothing here must survive the machine; waiting for its disk only costs time.
        url.query_pairs_mut()
            .append_pair("options[synchronous_commit]", "off");
        Storage {
            url: url.into(),
            name,
        }
    }

    async fn drop_database(&self, name: String) {
        let this = self.clone();
        let drop = async move {
            this.admin_sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        };
        RUNTIME.spawn(drop).await.expect("dropped");
    }

    async fn admin_sql(&self, sql: &str) {
        if let Err(error) = self.admin.execute_unprepared(sql).await {
            panic!("{sql}: {error}");
        }
    }
}

/// The databases that begin so and belong to whoever runs the tests.
async fn own_databases(admin: &DatabaseConnection, prefix: &str) -> Vec<String> {
    let sql = "SELECT datname::text AS name FROM pg_database \
               WHERE starts_with(datname, $1) AND pg_get_userbyid(datdba) = current_user";
    names(admin, sql, [prefix.into()]).await
}

async fn names<const N: usize>(
    admin: &DatabaseConnection,
    sql: &str,
    values: [Value; N],
) -> Vec<String> {
    let query = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = admin
        .query_all_raw(query)
        .await
        .expect("names can be listed");
    rows.iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect()
}

async fn try_lock(locks: &DatabaseConnection, class: i32, key: i32) -> bool {
    let values = [Value::from(class), Value::from(key)];
    let sql = "SELECT pg_try_advisory_lock($1, $2) AS got";
    let query = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let row = locks
        .query_one_raw(query)
        .await
        .expect("a lock can be asked for");
    row.expect("one row")
        .try_get("", "got")
        .expect("a yes or no")
}

async fn unlock(locks: &DatabaseConnection, class: i32, key: i32) {
    let sql = format!("SELECT pg_advisory_unlock({class}, {key})");
    locks
        .execute_unprepared(&sql)
        .await
        .expect("a lock can be returned");
}

fn template_key(name: &str) -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&Sha256::digest(name.as_bytes())[..4]);
    i32::from_be_bytes(bytes)
}

fn with_database(url: &str, name: &str) -> url::Url {
    let mut url = url::Url::parse(url).expect("TEST_DATABASE_URL is a URL");
    url.set_path(name);
    url
}
