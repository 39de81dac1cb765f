//! What is written while a job goes on: weights and progress, lines in batches and within bounds, and how
//! many statements that takes.

use std::time::Duration;

use entity::{
    provisioning_job::{JobStatus, JobType},
    provisioning_log_line::LogLevel,
};

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::{Fault, until},
};

#[tokio::test]
async fn weights_are_what_the_steps_took_lately() {
    let (app, stage) = TestApp::staged().await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let first = ask(&acme, JobType::Create).await;
    let gate = stage.gate("in perform create.make");
    let waiting = async {
        gate.reached().await;
        app.advance_secs(12);
        gate.open();
    };
    tokio::join!(app.settle(), waiting);
    let weights = async |id| {
        let steps = jobs::steps(&app, id).await;
        steps.iter().map(|step| step.weight_ms).collect::<Vec<_>>()
    };
    assert_eq!(
        weights(first).await,
        [100, 600, 300],
        "the driver's own word"
    );
    let second = ask(&beta, JobType::Create).await;
    app.settle().await;
    assert_eq!(weights(second).await, [0, 12_000, 0], "what it took");
    app.finish().await;
}

#[tokio::test]
async fn progress_is_told_while_it_grows_and_never_goes_back() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    stage.fault("perform create.make", [Fault::Half]);
    let (begun, again) = (
        stage.gate("before perform create.make"),
        stage.gate("before undo create.make"),
    );
    let watching = async {
        begun.reached().await;
        let job = jobs::job(&app, id).await;
        assert_eq!(
            (job.progress, job.message.as_str()),
            (10, "Making the site")
        );
        begun.open();
        again.reached().await;
        until("half of the step is told", async || {
            jobs::job(&app, id).await.progress == 40
        })
        .await;
        again.open();
    };
    tokio::join!(app.settle(), watching);
    assert_eq!(jobs::job(&app, id).await.progress, 100);
    app.finish().await;
}

#[tokio::test]
async fn lines_are_cut_to_size_and_say_nothing_to_a_terminal() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let lines = [
        "\u{1b}[31mred\u{1b}[0m\u{7}".to_owned(),
        "x".repeat(10_000),
        "Привіт\0".to_owned(),
    ];
    stage.fault("perform create.make", [Fault::Say(lines.into())]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let log = jobs::log(&app, id).await;
    let said: Vec<_> = log
        .iter()
        .filter(|line| line.step.as_deref() == Some("make"))
        .collect();
    assert_eq!(said[1].text, "red");
    assert_eq!(said[2].text.chars().count(), 2000);
    assert_eq!(said[3].text, "Привіт");
    app.finish().await;
}

#[tokio::test]
async fn a_flood_is_bounded_and_told_of() {
    let (app, stage) = TestApp::staged_with(|config| {
        config.provisioning.log_lines_per_second = 50;
        config.provisioning.log_lines = 40;
    })
    .await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.make", [Fault::Flood(200_000)]);
    let id = ask(&acme, JobType::Create).await;
    let sent = app
        .sql(async || {
            app.settle().await;
        })
        .await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    assert!(sent < 400, "{sent} statements");
    let log = jobs::log(&app, id).await;
    assert!(log.len() <= 40 + 5, "{} lines", log.len());
    let dropped = log.iter().find(|line| line.text.ends_with("lines dropped"));
    let dropped = dropped.expect("what is missing is told");
    assert_eq!(dropped.level, LogLevel::Warning);
    let last = log.last().unwrap();
    assert_eq!(last.text, "Completed");
    assert!(last.seq > 40, "the oldest went first");
    app.finish().await;
}

#[tokio::test]
async fn a_step_that_takes_too_long_is_stopped() {
    let (app, stage) = TestApp::staged_with(|config| {
        config.provisioning.step_timeout = Duration::from_millis(50);
        config.provisioning.stop_grace = Duration::from_millis(10);
        config.provisioning.step_tries = 2;
    })
    .await;
    let acme = app.company("Acme").await;
    stage.gate("in perform create.make");
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    let error = "Making the site: It took longer than 1 s and was stopped.";
    assert_eq!(job.error.as_deref(), Some(error));
    assert_eq!(jobs::ledger(&app, id, 1).await[1], "make Failed 2");
    app.finish().await;
}

#[tokio::test]
async fn where_nobody_can_look_what_was_interrupted_needs_a_person() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.blind();
    let id = ask(&acme, JobType::Create).await;
    let dead = app
        .replica_with(|config| config.provisioning.heartbeat = Duration::from_hours(1))
        .await;
    let gate = stage.gate("in perform create.make");
    tokio::select! {
        _ = dead.settle() => panic!("it passes"),
        () = gate.reached() => {}
    }
    stage.gate("in perform create.make").open();
    app.advance_secs(31);
    app.rescue().await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.error.unwrap().contains("cannot tell how far it came"));
    assert_eq!(stage.effects(), ["create.name"]);
    // Somebody has looked, and says so by trying again.
    jobs::retry(&acme, id).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    dead.leave().await;
    app.finish().await;
}

#[tokio::test]
async fn a_job_takes_few_statements() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let all = app
        .sql(async || {
            app.settle().await;
        })
        .await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    assert!(all <= 60, "{all} statements for a job of three steps");
    app.finish().await;
}
