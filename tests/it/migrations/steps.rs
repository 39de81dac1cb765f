//! Every step up, down and up again.

use migration::{Migrator, sea_orm_migration::MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};

use crate::support::storage::{self, Storage};

/// One connection, as migrations have it.
async fn connect(storage: &Storage) -> DatabaseConnection {
    let mut options = ConnectOptions::new(&storage.url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// Everything the database knows of its schema, as sorted text.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let (backend, sql) = if storage::full_stack() {
        let sql = "
            SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' '
                || is_nullable || ' ' || COALESCE(character_maximum_length::text, '') AS line
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' '
                || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            ORDER BY line";
        (DbBackend::Postgres, sql)
    } else {
        let sql = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS line
            FROM sqlite_master ORDER BY line";
        (DbBackend::Sqlite, sql)
    };
    let rows = db
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get("", "line").unwrap())
        .collect()
}

#[tokio::test]
async fn every_step_can_be_undone_and_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::empty(dir.path()).await;
    let db = connect(&storage).await;
    Migrator::install(&db).await.unwrap();
    let nothing = schema(&db).await;
    let steps = Migrator::migrations().len();
    assert!(steps >= 13, "the migrations are listed");
    for step in 0..steps {
        let before = schema(&db).await;
        Migrator::up(&db, Some(1)).await.unwrap();
        let after = schema(&db).await;
        let name = Migrator::migrations()[step].name().to_owned();
        assert_ne!(after, before, "{name} does nothing");
        Migrator::down(&db, Some(1))
            .await
            .unwrap_or_else(|error| panic!("{name} down: {error}"));
        assert_eq!(schema(&db).await, before, "{name} leaves something behind");
        Migrator::up(&db, Some(1))
            .await
            .unwrap_or_else(|error| panic!("{name} again: {error}"));
        assert_eq!(
            schema(&db).await,
            after,
            "{name} does something else the second time"
        );
    }
    assert_eq!(
        Migrator::get_pending_migrations(&db).await.unwrap().len(),
        0
    );
    let whole = schema(&db).await;
    Migrator::down(&db, None).await.unwrap();
    assert_eq!(schema(&db).await, nothing, "all the way down");
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(&db).await, whole, "and up again");
    db.close().await.unwrap();
    storage.remove().await;
}

#[tokio::test]
async fn names_tell_the_order() {
    let names: Vec<_> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    assert!(names.is_sorted(), "{names:#?}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migration/src");
    let mut files: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "lib")
        .collect();
    files.sort();
    assert_eq!(files, names, "every file is in the list");
}
