//! The database is away for a while, or what hears for this process ends.

use std::time::Duration;

use entity::event;
use erpmax::domain::{
    event::Stream,
    realtime::{Ended, Presence},
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel};
use serde_json::json;
use tokio::time::timeout;

use super::{PATIENCE, cx, expect_run, happen, listen, stream};
use crate::support::{TestApp, stage::until};

/// Never again in a test.
const NEVER: Duration = Duration::from_hours(1);

async fn rename(app: &TestApp, table: &str, name: &str) {
    let sql = format!("ALTER TABLE {table} RENAME TO {name}");
    app.app.db.execute_unprepared(&sql).await.unwrap();
}

/// Waits until so many more statements have been answered, one way or another.
async fn statements(app: &TestApp, more: u64) {
    let enough = app.app.metrics.sql.count() + more;
    let asked = async || app.app.metrics.sql.count() >= enough;
    until("the database is asked", asked).await;
}

/// An event of which nobody is told, while the heads of streams cannot be read.
async fn write(app: &TestApp, stream: Stream, seq: i64) {
    let row = event::Model {
        id: app.app.ids.next().into(),
        stream: stream.to_string(),
        seq,
        kind: "invented".to_owned(),
        payload: json!({ "kind": "invented" }),
        occurred_at: app.app.clock.now(),
    };
    let row = row.into_active_model().reset_all();
    row.insert(&app.app.db).await.unwrap();
    let head = format!(
        "UPDATE away SET head = {seq}, updated_at = (SELECT MAX(occurred_at) FROM events) \
         WHERE stream = '{stream}'"
    );
    let written = app.app.db.execute_unprepared(&head).await.unwrap();
    assert_eq!(written.rows_affected(), 1);
}

#[tokio::test]
async fn what_happened_long_before_the_database_was_back_is_found_at_once() {
    let app = TestApp::with(|config| config.realtime.poll = Duration::from_millis(100)).await;
    let acme = app.company("Acme").await;
    happen(&app, &acme, 1).await;
    let mut listener = listen(&app, stream(&acme), None).await;
    let seq = listener.position() + 1;
    // From here on, looks are at what has changed.
    statements(&app, 2).await;
    rename(&app, "event_streams", "away").await;
    write(&app, stream(&acme), seq).await;
    app.advance_secs(60);
    statements(&app, 2).await;
    let before = app.app.metrics.sql.count();
    rename(&app, "away", "event_streams").await;
    expect_run(&mut listener, seq..=seq).await;
    // Each look is a statement, and only one in thirty is at all streams.
    let asked = app.app.metrics.sql.count() - before;
    assert!(asked < 10, "found after {asked} statements");
    app.finish().await;
}

#[tokio::test]
async fn whether_a_session_is_over_is_asked_by_one_until_it_is_known() {
    let app = TestApp::with(|config| config.realtime.poll = NEVER).await;
    let acme = app.company("Acme").await;
    let presence = Presence::begin(&cx(&app, &acme.owner)).await.unwrap();
    rename(&app, "sessions", "away").await;
    let tasks = app.app.tasks.len();
    app.advance(Duration::from_hours(24 * 8));
    statements(&app, 3).await;
    // Others may have ended meanwhile.
    let now = app.app.tasks.len();
    assert!(now <= tasks + 1, "{now} tasks, where there were {tasks}");
    rename(&app, "away", "sessions").await;
    let ended = timeout(PATIENCE, presence.ended()).await;
    assert_eq!(ended.unwrap(), Ended::SignedOut);
    drop(presence);
    app.finish().await;
}

#[tokio::test]
async fn a_process_that_hears_nothing_any_more_ends() {
    // No time at all between two looks is more than it can stand.
    let app = TestApp::with(|config| config.realtime.poll = Duration::ZERO).await;
    let acme = app.company("Acme").await;
    assert!(!app.app.shutdown.is_cancelled());
    let presence = Presence::begin(&cx(&app, &acme.owner)).await.unwrap();
    let ends = timeout(PATIENCE, app.app.shutdown.cancelled()).await;
    ends.expect("the process ends, and is started again");
    drop(presence);
    app.finish().await;
}
