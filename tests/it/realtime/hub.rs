//! Each event once and in order, whatever the bus loses, from any place on, on every replica.

use std::time::Duration;

use entity::provisioning_job::JobStatus;
use erpmax::domain::{
    event::{Recorded, Stream},
    realtime::{Cursor, Feed, Next, places},
    signal::{JobSignal, Signal},
};

use super::{cx, expect_run, happen, hear, listen, next, stream, tenant};
use crate::support::{TestApp, sites};

#[tokio::test]
async fn concurrent_events_are_heard_once_and_in_order_on_every_replica() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut here = listen(&app, stream(&acme), None).await;
    // On the embedded stack the replica has a bus of its own, on which it hears nothing of this.
    let mut there = listen(&replica, stream(&acme), None).await;
    let first = here.position() + 1;
    assert_eq!(there.position() + 1, first);
    let many = (0..8).map(|_| happen(&app, &acme, 5));
    futures::future::join_all(many).await;
    expect_run(&mut here, first..=first + 39).await;
    expect_run(&mut there, first..=first + 39).await;
    // Whoever comes later hears what comes later.
    let mut late = listen(&replica, stream(&acme), None).await;
    happen(&app, &acme, 1).await;
    expect_run(&mut late, first + 40..=first + 40).await;
    replica.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn what_comes_twice_late_and_in_disorder_on_the_bus_is_told_once() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let replica = app.replica().await;
    let mut listener = listen(&app, stream(&acme), None).await;
    let first = listener.position() + 1;
    happen(&replica, &acme, 20).await;
    let log = listen_all(&replica, stream(&acme)).await;
    let signals: Vec<_> = log.into_iter().map(Signal::from).collect();
    for chunk in signals.rchunks(3) {
        app.app.bus.publish(chunk).await;
    }
    app.app.bus.publish(&signals).await;
    expect_run(&mut listener, first..=first + 19).await;
    happen(&app, &acme, 1).await;
    expect_run(&mut listener, first + 20..=first + 20).await;
    replica.leave().await;
    app.finish().await;
}

/// The whole log of a stream, as it goes over the bus.
async fn listen_all(app: &TestApp, stream: Stream) -> Vec<Recorded> {
    use entity::event;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
    let rows = event::Entity::find()
        .filter(event::Column::Stream.eq(stream.to_string()))
        .order_by_asc(event::Column::Seq)
        .all(&app.app.db)
        .await
        .unwrap();
    let recorded = |row: event::Model| Recorded {
        id: row.id,
        stream,
        seq: row.seq,
        occurred_at: row.occurred_at,
        event: serde_json::from_value(row.payload).unwrap(),
    };
    rows.into_iter().map(recorded).collect()
}

#[tokio::test]
async fn a_listener_goes_on_from_where_it_was() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    happen(&app, &acme, 250).await;
    let mut whole = listen(&app, stream(&acme), Some(0)).await;
    let head = {
        let live = listen(&app, stream(&acme), None).await;
        live.position()
    };
    expect_run(&mut whole, 1..=head).await;
    happen(&app, &acme, 3).await;
    expect_run(&mut whole, head + 1..=head + 3).await;
    app.finish().await;
}

#[tokio::test]
async fn a_listener_who_is_slow_loses_nothing() {
    let app = TestApp::with(|config| config.realtime.backlog = 4).await;
    let acme = app.company("Acme").await;
    let mut slow = listen(&app, stream(&acme), None).await;
    let mut quick = listen(&app, stream(&acme), None).await;
    let first = slow.position() + 1;
    for n in 0..60 {
        happen(&app, &acme, 1).await;
        expect_run(&mut quick, first + n..=first + n).await;
    }
    expect_run(&mut slow, first..=first + 59).await;
    app.finish().await;
}

#[tokio::test]
async fn cursors_lead_only_to_what_is_ones_own_and_kept() {
    let app = TestApp::with(|config| config.realtime.replay_max = 100).await;
    let acme = app.company("Acme").await;
    let other = app.company("Other").await;
    let cx = cx(&app, &acme.owner);
    let head = {
        happen(&app, &acme, 5).await;
        listen(&app, stream(&acme), None).await.position()
    };
    let ask = async |cursor: String| places(&cx, &[Feed::Provisioning], Some(&cursor)).await;
    let at = |seq| Cursor::of(stream(&acme), seq).to_string();

    let found = ask(at(head)).await.unwrap();
    assert_eq!((found.len(), found[0].after), (1, Some(head)));
    assert_eq!(ask(at(0)).await.unwrap()[0].after, Some(0));
    let code = async |cursor: String| ask(cursor).await.unwrap_err().code().as_str();
    assert_eq!(code(at(head + 1)).await, "INVALID_INPUT", "from the future");
    assert_eq!(code("rubbish".into()).await, "INVALID_INPUT");
    let own = Stream::User(acme.owner.id.parse().unwrap());
    let of_another_feed = Cursor::of(own, 0).to_string();
    assert_eq!(code(of_another_feed).await, "INVALID_INPUT");
    let foreign = Cursor::of(stream(&other), 1).to_string();
    assert_eq!(code(foreign).await, "NOT_FOUND");
    let nobody = Stream::Tenant(entity::ids::TenantId(uuid::Uuid::nil()));
    assert_eq!(code(Cursor::of(nobody, 1).to_string()).await, "NOT_FOUND");

    happen(&app, &acme, 100).await;
    assert_eq!(code(at(1)).await, "RESYNC", "more than is told at once");
    // Whoever was away for longer than events are kept must begin anew.
    app.advance(Duration::from_hours(24 * 8));
    app.sweep().await;
    assert_eq!(code(at(head + 90)).await, "RESYNC", "forgotten");
    app.finish().await;
}

#[tokio::test]
async fn what_is_forgotten_cannot_be_heard() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    happen(&app, &acme, 10).await;
    let mut old = listen(&app, stream(&acme), Some(0)).await;
    let mut live = listen(&app, stream(&acme), None).await;
    let head = live.position();
    app.advance(Duration::from_hours(24 * 8));
    assert!(app.sweep().await >= 10);
    happen(&app, &acme, 1).await;
    assert!(matches!(next(&mut old).await, Next::Resync));
    expect_run(&mut live, head + 1..=head + 1).await;
    let mut again = listen(&app, stream(&acme), Some(head)).await;
    assert_eq!(hear(&mut again).await.seq, head + 1);
    app.finish().await;
}

#[tokio::test]
async fn what_passes_is_not_told_after_what_followed_it() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let job = sites::job(&app, &acme.id, |job| job.status = JobStatus::InProgress).await;
    happen(&app, &acme, 3).await;
    let mut quick = listen(&app, stream(&acme), None).await;
    let head = quick.position();
    let mut behind = listen(&app, stream(&acme), Some(0)).await;
    let said = JobSignal {
        tenant_id: tenant(&acme),
        job_id: job.id,
        first_line: None,
    };
    app.app.bus.publish(&[Signal::Job(said)]).await;
    let passing = hear(&mut quick).await;
    assert_eq!((passing.seq, passing.lasting), (head, false));
    happen(&app, &acme, 1).await;
    expect_run(&mut quick, head + 1..=head + 1).await;
    // Whoever has read on from the log does not go back, nor does the place that they remember.
    expect_run(&mut behind, 1..=head + 1).await;
    happen(&app, &acme, 1).await;
    expect_run(&mut behind, head + 2..=head + 2).await;
    app.finish().await;
}

#[tokio::test]
async fn what_another_version_wrote_holds_up_nothing() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut live = listen(&app, stream(&acme), None).await;
    let head = live.position();
    happen(&app, &acme, 1).await;
    expect_run(&mut live, head + 1..=head + 1).await;
    invent(&app, stream(&acme), head + 2).await;
    happen(&app, &acme, 1).await;
    let mut late = listen(&app, stream(&acme), Some(head)).await;
    for listener in [&mut live, &mut late] {
        let from = listener.position() + 1;
        expect_run(listener, from..=head + 3).await;
    }
    app.finish().await;
}

/// An event of a kind that is not known yet.
async fn invent(app: &TestApp, stream: Stream, seq: i64) {
    use entity::{event, event_stream};
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
    let row = event::Model {
        id: app.app.ids.next().into(),
        stream: stream.to_string(),
        seq,
        kind: "invented".to_owned(),
        payload: serde_json::json!({ "kind": "invented", "of": "tomorrow" }),
        occurred_at: app.app.clock.now(),
    };
    let row = row.into_active_model().reset_all();
    row.insert(&app.app.db).await.unwrap();
    let head = event_stream::ActiveModel {
        stream: Set(stream.to_string()),
        head: Set(seq),
        ..Default::default()
    };
    head.update(&app.app.db).await.unwrap();
}
