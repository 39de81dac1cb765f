//! The lock that all processes take before they change the schema. It ends with the process that
//! holds it, however that ends.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use crate::{
    config::Database,
    error::{Error, Result},
};

/// Names our lock among the advisory locks of the database: "`ERPMax` schema".
const KEY: i64 = 0x4552_504D_4158_0001;

/// Held while the schema changes.
pub(super) enum Lock {
    /// A lock file beside the SQLite database.
    File(File),
    /// An advisory lock of the connection.
    Advisory,
}

impl Lock {
    /// Waits for it, and says so when it has to.
    pub(super) async fn take(database: &Database, db: &DatabaseConnection) -> Result<Self> {
        if let Some(file) = database.file() {
            let mut path = file.into_os_string();
            path.push(".lock");
            let taking = tokio::task::spawn_blocking(move || lock_file(path.as_ref()));
            return taking
                .await
                .map_err(Error::internal)?
                .map(Self::File)
                .map_err(Error::internal);
        }
        if !ask(db, "pg_try_advisory_lock").await? {
            say_waiting();
            ask(db, "pg_advisory_lock").await?;
        }
        Ok(Self::Advisory)
    }

    /// Lets the next one in.
    pub(super) async fn release(self, db: &DatabaseConnection) -> Result<()> {
        match self {
            Self::File(file) => drop(file),
            Self::Advisory => drop(ask(db, "pg_advisory_unlock").await?),
        }
        Ok(())
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
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

/// Calls a function of the lock; whether it answered yes. One of them answers nothing, which is
/// no answer to a question either.
async fn ask(db: &DatabaseConnection, function: &str) -> Result<bool, DbErr> {
    let sql = format!("SELECT {function}($1)");
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [KEY.into()]);
    let row = db.query_one_raw(query).await?;
    Ok(row
        .and_then(|row| row.try_get_by_index(0).ok())
        .unwrap_or(false))
}
