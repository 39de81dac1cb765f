//! Workers that die, stand still or are asked to stop, and those that go on in their place: on one
//! database and in one world. Each effect is had once, and nobody writes what is not theirs any more.

use std::time::Duration;

use entity::provisioning_job::{JobStatus, JobType};
use erpmax::domain::outbox;

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::{Stage, until},
};

/// The points of the first job at which a worker may die.
fn points() -> Vec<String> {
    let mut points = vec!["before plan create".to_owned()];
    for step in ["name", "make", "look"] {
        for point in [
            "before check",
            "before perform",
            "in perform",
            "after perform",
            "before verify",
        ] {
            points.push(format!("{point} create.{step}"));
        }
    }
    points
}

/// Lets a worker begin and die at a point.
async fn die_at(app: &TestApp, stage: &Stage, point: &str) {
    let gate = stage.gate(point);
    let worker = app.mortal().await;
    gate.reached().await;
    worker.kill();
}

/// Waits until all messages were answered.
async fn heard(app: &TestApp) {
    until("the messages are answered", async || {
        outbox::pending(&app.system()).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn another_worker_goes_on_at_every_point() {
    let (app, stage) = TestApp::staged().await;
    for point in points() {
        let name = format!("Acme{}", app.next_number());
        let acme = app.company(&name).await;
        let before = stage.effects().len();
        let id = ask(&acme, JobType::Create).await;
        die_at(&app, &stage, &point).await;
        stage.gate(&point).open();
        // As long as the lease holds, nobody touches it.
        app.settle().await;
        assert_eq!(app.rescue().await, 0);
        assert_eq!(jobs::job(&app, id).await.fence, 1);
        app.advance_secs(31);
        assert_eq!(app.rescue().await, 1, "{point}");
        app.settle().await;

        let job = jobs::job(&app, id).await;
        assert_eq!(
            (job.status, job.fence),
            (JobStatus::Completed, 2),
            "{point}: {job:#?}"
        );
        let mut effects = stage.effects()[before..].to_vec();
        // What was half there was taken back before it was done again.
        effects.retain(|effect| !effect.starts_with('-'));
        assert_eq!(
            effects,
            ["create.name", "create.make", "create.look"],
            "{point}"
        );
        let heard = jobs::heard(&app, &acme).await;
        let started = heard.iter().filter(|kind| *kind == "job_started").count();
        assert_eq!(started, 1, "{point}");
    }
    app.finish().await;
}

#[tokio::test]
async fn who_comes_back_late_writes_nothing() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    // One that stands still, and its heart, too.
    let late = app
        .replica_with(|config| config.provisioning.heartbeat = Duration::from_hours(1))
        .await;
    let gate = stage.gate("after perform create.make");
    tokio::select! {
        _ = late.settle() => panic!("it passes"),
        () = async { gate.reached().await; heard(&app).await } => {}
    }
    // Others wait there no more.
    stage.gate("after perform create.make").open();
    app.advance_secs(31);
    app.rescue().await;
    app.settle().await;
    let (job, ledger) = (jobs::job(&app, id).await, jobs::steps(&app, id).await);
    assert_eq!(job.status, JobStatus::Completed);
    let (texts, heard) = (jobs::texts(&app, id).await, jobs::heard(&app, &acme).await);

    gate.open();
    late.app.slots.idle().await;
    assert_eq!(jobs::job(&app, id).await, job);
    assert_eq!(jobs::steps(&app, id).await, ledger);
    assert_eq!(jobs::texts(&app, id).await, texts);
    assert_eq!(jobs::heard(&app, &acme).await, heard);
    assert_eq!(
        stage.effects(),
        ["create.name", "create.make", "create.look"]
    );
    late.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_hands_over_at_once() {
    let (app, stage) = TestApp::staged().await;
    for point in points() {
        let name = format!("Acme{}", app.next_number());
        let acme = app.company(&name).await;
        let before = stage.effects().len();
        let id = ask(&acme, JobType::Create).await;
        let leaving = app.replica().await;
        let gate = stage.gate(&point);
        tokio::select! {
            _ = leaving.settle() => panic!("it passes {point}"),
            () = async { gate.reached().await; heard(&app).await } => {}
        }
        leaving.leave().await;
        let job = jobs::job(&app, id).await;
        assert_eq!(
            job.status,
            JobStatus::InProgress,
            "{point}: a stop fails nothing"
        );
        assert_eq!(job.claimed_by, None, "{point}");
        stage.gate(&point).open();
        // Without a wait: the lease was given back, and word was sent.
        app.settle().await;
        assert_eq!(
            jobs::status(&app, id).await,
            JobStatus::Completed,
            "{point}"
        );
        let mut effects = stage.effects()[before..].to_vec();
        effects.retain(|effect| !effect.starts_with('-'));
        assert_eq!(
            effects,
            ["create.name", "create.make", "create.look"],
            "{point}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn an_undo_that_was_interrupted_goes_on() {
    for stops in [true, false] {
        let (app, stage) = TestApp::staged().await;
        let acme = app.company("Acme").await;
        let id = ask(&acme, JobType::Create).await;
        let doing = stage.gate("after perform create.make");
        let undoing = stage.gate("before undo create.name");
        let calling_off = async {
            doing.reached().await;
            jobs::cancel(&acme, id).await;
            doing.open();
            undoing.reached().await;
        };
        if stops {
            let worker = app.replica().await;
            tokio::select! {
                _ = worker.settle() => panic!("it passes"),
                () = calling_off => {}
            }
            worker.leave().await;
        } else {
            let worker = app.mortal().await;
            calling_off.await;
            worker.kill();
            app.advance_secs(31);
            assert_eq!(app.rescue().await, 1);
        }
        stage.gate("before undo create.name").open();
        undoing.open();
        app.settle().await;
        until("it is undone", async || {
            app.settle().await;
            jobs::job(&app, id).await.undo_attempt.is_none()
        })
        .await;
        let expected = ["name Undone 1", "make Undone 1", "look Pending 0"];
        assert_eq!(jobs::ledger(&app, id, 1).await, expected);
        let expected = ["create.name", "create.make", "-create.make", "-create.name"];
        assert_eq!(stage.effects(), expected);
        app.advance_secs(31);
        app.finish().await;
    }
}

#[tokio::test]
async fn what_was_called_off_while_nobody_worked_is_undone_by_the_next() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    die_at(&app, &stage, "in perform create.make").await;
    jobs::cancel(&acme, id).await;
    app.advance_secs(31);
    assert_eq!(app.rescue().await, 1);
    app.settle().await;
    assert_eq!(jobs::job(&app, id).await.undo_attempt, None);
    assert_eq!(
        stage.effects(),
        ["create.name", "-create.make", "-create.name"]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_job_whose_message_was_lost_is_found() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    crate::support::db::forget_outbox(&app).await;
    app.settle().await;
    assert_eq!(app.rescue().await, 0, "its message may still come");
    app.advance_secs(61);
    assert_eq!(app.rescue().await, 1);
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    assert_eq!(app.rescue().await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_worker_keeps_its_job_as_long_as_it_lives() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let gate = stage.gate("in perform create.make");
    let worker = app.mortal().await;
    gate.reached().await;
    let first = jobs::job(&app, id).await.lease_until.unwrap();
    until("the lease is renewed", async || {
        app.advance_secs(1);
        let job = jobs::job(&app, id).await;
        job.lease_until.unwrap() > first + Duration::from_secs(1)
    })
    .await;
    gate.open();
    worker.app.slots.idle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    worker.kill();
    app.finish().await;
}
