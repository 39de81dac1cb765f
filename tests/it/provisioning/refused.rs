//! What the database does not take ends the job: nobody does it again and again.

use entity::{
    provisioning_job::{ErrorClass, JobStatus, JobType},
    tenant::TenantStatus,
};
use erpmax::ports::provisioner::{Facts, MadeBackup};
use serde_json::json;

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::Fault,
    storage,
};

const REFUSED: &str = "What the provisioner reported could not be recorded.";

/// A backup of a name of which PostgreSQL takes nothing, and SQLite counts nothing.
fn unusable() -> Fault {
    let backup = MadeBackup {
        reference: "\0secret".to_owned(),
        size_bytes: None,
        files: Vec::new(),
    };
    let facts = Facts {
        backup: Some(backup),
        ..Facts::default()
    };
    Fault::Find(Box::new(facts))
}

#[tokio::test]
async fn an_end_that_cannot_be_recorded_is_a_failure() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    stage.fault("verify backup.save", [unusable()]);
    let id = ask(&acme, JobType::Backup).await;
    app.settle().await;

    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed, "{job:#?}");
    assert_eq!(job.error.as_deref(), Some(REFUSED));
    assert_eq!(job.error_class, Some(ErrorClass::Final));
    let advice = job.error_advice.unwrap();
    assert!(advice.contains("log"), "{advice}");
    assert_eq!(
        (job.fence, job.lease_until),
        (1, None),
        "nobody tries again"
    );
    assert_eq!(jobs::ledger(&app, id, 1).await, ["save Failed 1"]);
    let texts = jobs::texts(&app, id).await;
    assert!(
        texts.ends_with(&[REFUSED.to_owned(), "Failed".to_owned()]),
        "{texts:?}"
    );
    assert!(jobs::backups(&app).await.is_empty());
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);

    // The next one is not held up.
    let id = ask(&acme, JobType::Backup).await;
    app.settle().await;
    assert_eq!(jobs::job(&app, id).await.status, JobStatus::Completed);
    assert_eq!(jobs::backups(&app).await.len(), 1);
    app.finish().await;
}

/// A step's facts, which are written when the next one begins. SQLite takes them.
#[tokio::test]
async fn a_step_that_cannot_be_recorded_ends_the_job() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let facts = Facts {
        other: [("note".to_owned(), json!("a\0b"))].into(),
        ..Facts::default()
    };
    stage.fault("verify create.make", [Fault::Find(Box::new(facts))]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.fence, 1, "nobody tries again");
    if !storage::full_stack() {
        assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
        return app.finish().await;
    }
    assert_eq!(job.status, JobStatus::Failed, "{job:#?}");
    assert_eq!(job.error.as_deref(), Some(REFUSED));
    let expected = ["name Completed 1", "make Failed 1", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    // What was done is found by whoever tries again.
    jobs::retry(&acme, id).await;
    app.settle().await;
    assert_eq!(jobs::job(&app, id).await.status, JobStatus::Completed);
    let made = |effect: &String| effect == "create.make";
    assert_eq!(stage.effects().into_iter().filter(made).count(), 1);
    app.finish().await;
}

#[tokio::test]
async fn an_undoing_that_cannot_be_recorded_ends() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let id = ask(&acme, JobType::Backup).await;
    let gate = stage.gate("after perform backup.save");
    let calling_off = async {
        gate.reached().await;
        stage.fault("check backup.save", [unusable()]);
        assert!(jobs::cancel(&acme, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Cancelled, "{job:#?}");
    assert_eq!((job.undo_attempt, job.lease_until), (None, None));
    let left = format!("It is left as it is: {REFUSED}");
    let texts = jobs::texts(&app, id).await;
    assert!(texts.contains(&left), "{texts:?}");
    assert!(jobs::backups(&app).await.is_empty());
    app.finish().await;
}
