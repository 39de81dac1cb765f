//! Brings the schema to where it should be. One process at a time: parallel migrations of one
//! database fail half way, so every change happens under a lock that all processes share, on a
//! connection of its own (`PRAGMA foreign_keys` and advisory locks belong to one connection).

mod lock;

use std::collections::BTreeSet;

use entity::Timestamp;
use migration::{
    Migrator,
    sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations},
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryOrder};

use super::database;
use crate::{
    config::{Config, Database},
    error::{Error, Result},
};

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// When it was applied, if it was.
    pub applied_at: Option<Timestamp>,
    /// Whether this version of the program knows it; a newer one may have applied more.
    pub known: bool,
}

/// Applies what is pending; returns the names of what was applied.
pub async fn up(database: &Database) -> Result<Vec<String>> {
    locked(database, async |db| {
        let states = states(db).await?;
        let pending = names(&states, |state| state.applied_at.is_none());
        let foreign = names(&states, |state| !state.known);
        match (pending.as_slice(), foreign.as_slice()) {
            ([], []) => {}
            // During an update the older version keeps working on the newer schema.
            ([], [..]) => tracing::warn!(?foreign, "the schema is newer than this version"),
            (_, []) => Migrator::up(db, None).await?,
            (_, [newest, ..]) => return Err(Error::internal(format!(
                "the database was migrated by another version of the program (it has {newest}), so \
                 this one cannot add {}; use the newer version",
                pending.join(", "),
            ))),
        }
        Ok(pending)
    })
    .await
}

/// Takes the last `steps` migrations back, newest first; returns their names.
pub async fn down(database: &Database, steps: u32) -> Result<Vec<String>> {
    locked(database, async |db| {
        let states = states(db).await?;
        if let Some(foreign) = states.iter().find(|state| !state.known) {
            return Err(Error::internal(format!(
                "the database has {}, which this version of the program does not know; only the \
                 version that applied it can take it back",
                foreign.name,
            )));
        }
        let mut applied = names(&states, |state| state.applied_at.is_some());
        applied.reverse();
        applied.truncate(steps as usize);
        Migrator::down(db, Some(steps)).await?;
        Ok(applied)
    })
    .await
}

/// Deletes everything and builds the schema anew; returns the names of what was applied. Refused
/// in production.
pub async fn fresh(config: &Config) -> Result<Vec<String>> {
    if config.environment.is_production() {
        return Err(Error::Forbidden(
            "`migrate fresh` is refused in production.".into(),
        ));
    }
    locked(&config.database, async |db| {
        Migrator::fresh(db).await?;
        Ok(names(&states(db).await?, |state| {
            state.applied_at.is_some()
        }))
    })
    .await
}

/// Every migration in order, without changing anything.
pub async fn status(database: &Database) -> Result<Vec<State>> {
    let db = database::connect_single(database).await?;
    let states = states(&db).await;
    db.close().await?;
    states
}

/// Fails with advice when the schema is not there or not complete.
pub async fn require_current(database: &Database) -> Result<()> {
    let states = status(database).await?;
    match states
        .iter()
        .filter(|state| state.applied_at.is_none())
        .count()
    {
        0 => Ok(()),
        pending => Err(Error::internal(format!(
            "the database lacks {pending} of {} migrations; run `erpmax migrate up`",
            states.len(),
        ))),
    }
}

async fn locked<T>(
    database: &Database,
    work: impl AsyncFnOnce(&DatabaseConnection) -> Result<T>,
) -> Result<T> {
    let file = match database.file() {
        Some(file) => {
            database::make_room(database)?;
            Some(lock::file(&file).await?)
        }
        None => None,
    };
    let db = database::connect_single(database).await?;
    if file.is_none() {
        lock::advisory(&db).await?;
    }
    let done = work(&db).await;
    // Gives an advisory lock back as well.
    db.close().await?;
    drop(file);
    done
}

/// Known ones in their order, then those that only the database knows.
async fn states(db: &DatabaseConnection) -> Result<Vec<State>> {
    let mut applied = if SchemaManager::new(db).has_table("seaql_migrations").await? {
        let query = seaql_migrations::Entity::find();
        query
            .order_by_asc(seaql_migrations::Column::Version)
            .all(db)
            .await?
    } else {
        Vec::new()
    };
    let mut states = Vec::new();
    for migration in Migrator::migrations() {
        let name = migration.name().to_owned();
        let at = applied.iter().position(|row| row.version == name);
        let applied_at = at.map(|at| applied.remove(at)).and_then(|row| time(&row));
        states.push(State {
            name,
            applied_at,
            known: true,
        });
    }
    let known: BTreeSet<_> = states.iter().map(|state| state.name.clone()).collect();
    states.extend(
        applied
            .iter()
            .filter(|row| !known.contains(&row.version))
            .map(|row| State {
                name: row.version.clone(),
                applied_at: time(row),
                known: false,
            }),
    );
    Ok(states)
}

fn time(row: &seaql_migrations::Model) -> Option<Timestamp> {
    Timestamp::from_timestamp(row.applied_at, 0)
}

fn names(states: &[State], which: impl Fn(&State) -> bool) -> Vec<String> {
    states
        .iter()
        .filter(|state| which(state))
        .map(|state| state.name.clone())
        .collect()
}
