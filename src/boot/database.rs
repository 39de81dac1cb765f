//! Opens the database with the settings each kind needs.

use std::{fmt, io, path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    sqlx::{
        Connection, PgConnection,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::{
    config::{Database, DatabaseKind},
    error::{BoxError, Error, Result},
};

/// How long to wait for the server, and for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many prepared statements a connection remembers.
const STATEMENTS: usize = 256;
/// When `PostgreSQL` gives a statement up.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);
/// After so long without a statement `PostgreSQL` gives a transaction up, with its locks: whoever stands
/// still in the middle of one, milliseconds as a rule, must not hold up who takes over.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a connection may take to say that it still works when it is given back.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an SQLite writer waits for its turn.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that rested so long is asked whether it still works before it is used again. Asking
/// each time would be one more round trip for every statement.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The pool that requests and jobs share.
pub async fn connect(database: &Database) -> Result<DatabaseConnection> {
    let mut options = options(database);
    options.max_connections(database.max_connections);
    if database.kind() == DatabaseKind::Postgres {
        options
            .statement_timeout(STATEMENT_TIMEOUT)
            .map_sqlx_postgres_opts(|postgres| {
                let limit = TRANSACTION_TIMEOUT.as_millis().to_string();
                postgres
                    .statement_cache_capacity(STATEMENTS)
                    .options([("idle_in_transaction_session_timeout", limit)])
            });
    }
    open(database, options).await
}

/// A single connection, for work that must not be spread over several or be given up half way.
pub async fn connect_single(database: &Database) -> Result<DatabaseConnection> {
    let mut options = options(database);
    options
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None);
    open(database, options).await
}

fn options(database: &Database) -> ConnectOptions {
    let mut options = ConnectOptions::new(database.url.expose_secret());
    options
        .min_connections(1)
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .set_application_name("erpmax")
        .sqlx_logging(false);
    match database.kind() {
        // A file does not hang up: connections need not be renewed.
        DatabaseKind::Sqlite => options
            .idle_timeout(None)
            .max_lifetime(None)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // "Yes" only after it is durable.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(BUSY_TIMEOUT)
                    .statement_cache_capacity(STATEMENTS)
            }),
        DatabaseKind::Postgres => options
            .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(STATEMENTS))
            .map_sqlx_postgres_pool_opts(|pool| {
                pool.after_release(|connection, _| Box::pin(still_works(connection)))
            }),
    };
    options
}

/// The driver asks the same without a limit: a connection whose server went away without a word would
/// keep its place in the pool for as long as the system resends.
async fn still_works(connection: &mut PgConnection) -> Result<bool, SqlxError> {
    match timeout(RELEASE_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_) => Err(SqlxError::Io(io::ErrorKind::TimedOut.into())),
    }
}

async fn open(database: &Database, options: ConnectOptions) -> Result<DatabaseConnection> {
    make_room(database)?;
    sea_orm::Database::connect(options)
        .await
        .map_err(|error| Unreachable::of(database, explain(error)))
}

/// Makes the directory that an SQLite database lies in.
pub(super) fn make_room(database: &Database) -> Result<()> {
    if let Some(dir) = database.file().as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(dir).map_err(|error| Unreachable::of(database, error.into()))?;
    }
    Ok(())
}

/// A server that refuses or ignores us is tried until the patience ends, which the driver then
/// reports as a matter of its pool.
fn explain(error: DbErr) -> BoxError {
    match &error {
        DbErr::Conn(RuntimeErr::SqlxError(cause)) if matches!(**cause, SqlxError::PoolTimedOut) => {
            format!("it did not answer within {} s", PATIENCE.as_secs()).into()
        }
        _ => error.into(),
    }
}

/// The database cannot be opened.
#[derive(Debug)]
struct Unreachable {
    database: String,
    cause: BoxError,
}

impl Unreachable {
    fn of(database: &Database, cause: BoxError) -> Error {
        Error::internal(Self {
            database: database.describe(),
            cause,
        })
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot open the database of DATABASE_URL ({}): {}",
            self.database, self.cause
        )
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_ref())
    }
}
