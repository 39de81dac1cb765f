//! What is done and cannot be undone has its consequences, also when the job is called off.

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{JobStatus, JobType},
    site::SiteStatus,
    tenant::TenantStatus,
};
use serde_json::json;

use crate::support::{
    Company, TestApp,
    jobs::{self, ask, ask_with},
    stage::{Fault, Stage},
};

/// Has a job called off when it comes to this point.
async fn called_off_at(
    (app, stage): (&TestApp, &Stage),
    company: &Company<'_>,
    job_type: JobType,
    point: &str,
) -> ProvisioningJobId {
    let id = ask(company, job_type).await;
    let gate = stage.gate(point);
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(company, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    let job = jobs::job(app, id).await;
    assert_eq!(
        (job.status, job.undo_attempt),
        (JobStatus::Cancelled, None),
        "{job:#?}"
    );
    id
}

#[tokio::test]
async fn a_site_that_is_gone_is_gone_though_its_removal_was_called_off() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let world = (&app, &stage);
    let id = called_off_at(world, &acme, JobType::Delete, "after perform delete.drop").await;
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(
        (tenant.status, tenant.erpnext_site_url),
        (TenantStatus::Cancelled, None)
    );
    assert_eq!(jobs::site_of(&app, tenant.id).await, None);
    let expected = [
        "Removing the site",
        "The job was called off; what was done of it cannot be undone, and is looked at.",
        "Removing the site: is done, and cannot be undone",
        "All of it was done before it could be stopped, and stays so.",
    ];
    assert_eq!(jobs::texts(&app, id).await, expected);
    // It can be made anew.
    let again = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, again).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn a_site_that_is_still_there_stays() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let world = (&app, &stage);
    let id = called_off_at(world, &acme, JobType::Delete, "before perform delete.drop").await;
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);
    assert!(tenant.erpnext_site_url.is_some());
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Active);
    let texts = jobs::texts(&app, id).await;
    assert!(
        texts.last().unwrap().ends_with("is looked at."),
        "{texts:?}"
    );
    app.finish().await;
}

#[tokio::test]
async fn who_is_suspended_or_served_in_truth_is_so_by_the_records() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let stories = [
        (
            JobType::Suspend,
            "after perform suspend.close",
            (TenantStatus::Suspended, SiteStatus::Suspended),
        ),
        (
            JobType::Resume,
            "after perform resume.open",
            (TenantStatus::Active, SiteStatus::Active),
        ),
    ];
    for (job_type, point, expected) in stories {
        called_off_at((&app, &stage), &acme, job_type, point).await;
        let tenant = jobs::tenant_of(&app, &acme).await;
        let site = jobs::site_of(&app, tenant.id).await.unwrap();
        assert_eq!((tenant.status, site.status), expected, "{job_type:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_done_in_part_is_said_to_be() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let point = "after perform update.migrate";
    let id = called_off_at((&app, &stage), &acme, JobType::Update, point).await;
    let texts = jobs::texts(&app, id).await;
    let expected = [
        "The job was called off and is undone.",
        "Bringing it up to date: is done, and cannot be undone",
        "Closing the site: undone",
    ];
    assert_eq!(texts[texts.len() - 3..], expected);
    app.finish().await;
}

#[tokio::test]
async fn what_can_never_be_undone_is_given_up_at_once() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("undo create.make", vec![Fault::Refuse; 1000]);
    let point = "after perform create.make";
    let id = called_off_at((&app, &stage), &acme, JobType::Create, point).await;
    let undone = stage.said();
    let undone = undone.iter().filter(|it| *it == "undo create.make");
    assert_eq!(undone.count(), 1);
    let texts = jobs::texts(&app, id).await;
    let expected = "It is left as it is: the ground is too soft";
    assert_eq!(texts.last().map(String::as_str), Some(expected));
    // What is there is known, and the next job goes on with it.
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Pending);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Creating);
    let next = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, next).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn a_word_that_is_reserved_is_no_name_when_its_turn_comes_either() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    // Accepted, as the site that is there keeps its name; by its turn there is none.
    ask(&acme, JobType::Delete).await;
    let id = ask_with(&acme, JobType::Create, json!({ "site_name": "www" })).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed, "{job:#?}");
    assert!(job.error.unwrap().contains("is not free"));
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(jobs::site_of(&app, tenant.id).await, None);
    app.finish().await;
}

#[tokio::test]
async fn an_address_that_nobody_saw_is_said_to_be_expected() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.look", [Fault::Lose]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let result = jobs::job(&app, id).await.result.unwrap();
    let tenant = jobs::tenant_of(&app, &acme).await;
    let expected = tenant.erpnext_site_url.unwrap();
    assert!(expected.ends_with("://acme.sites.localhost"), "{expected}");
    assert_eq!(result["site"]["url"], json!(expected));
    assert_eq!(result["site"]["url_observed"], json!(false));
    app.finish().await;
}

#[tokio::test]
async fn tried_again_and_called_off_before_there_was_a_plan_what_is_there_is_undone() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.look", [Fault::Refuse]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Failed);
    jobs::retry(&acme, id).await;
    let gate = stage.gate("before plan create");
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    let expected = ["create.name", "create.make", "-create.make", "-create.name"];
    assert_eq!(stage.effects(), expected);
    let expected = ["name Undone 0", "make Undone 0", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 2).await, expected);
    assert!(stage.things().is_empty(), "{:?}", stage.things());
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(jobs::site_of(&app, tenant.id).await, None);
    app.finish().await;
}

#[tokio::test]
async fn a_site_that_works_is_not_taken_for_what_an_earlier_job_has_left() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.look", [Fault::Refuse]);
    let failed = ask(&acme, JobType::Create).await;
    let made = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, failed).await, JobStatus::Failed);
    assert_eq!(jobs::status(&app, made).await, JobStatus::Completed);
    let things = stage.things();
    let id = called_off_at((&app, &stage), &acme, JobType::Create, "before plan create").await;
    assert_eq!(stage.things(), things);
    assert_eq!(jobs::ledger(&app, id, 1).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn the_ledger_tells_how_each_step_was_left() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    for (point, ledger) in [
        ("before perform update.migrate", "migrate Undone 1"),
        ("in perform update.migrate", "migrate Failed 1"),
        ("after perform update.migrate", "migrate Completed 1"),
    ] {
        app.advance_secs(1);
        let id = called_off_at((&app, &stage), &acme, JobType::Update, point).await;
        let steps = jobs::steps(&app, id).await;
        assert_eq!(jobs::ledger(&app, id, 1).await[1], ledger, "{point}");
        // What is half done is not shown to people.
        let closed = point.starts_with("in ");
        let job = jobs::job(&app, id).await;
        assert_eq!(job.error_advice.is_some(), closed, "{job:#?}");
        if closed {
            assert_eq!(jobs::ledger(&app, id, 1).await[0], "close Completed 1");
            let why = steps[1].error.as_deref();
            assert_eq!(why, Some("It was stopped half way, and cannot be undone."));
            // Somebody mends it.
            app.advance_secs(1);
            ask(&acme, JobType::Resume).await;
            app.settle().await;
        }
        stage.gate(point).open();
    }
    app.finish().await;
}
