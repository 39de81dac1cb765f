//! What is done again, and over what: a backup is made anew at each attempt, and a step that cannot be
//! taken back is done again over what is half there.

use entity::provisioning_job::{
    ErrorClass, JobStatus,
    JobType::{Backup, Create, Update},
};
use erpmax::ports::provisioner::Standing;
use serde_json::json;

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::Fault,
};

#[tokio::test]
async fn a_backup_that_is_tried_again_is_another_backup() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    ask(&acme, Create).await;
    app.settle().await;
    let id = ask(&acme, Backup).await;
    for attempt in [1, 2] {
        app.settle().await;
        let job = jobs::job(&app, id).await;
        assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
        let expected = "backup Completed 1".to_owned();
        assert_eq!(jobs::ledger(&app, id, attempt).await, [expected]);
        if attempt == 1 {
            app.advance_secs(1);
            jobs::retry(&acme, id).await;
        }
    }
    let made: Vec<_> = jobs::backups(&app)
        .await
        .into_iter()
        .map(|backup| (backup.job_id, backup.attempt, backup.reference))
        .collect();
    let reference = |attempt| format!("dry-run/acme/{id}/{attempt}");
    let expected = [1, 2].map(|attempt| (Some(id), attempt, reference(attempt)));
    assert_eq!(made, expected);
    let query = "{ tenant { site { backups { totalCount nodes { reference } } } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let listed = &reply.ok()["tenant"]["site"]["backups"];
    let nodes = json!([{ "reference": reference(2) }, { "reference": reference(1) }]);
    assert_eq!(*listed, json!({ "totalCount": 2, "nodes": nodes }));
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_done_again_over_what_is_half_there() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    // In the first attempt until it is given up, then once more in the next.
    stage.fault(
        "perform create.look",
        [Fault::Half, Fault::Half, Fault::Half, Fault::Half],
    );
    let id = ask(&acme, Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(job.error_class, Some(ErrorClass::Retryable));
    assert_eq!(jobs::ledger(&app, id, 1).await[2], "look Failed 3");
    jobs::retry(&acme, id).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!(jobs::ledger(&app, id, 2).await[2], "look Completed 2");

    stage.fault("perform update.migrate", [Fault::Half]);
    let id = ask(&acme, Update).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    let expected = [
        "close Completed 1",
        "migrate Completed 2",
        "open Completed 1",
    ];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    let texts = jobs::texts(&app, id).await;
    assert!(texts.contains(&"What is half done is done again.".to_owned()));

    let said = stage.said();
    assert!(
        !said.iter().any(|call| call.starts_with("undo")),
        "{said:#?}"
    );
    let created = ["create.name", "create.make", "create.look"];
    let updated = ["update.close", "update.migrate", "update.open"];
    assert_eq!(stage.effects(), [created, updated].concat());
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_believed_only_when_it_is_seen() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.look", [Fault::Half, Fault::Lie, Fault::Lie]);
    let id = ask(&acme, Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.error.unwrap().contains("cannot be seen"));
    app.finish().await;
}

#[tokio::test]
async fn half_a_step_of_others_is_not_done_over() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.put("acme.sites.localhost look", Standing::Partial);
    let id = ask(&acme, Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.error_class, Some(ErrorClass::Final));
    assert!(job.error.unwrap().contains("that this job has not made"));
    assert_eq!(stage.effects(), ["create.name", "create.make"]);
    app.finish().await;
}
