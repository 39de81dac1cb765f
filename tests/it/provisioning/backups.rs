//! Backups, wherever they come from: they are listed, and can be put back.

use entity::provisioning_job::{JobStatus, JobType};
use serde_json::{Value, json};

use crate::support::{
    Company, Door, TestApp,
    jobs::{self, ask, ask_with},
    ops,
    stage::{Fault, step},
};

/// The references of the listed backups and whether they can be put back, by both doors.
async fn listed(acme: &Company<'_>) -> Vec<(String, bool)> {
    let mut seen = Vec::new();
    for door in Door::BOTH {
        let call = ops::backups();
        let reply = acme.owner.call(door, &call).await;
        let told = call.facts(door, &reply);
        let backups = told.as_array().expect("a list").iter();
        let backup = |backup: &Value| {
            let reference = backup["reference"].as_str().expect("a name").to_owned();
            (reference, backup["restorable"].as_bool().expect("a word"))
        };
        seen.push(backups.map(backup).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
    seen.remove(0)
}

#[tokio::test]
async fn the_backup_of_a_removed_site_can_be_put_back_to_the_next_one() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for job_type in [JobType::Create, JobType::Delete] {
        ask(&acme, job_type).await;
    }
    app.settle().await;
    let backups = jobs::backups(&app).await;
    let [made] = backups.as_slice() else {
        panic!("one backup: {backups:#?}");
    };
    assert_eq!(listed(&acme).await, [(made.reference.clone(), false)]);
    // Without a site there is nothing to put it back to, and the job says what to do.
    let restore = async || ask_with(&acme, JobType::Restore, json!({ "backup_id": made.id })).await;
    let early = restore().await;
    app.settle().await;
    let job = jobs::job(&app, early).await;
    assert_eq!(job.error.as_deref(), Some("There is no site to restore."));
    assert!(job.error_advice.unwrap().contains("CREATE_INSTANCE"));
    // Jobs may be asked for in one go.
    ask(&acme, JobType::Create).await;
    let late = restore().await;
    app.settle().await;
    let job = jobs::job(&app, late).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!(listed(&acme).await, [(made.reference.clone(), true)]);
    // The one that failed goes well when it is tried again.
    jobs::retry(&acme, early).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, early).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn a_backup_that_was_made_before_it_was_called_off_is_listed() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let id = ask(&acme, JobType::Backup).await;
    let gate = stage.gate("after perform backup.save");
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    assert_eq!(jobs::status(&app, id).await, JobStatus::Cancelled);
    assert_eq!(jobs::ledger(&app, id, 1).await, ["save Completed 1"]);
    let backups = jobs::backups(&app).await;
    let made: Vec<_> = backups.iter().map(|it| (it.job_id, it.attempt)).collect();
    assert_eq!(made, [(Some(id), 1)]);
    assert_eq!(listed(&acme).await, [("shelf/1".to_owned(), true)]);
    // Called off before it was made, it leaves none.
    let id = ask(&acme, JobType::Backup).await;
    let gate = stage.gate("before perform backup.save");
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    assert_eq!(jobs::ledger(&app, id, 1).await, ["save Undone 1"]);
    assert_eq!(jobs::backups(&app).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_removal_that_fails_leaves_its_backup_listed() {
    let (app, stage) = TestApp::staged().await;
    let steps = vec![
        step("save", "Backing it up", false),
        step("drop", "Removing the site", false),
    ];
    stage.plan(JobType::Delete, steps);
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    stage.fault("perform delete.drop", [Fault::Refuse]);
    let id = ask(&acme, JobType::Delete).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    let error = "Removing the site: the ground is too soft";
    assert_eq!(job.error.as_deref(), Some(error));
    assert_eq!(listed(&acme).await, [("shelf/1".to_owned(), true)]);
    // Each attempt makes one of its own.
    jobs::retry(&acme, id).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    let expected = [("shelf/2".to_owned(), false), ("shelf/1".to_owned(), false)];
    assert_eq!(listed(&acme).await, expected);
    app.finish().await;
}
