//! What goes wrong with a step, and what becomes of its job.

use entity::{
    provisioning_job::{ErrorClass, JobStatus, JobType},
    site::SiteStatus,
    tenant::TenantStatus,
};
use erpmax::ports::provisioner::Standing;

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::Fault,
};

#[tokio::test]
async fn a_step_is_tried_again_when_it_may_go_better() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.name", [Fault::Fail, Fault::Panic]);
    stage.fault("perform create.make", [Fault::Half]);
    stage.fault("perform create.look", [Fault::Lose]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    let expected = ["name Completed 3", "make Completed 2", "look Completed 1"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    // What was half there was taken back first; what was done, and not heard of, was found.
    let expected = ["create.name", "-create.make", "create.make", "create.look"];
    assert_eq!(stage.effects(), expected);
    let texts = jobs::texts(&app, id).await;
    for said in [
        "the weather is bad",
        "The provisioner broke down.",
        "What is half done is taken back first.",
        "the answer was lost",
        "It is tried again in 0 s.",
    ] {
        assert!(texts.iter().any(|text| text == said), "{said}: {texts:#?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_fails_says_why_and_goes_on_from_there_when_retried() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault(
        "perform create.make",
        [Fault::Fail, Fault::Fail, Fault::Half],
    );
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(
        job.error.as_deref(),
        Some("Making the site: it stopped half way")
    );
    assert_eq!(job.error_class, Some(ErrorClass::Retryable));
    let advice = "Try again in a few minutes; if it fails again, the job's log says more.";
    assert_eq!(job.error_advice.as_deref(), Some(advice));
    assert_eq!(job.message, "Failed");
    assert_eq!(job.progress, 40, "the name, and half of the site");
    let expected = ["name Completed 1", "make Failed 3", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Pending);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Creating);

    // The name is found; what is half there is ours, as the earlier ledger shows.
    jobs::retry(&acme, id).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!((job.attempt, job.error, job.error_class), (2, None, None));
    let expected = [
        "name Completed 0 found",
        "make Completed 1",
        "look Completed 1",
    ];
    assert_eq!(jobs::ledger(&app, id, 2).await, expected);
    let expected = ["create.name", "-create.make", "create.make", "create.look"];
    assert_eq!(stage.effects(), expected);
    let expected = [
        "job_started",
        "tenant_updated",
        "job_failed",
        "tenant_updated",
        "job_started",
        "tenant_updated",
        "job_completed",
    ];
    let mut heard = jobs::heard(&app, &acme).await;
    heard.retain(|kind| kind != "job_queued");
    assert_eq!(heard, expected);
    app.finish().await;
}

#[tokio::test]
async fn what_stays_wrong_is_not_tried_again() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.make", [Fault::Refuse]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(
        job.error.as_deref(),
        Some("Making the site: the ground is too soft")
    );
    assert_eq!(job.error_class, Some(ErrorClass::Final));
    assert_eq!(job.error_advice.as_deref(), Some("Build elsewhere."));
    assert_eq!(jobs::ledger(&app, id, 1).await[1], "make Failed 1");
    app.finish().await;
}

#[tokio::test]
async fn what_others_have_half_made_is_left_alone() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.put("acme.sites.localhost make", Standing::Partial);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    for attempt in [1, 2] {
        let job = jobs::job(&app, id).await;
        assert_eq!(job.status, JobStatus::Failed);
        assert_eq!(job.error_class, Some(ErrorClass::Final));
        assert!(job.error.unwrap().contains("that this job has not made"));
        assert_eq!(jobs::ledger(&app, id, attempt).await[1], "make Failed 0");
        // That it was looked at is no evidence that it is ours.
        jobs::retry(&acme, id).await;
        app.settle().await;
    }
    assert_eq!(stage.effects(), ["create.name"]);
    assert!(
        stage
            .things()
            .contains(&"acme.sites.localhost make Partial".to_owned())
    );
    app.finish().await;
}

#[tokio::test]
async fn a_step_that_says_it_is_done_is_not_believed() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.make", [Fault::Lie, Fault::Lie, Fault::Lie]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    assert!(job.error.unwrap().contains("cannot be seen"));
    app.finish().await;
}

#[tokio::test]
async fn a_plan_that_cannot_be_used_fails_the_job() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.plan(JobType::Create, vec![]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    let error = "Planning: The provisioner's plan is unusable: it has no step.";
    assert_eq!(job.error.as_deref(), Some(error));
    assert_eq!(jobs::texts(&app, id).await.last().unwrap(), "Failed");
    app.finish().await;
}
