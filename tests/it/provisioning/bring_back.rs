//! A job that fails on its way: the site is brought back to what it was where that is safe, and people are
//! told how it was left where it is not.

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{JobStatus, JobType},
};
use erpmax::ports::provisioner::Script;
use serde_json::{Value, json};

use crate::support::{
    Company, TestApp,
    jobs::{self, ask, ask_with},
    stage::{Fault, Stage, step},
};

const LEFT: &str = "The site is left in maintenance mode.";

/// A company with a site, where updates begin with a backup.
async fn company<'a>(app: &'a TestApp, stage: &Stage) -> Company<'a> {
    let steps = vec![
        step("close", "Closing the site", true),
        step("save", "Backing it up", false),
        step("migrate", "Bringing it up to date", false),
        step("open", "Opening the site", false),
    ];
    stage.plan(JobType::Update, steps);
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    acme
}

/// What both doors tell of a job: error and advice.
async fn told(acme: &Company<'_>, id: impl ToString) -> (String, String) {
    let id = id.to_string();
    let query = "query($id: ID!) { provisioningJob(id: $id) { status error errorAdvice } }";
    let reply = acme.owner.gql(query, json!({ "id": id })).await;
    let job = reply.ok()["provisioningJob"].clone();
    let reply = acme.owner.get(&format!("/provisioning/jobs/{id}")).await;
    let same = reply.expect(200);
    assert_eq!(
        (&job["error"], &job["errorAdvice"]),
        (&same["error"], &same["error_advice"])
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&job["error"]), text(&job["errorAdvice"]))
}

#[tokio::test]
async fn nothing_has_changed_so_the_site_is_opened_again() {
    let (app, stage) = TestApp::staged().await;
    let acme = company(&app, &stage).await;
    stage.fault("perform update.save", [Fault::Refuse]);
    let id = ask(&acme, JobType::Update).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Failed);
    let (error, advice) = told(&acme, id).await;
    let expected = "Backing it up: the ground is too soft. What was done before was taken back.";
    assert_eq!(
        (error.as_str(), advice.as_str()),
        (expected, "Build elsewhere.")
    );
    assert_eq!(stage.effects()[3..], ["update.close", "-update.close"]);
    let expected = [
        "close Undone 1",
        "save Failed 1",
        "migrate Pending 0",
        "open Pending 0",
    ];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    let texts = jobs::texts(&app, id).await;
    let expected = [
        "What was done before it is taken back.",
        "Closing the site: undone",
        "Failed",
    ];
    assert_eq!(texts[texts.len() - 3..], expected);
    // Tried again, all of it is done.
    jobs::retry(&acme, id).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn a_site_that_is_half_changed_stays_closed_and_that_is_said() {
    let (app, stage) = TestApp::staged().await;
    let acme = company(&app, &stage).await;
    app.advance_secs(1);
    stage.fault("perform update.migrate", [Fault::Refuse]);
    let id = ask(&acme, JobType::Update).await;
    app.settle().await;
    let (error, advice) = told(&acme, id).await;
    let expected = format!("Bringing it up to date: the ground is too soft. {LEFT}");
    assert_eq!(error, expected);
    assert!(
        advice.starts_with("Build elsewhere. Nobody can use the site"),
        "{advice}"
    );
    for remedy in ["retry this job", "RESTORE_INSTANCE", "RESUME_INSTANCE"] {
        assert!(advice.contains(remedy), "{advice}");
    }
    assert!(!stage.effects().contains(&"-update.close".to_owned()));
    // The backup that was made is there for whoever needs it now.
    assert_eq!(jobs::backups(&app).await.len(), 1);
    // Another job that fails sooner does not open it either.
    app.advance_secs(1);
    stage.fault("perform update.save", [Fault::Refuse]);
    let next = ask(&acme, JobType::Update).await;
    app.settle().await;
    let (error, _) = told(&acme, next).await;
    assert_eq!(
        error,
        format!("Backing it up: the ground is too soft. {LEFT}")
    );
    // Nor does one that is called off.
    app.advance_secs(1);
    let gate = stage.gate("before check update.save");
    let off = ask(&acme, JobType::Update).await;
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, off).await);
        gate.open();
    };
    tokio::join!(app.settle(), calling_off);
    assert!(!stage.effects().contains(&"-update.close".to_owned()));
    let (error, advice) = told(&acme, off).await;
    assert_eq!(error, "Cancelled by user");
    assert!(advice.starts_with(LEFT), "{advice}");
    // A backup that is put back mends it, and what fails afterwards is brought back again.
    app.advance_secs(1);
    let backup = json!({ "backup_id": jobs::backups(&app).await[0].id });
    let restore = ask_with(&acme, JobType::Restore, backup).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, restore).await, JobStatus::Completed);
    app.advance_secs(1);
    stage.fault("perform update.save", [Fault::Refuse]);
    let last = ask(&acme, JobType::Update).await;
    app.settle().await;
    let (error, _) = told(&acme, last).await;
    assert!(
        error.ends_with("What was done before was taken back."),
        "{error}"
    );
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_taken_back_after_all_is_said_to_stay() {
    let (app, stage) = TestApp::staged().await;
    let acme = company(&app, &stage).await;
    stage.fault("perform update.save", [Fault::Refuse]);
    stage.fault("undo update.close", [Fault::Refuse]);
    let id = ask(&acme, JobType::Update).await;
    app.settle().await;
    let (error, advice) = told(&acme, id).await;
    assert!(
        error.starts_with("Backing it up: the ground is too soft."),
        "{error}"
    );
    assert!(error.ends_with(LEFT), "{error}");
    assert!(advice.contains("RESUME_INSTANCE"), "{advice}");
    assert_eq!(jobs::ledger(&app, id, 1).await[0], "close Failed 1");
    app.finish().await;
}

#[tokio::test]
async fn called_off_while_it_is_brought_back_it_is_brought_back_all_the_same() {
    let (app, stage) = TestApp::staged().await;
    let acme = company(&app, &stage).await;
    stage.fault("perform update.save", [Fault::Refuse]);
    let gate = stage.gate("before undo update.close");
    let id = ask(&acme, JobType::Update).await;
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, id).await);
        gate.open();
    };
    tokio::join!(app.settle(), calling_off);
    let job = jobs::job(&app, id).await;
    assert_eq!((job.status, job.undo_attempt), (JobStatus::Cancelled, None));
    assert_eq!(stage.effects()[3..], ["update.close", "-update.close"]);
    assert_eq!(job.error_advice, None);
    app.finish().await;
}

/// The steps of a real bench, each failing where nothing is lost yet, and where it is.
#[tokio::test]
async fn each_type_of_job_leaves_the_site_as_it_says() {
    let taken_back = "What was done before was taken back.";
    for (job_type, fails, says) in [
        (JobType::Update, "update.backup=refuse", taken_back),
        (JobType::Update, "update.migrate=half:9", LEFT),
        (JobType::Update, "update.maintenance-off=refuse", LEFT),
        (
            JobType::Restore,
            "restore.maintenance-on.verify=refuse",
            taken_back,
        ),
        (JobType::Restore, "restore.restore=half:9", LEFT),
        (
            JobType::Suspend,
            "suspend.disable-scheduler=refuse",
            taken_back,
        ),
        (
            JobType::Suspend,
            "suspend.disable-scheduler=refuse,suspend.maintenance-on.undo=refuse",
            LEFT,
        ),
    ] {
        let app = TestApp::with(|config| {
            config.provisioning.dry_run_script = Script::parse(fails).expect("a script");
        })
        .await;
        let acme = app.company("Acme").await;
        ask(&acme, JobType::Create).await;
        ask(&acme, JobType::Backup).await;
        app.settle().await;
        let parameters = match job_type {
            JobType::Restore => json!({ "backup_id": jobs::backups(&app).await[0].id }),
            _ => json!({}),
        };
        let id = ask_with(&acme, job_type, parameters).await;
        app.settle().await;
        let (error, _) = told(&acme, id).await;
        assert!(error.ends_with(says), "{fails}: {error}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_site_that_was_opened_too_soon_is_said_to_be_open() {
    let app = TestApp::with(|config| {
        let script = Script::parse("resume.health-check=refuse");
        config.provisioning.dry_run_script = script.expect("a script");
    })
    .await;
    let acme = app.company("Acme").await;
    for job_type in [JobType::Create, JobType::Suspend] {
        ask(&acme, job_type).await;
    }
    let id = ask(&acme, JobType::Resume).await;
    app.settle().await;
    let (error, advice) = told(&acme, id).await;
    let expected = "The site is open, though it counts as suspended.";
    assert!(error.ends_with(expected), "{error}");
    assert!(advice.contains("SUSPEND_INSTANCE"), "{advice}");
    app.finish().await;
}

/// A company with a site and a backup, where a site is closed while the backup is put back.
async fn restorable<'a>(app: &'a TestApp, stage: &Stage) -> (Company<'a>, Value) {
    let steps = vec![
        step("close", "Closing the site", true),
        step("load", "Putting it back", false),
        step("migrate", "Bringing it up to date", false),
        step("open", "Opening the site", false),
    ];
    stage.plan(JobType::Restore, steps);
    let acme = company(app, stage).await;
    ask(&acme, JobType::Backup).await;
    app.settle().await;
    app.advance_secs(1);
    let backup = json!({ "backup_id": jobs::backups(app).await[0].id });
    (acme, backup)
}

async fn call_off_at(
    app: &TestApp,
    stage: &Stage,
    acme: &Company<'_>,
    point: &str,
    body: Value,
) -> ProvisioningJobId {
    let gate = stage.gate(point);
    let id = ask_with(acme, JobType::Restore, body).await;
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(acme, id).await);
        gate.open();
    };
    tokio::join!(app.settle(), calling_off);
    id
}

#[tokio::test]
async fn a_site_whose_data_are_not_brought_up_to_date_stays_closed() {
    let (app, stage) = TestApp::staged().await;
    let (acme, backup) = restorable(&app, &stage).await;
    let id = call_off_at(&app, &stage, &acme, "before check restore.migrate", backup).await;
    let expected = [
        "close Completed 1",
        "load Completed 1",
        "migrate Pending 0",
        "open Pending 0",
    ];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    assert!(!stage.effects().contains(&"-restore.close".to_owned()));
    let (error, advice) = told(&acme, id).await;
    assert_eq!(error, "Cancelled by user");
    assert!(advice.starts_with(LEFT), "{advice}");
    // Nor does another job open it that fails before it has changed anything.
    app.advance_secs(1);
    stage.fault("perform update.save", [Fault::Refuse]);
    let next = ask(&acme, JobType::Update).await;
    app.settle().await;
    let (error, _) = told(&acme, next).await;
    assert!(error.ends_with(LEFT), "{error}");
    app.finish().await;
}

#[tokio::test]
async fn a_site_whose_data_are_whole_is_opened_again() {
    let (app, stage) = TestApp::staged().await;
    let (acme, backup) = restorable(&app, &stage).await;
    let id = call_off_at(&app, &stage, &acme, "before check restore.open", backup).await;
    let expected = [
        "close Undone 1",
        "load Completed 1",
        "migrate Completed 1",
        "open Pending 0",
    ];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    assert_eq!(stage.effects().last().unwrap(), "-restore.close");
    let (_, advice) = told(&acme, id).await;
    assert_eq!(advice, "");
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_cannot_even_be_planned_says_that_the_site_is_still_closed() {
    let (app, stage) = TestApp::staged().await;
    let acme = company(&app, &stage).await;
    let unplanned = async || {
        app.advance_secs(1);
        stage.fault("plan update", [Fault::Refuse]);
    };
    let planning = "Planning: the ground is too soft";
    // It was brought back.
    stage.fault("perform update.save", [Fault::Refuse]);
    let id = ask(&acme, JobType::Update).await;
    app.settle().await;
    unplanned().await;
    jobs::retry(&acme, id).await;
    app.settle().await;
    assert_eq!(told(&acme, id).await.0, planning);
    // It could not be.
    app.advance_secs(1);
    stage.fault("perform update.migrate", [Fault::Refuse]);
    let id = ask(&acme, JobType::Update).await;
    app.settle().await;
    unplanned().await;
    jobs::retry(&acme, id).await;
    app.settle().await;
    let (error, advice) = told(&acme, id).await;
    assert_eq!(error, format!("{planning}. {LEFT}"));
    assert!(advice.contains("RESUME_INSTANCE"), "{advice}");
    // So it is for whoever asks next, until somebody opens it.
    unplanned().await;
    let next = ask(&acme, JobType::Update).await;
    app.settle().await;
    assert_eq!(told(&acme, next).await.0, format!("{planning}. {LEFT}"));
    app.advance_secs(1);
    ask(&acme, JobType::Resume).await;
    app.settle().await;
    unplanned().await;
    let last = ask(&acme, JobType::Update).await;
    app.settle().await;
    assert_eq!(told(&acme, last).await.0, planning);
    app.finish().await;
}
