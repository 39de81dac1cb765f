//! Each type of job from its beginning to its end: what is done, written, told, and how tenant and site
//! stand afterwards.

use entity::{
    provisioning_job::{
        ErrorClass, JobStatus,
        JobType::{self, Backup, Create, Delete, Restore, Resume, Suspend, Update},
    },
    site::SiteStatus,
    tenant::TenantStatus,
};
use erpmax::ports::provisioner::Standing;
use serde_json::json;

use crate::support::{
    TestApp,
    jobs::{self, ask, ask_with},
    stage::{Fault, until},
};

#[tokio::test]
async fn a_site_is_made() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    assert_eq!(app.settle().await, 1);

    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!((job.progress, job.message.as_str()), (100, "Completed"));
    assert_eq!((job.attempt, job.fence), (1, 1));
    assert_eq!((job.claimed_by, job.lease_until), (None, None));
    let noon = "2026-01-09T12:00:00Z".parse().ok();
    assert_eq!((job.started_at, job.completed_at), (noon, noon));
    let expected = json!({
        "provisioner": "stage", "simulated": false,
        "site": {
            "name": "acme", "host": "acme.sites.localhost", "url": "https://acme.sites.localhost",
            "url_observed": true,
        },
        "apps": [{ "name": "erpnext", "version": "15.41.0" }],
    });
    assert_eq!(job.result, Some(expected));
    assert_eq!(
        stage.effects(),
        ["create.name", "create.make", "create.look"]
    );
    let expected = ["name Completed 1", "make Completed 1", "look Completed 1"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    let expected = [
        "Taking the name",
        "Taking the name: done",
        "Making the site",
        "Making the site: done",
        "Looking at it",
        "Looking at it: done",
        "Completed",
    ];
    assert_eq!(jobs::texts(&app, id).await, expected);
    let log = jobs::log(&app, id).await;
    assert!((1..).zip(&log).all(|(seq, line)| line.seq == seq));
    assert_eq!(log[2].step.as_deref(), Some("make"));

    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);
    let url = Some("https://acme.sites.localhost".to_owned());
    assert_eq!(tenant.erpnext_site_url, url);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!((site.status, site.url), (SiteStatus::Active, url));
    assert_eq!(site.provisioner.as_deref(), Some("stage"));
    let expected = [
        "job_queued",
        "job_started",
        "tenant_updated",
        "job_completed",
    ];
    assert_eq!(jobs::heard(&app, &acme).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_site_goes_through_its_life() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let story = [
        (Create, TenantStatus::Active, Some(SiteStatus::Active)),
        (Update, TenantStatus::Active, Some(SiteStatus::Active)),
        (Backup, TenantStatus::Active, Some(SiteStatus::Active)),
        (Restore, TenantStatus::Active, Some(SiteStatus::Active)),
        (
            Suspend,
            TenantStatus::Suspended,
            Some(SiteStatus::Suspended),
        ),
        (Backup, TenantStatus::Suspended, Some(SiteStatus::Suspended)),
        (Resume, TenantStatus::Active, Some(SiteStatus::Active)),
        (Delete, TenantStatus::Cancelled, None),
        (Create, TenantStatus::Active, Some(SiteStatus::Active)),
    ];
    for (job_type, tenant_then, site_then) in story {
        let parameters = match job_type {
            Restore => json!({ "backup_id": jobs::backups(&app).await[0].id }),
            _ => json!({}),
        };
        let id = ask_with(&acme, job_type, parameters).await;
        app.settle().await;
        let job = jobs::job(&app, id).await;
        assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
        let tenant = jobs::tenant_of(&app, &acme).await;
        let site = jobs::site_of(&app, tenant.id).await;
        assert_eq!(tenant.status, tenant_then, "{job_type:?}");
        assert_eq!(site.map(|site| site.status), site_then, "{job_type:?}");
        let url = site_then.map(|_| "https://acme.sites.localhost".to_owned());
        assert_eq!(tenant.erpnext_site_url, url, "{job_type:?}");
        let result = job.result.unwrap();
        assert_eq!(result["already_exists"], json!(null));
        match job_type {
            Backup => {
                let backups = jobs::backups(&app).await;
                let made = backups.last().unwrap();
                assert_eq!((made.job_id, made.attempt), (Some(id), 1));
                assert_eq!(made.files, json!(["database.sql.gz"]));
                let told = json!({ "id": made.id, "reference": "shelf/1", "size_bytes": 4096 });
                assert_eq!(result["backup"], told);
            }
            Restore => assert_eq!(result["from"], "shelf/1"),
            Delete => assert_eq!(result["site"]["host"], "acme.sites.localhost"),
            Create | Update | Suspend | Resume => {}
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn without_a_site_there_is_nothing_to_do() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    for job_type in [Update, Backup, Suspend, Resume] {
        let id = ask(&acme, job_type).await;
        app.settle().await;
        let job = jobs::job(&app, id).await;
        assert_eq!(job.status, JobStatus::Failed);
        assert_eq!(job.error_class, Some(ErrorClass::Final));
        let error = format!("There is no site to {}.", job_type.verb());
        assert_eq!(job.error.as_deref(), Some(error.as_str()));
        assert!(
            job.error_advice
                .unwrap()
                .starts_with("Have a site made first")
        );
    }
    let id = ask(&acme, JobType::Delete).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Completed);
    assert_eq!(job.result.unwrap()["already_absent"], true);
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Cancelled);
    assert!(stage.said().is_empty(), "nobody was bothered");
    app.finish().await;
}

#[tokio::test]
async fn a_site_that_is_there_is_not_made_again() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let effects = stage.effects();
    let again = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, again).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:#?}");
    assert_eq!(job.result.unwrap()["already_exists"], true);
    assert_eq!(stage.effects(), effects);
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);

    // What we believe is not what is told.
    stage.lose_everything();
    let lost = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, lost).await;
    assert_eq!(job.status, JobStatus::Failed);
    let error = "By our records the site acme.sites.localhost is there, but the provisioner cannot \
                 find it.";
    assert_eq!(job.error.as_deref(), Some(error));
    assert_eq!(stage.effects(), effects);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Active);
    app.finish().await;
}

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
    stage.plan(vec![]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Failed);
    let error = "Planning: The provisioner's plan is unusable: it has no step.";
    assert_eq!(job.error.as_deref(), Some(error));
    assert_eq!(jobs::texts(&app, id).await.last().unwrap(), "Failed");
    app.finish().await;
}

#[tokio::test]
async fn jobs_of_a_tenant_run_one_after_the_other_in_the_order_asked() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let gate = stage.gate("in perform create.make");
    let mut asked = Vec::new();
    for job_type in [Create, Update, Backup, Delete, Create] {
        app.advance_secs(1);
        asked.push(ask(&acme, job_type).await);
    }
    let watching = async {
        gate.reached().await;
        for id in &asked[1..] {
            assert_eq!(jobs::status(&app, *id).await, JobStatus::Pending);
        }
        gate.open();
    };
    tokio::join!(app.settle(), watching);
    for id in &asked {
        assert_eq!(jobs::status(&app, *id).await, JobStatus::Completed);
    }
    let created = ["create.name", "create.make", "create.look"];
    let between = [
        "update.close",
        "update.migrate",
        "update.open",
        "backup.save",
        "delete.drop",
    ];
    let expected: Vec<_> = created.iter().chain(&between).chain(&created).collect();
    assert_eq!(stage.effects().iter().collect::<Vec<_>>(), expected);
    app.finish().await;
}

#[tokio::test]
async fn tenants_do_not_wait_for_each_other() {
    let (app, stage) = TestApp::staged().await;
    let (acme, beta) = (app.company("Acme").await, app.company("Beta").await);
    let gate = stage.gate("in perform update.migrate");
    for company in [&acme, &beta] {
        ask(company, JobType::Create).await;
    }
    app.settle().await;
    let slow = ask(&acme, JobType::Update).await;
    let quick = ask(&beta, JobType::Backup).await;
    let watching = async {
        gate.reached().await;
        until("the other is done", async || {
            jobs::status(&app, quick).await == JobStatus::Completed
        })
        .await;
        assert_eq!(jobs::status(&app, slow).await, JobStatus::InProgress);
        gate.open();
    };
    tokio::join!(app.settle(), watching);
    assert_eq!(jobs::status(&app, slow).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn without_a_provisioner_jobs_wait_for_one() {
    let app = TestApp::with(|config| {
        config.provisioning.provisioner = erpmax::config::ProvisionerKind::Off;
    })
    .await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Pending);
    assert_eq!(app.rescue().await, 0);
    // Its message waits, too.
    app.abandon().await;
}
