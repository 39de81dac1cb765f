//! Looks at a database and leaves nothing behind: for those who want to know whether it would do,
//! and if not, why.

use std::{
    io,
    path::PathBuf,
    str::FromStr,
    time::{Duration, Instant},
};

use entity::Timestamp;
use migration::sea_orm_migration::SchemaManager;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqlxError, Statement,
    sqlx::{Connection, PgConnection, postgres::PgConnectOptions},
};
use secrecy::ExposeSecret;

use super::database;
use crate::{
    config::{Database, DatabaseKind},
    domain::outbox::{self, Backlog},
    error::{Error, Result},
    ports::clock::Clock,
};

/// A table that is always there, once anything is.
const OUTBOX: &str = "outbox";

/// Why a database cannot be used.
#[derive(Debug)]
pub enum Trouble {
    /// There is no file yet; the first start makes it.
    Absent(PathBuf),
    /// The server is not there, or not for us.
    Refused {
        /// What is wrong.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
}

/// What a database is like.
#[derive(Debug)]
pub struct Look {
    /// The version of the server or library.
    pub version: String,
    /// How long a question and its answer take.
    pub round_trip: Duration,
    /// How far its clock is ahead of ours, where it has one of its own.
    pub ahead: Option<chrono::Duration>,
    /// How many connections the server allows, if it is one.
    pub max_connections: Option<i32>,
    /// Why nothing can be written, if so.
    pub read_only: Option<String>,
}

/// Whether anybody opens.
pub async fn knock(database: &Database) -> Result<(), Trouble> {
    match database.kind() {
        DatabaseKind::Sqlite => match database.file() {
            Some(file) if !file.exists() => Err(Trouble::Absent(file)),
            _ => Ok(()),
        },
        DatabaseKind::Postgres => {
            // Not through a pool, which tries again until its patience ends and forgets why.
            let options = PgConnectOptions::from_str(database.url.expose_secret());
            let knocking = async { PgConnection::connect_with(&options?).await?.close().await };
            knocking.await.map_err(|error| explain(&error))
        }
    }
}

fn explain(error: &SqlxError) -> Trouble {
    let advice = match error {
        SqlxError::Database(error) => match error.code().as_deref() {
            Some("28P01" | "28000") => {
                "check user and password in DATABASE_URL, and whom the server lets in (pg_hba.conf)"
            }
            Some("3D000") => "make the database (createdb), or correct its name in DATABASE_URL",
            Some("53300") => "the server has no connection left; raise max_connections there",
            Some("57P03") => "the server is starting or stopping; try again",
            _ => "ask whoever runs the server; its log says more",
        },
        SqlxError::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "start the server, or correct host and port in DATABASE_URL"
        }
        SqlxError::Io(_) => "check host and port in DATABASE_URL, and the network between",
        SqlxError::Tls(_) => "check sslmode in DATABASE_URL and the server's certificate",
        _ => "check DATABASE_URL",
    };
    let reason = match error {
        SqlxError::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    };
    Trouble::Refused { reason, advice }
}

/// What it is like.
pub async fn look(database: &Database) -> Result<Look> {
    let db = database::connect_single(database).await?;
    let looked = look_at(&db).await;
    db.close().await?;
    looked
}

async fn look_at(db: &DatabaseConnection) -> Result<Look> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let query = if postgres {
        "SELECT current_setting('server_version') AS version, \
         current_setting('max_connections')::int4 AS connections, \
         (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS now"
    } else {
        "SELECT sqlite_version() AS version"
    };
    let asked = Instant::now();
    db.query_one_raw(statement(db, "SELECT 1")).await?;
    let round_trip = asked.elapsed();
    let row = db.query_one_raw(statement(db, query)).await?;
    let row = row.ok_or_else(|| Error::internal("the database does not say what it is"))?;
    let now = Clock::system().now();
    let there = if postgres {
        Timestamp::from_timestamp_millis(row.try_get("", "now")?)
    } else {
        None
    };
    Ok(Look {
        version: row.try_get("", "version")?,
        round_trip,
        ahead: there.map(|there| there - now),
        max_connections: if postgres {
            row.try_get("", "connections")?
        } else {
            None
        },
        read_only: read_only(db).await?,
    })
}

/// Tries to write, and takes it back.
async fn read_only(db: &DatabaseConnection) -> Result<Option<String>> {
    let begin = match db.get_database_backend() {
        DbBackend::Postgres => "BEGIN",
        // Takes the lock that a writer needs.
        _ => "BEGIN IMMEDIATE",
    };
    let write = if SchemaManager::new(db).has_table(OUTBOX).await? {
        "DELETE FROM outbox WHERE 1 = 0"
    } else {
        "CREATE TABLE erpmax_doctor (one INTEGER)"
    };
    if let Err(error) = db.execute_unprepared(begin).await {
        return Ok(Some(said(&error)));
    }
    let written = db.execute_unprepared(write).await;
    db.execute_unprepared("ROLLBACK").await?;
    Ok(written.err().map(|error| said(&error)))
}

/// The server's own words.
fn said(error: &DbErr) -> String {
    let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error))
    | DbErr::Query(sea_orm::RuntimeErr::SqlxError(error))) = error
    else {
        return error.to_string();
    };
    match &**error {
        SqlxError::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

/// How the outbox stands, if there is one.
pub async fn backlog(database: &Database) -> Result<Option<Backlog>> {
    let db = database::connect_single(database).await?;
    let backlog = async {
        if SchemaManager::new(&db).has_table(OUTBOX).await? {
            let backlog = outbox::backlog_in(&db, Clock::system().now()).await?;
            Ok(Some(backlog))
        } else {
            Ok(None)
        }
    };
    let backlog = backlog.await;
    db.close().await?;
    backlog
}

fn statement(db: &DatabaseConnection, sql: &str) -> Statement {
    Statement::from_string(db.get_database_backend(), sql)
}
