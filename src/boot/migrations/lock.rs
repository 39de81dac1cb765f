//! The lock that all processes take before they change the schema. It ends with the process that
//! holds it, however that ends.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use crate::error::{Error, Result};

/// Names our lock among the advisory locks of the database: "`ERPMax` schema".
const KEY: i64 = 0x4552_504D_4158_0001;

/// Takes the lock beside an SQLite database, held until the file is dropped. Taken before the
/// database is opened, because opening a new one for the first time changes it too.
pub(super) async fn file(database: &Path) -> Result<File> {
    let mut path = database.to_owned().into_os_string();
    path.push(".lock");
    let taking = tokio::task::spawn_blocking(move || wait_for_file(path.as_ref()));
    taking
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
}

/// Takes the lock of a `PostgreSQL` database, held until the connection is closed.
pub(super) async fn advisory(db: &DatabaseConnection) -> Result<()> {
    if !ask(db, "pg_try_advisory_lock").await? {
        say_waiting();
        ask(db, "pg_advisory_lock").await?;
    }
    Ok(())
}

fn wait_for_file(path: &Path) -> io::Result<File> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => say_waiting(),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    file.lock()?;
    Ok(file)
}

fn say_waiting() {
    tracing::info!("another process is changing the schema; waiting for it");
}

/// Calls a function of the lock; whether it answered yes. The one that waits answers nothing.
async fn ask(db: &DatabaseConnection, function: &str) -> Result<bool, DbErr> {
    let sql = format!("SELECT {function}($1)");
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [KEY.into()]);
    let row = db.query_one_raw(query).await?;
    Ok(row
        .and_then(|row| row.try_get_by_index(0).ok())
        .unwrap_or(false))
}
