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
use serde_json::json;

use crate::support::{
    TestApp,
    jobs::{self, ask, ask_with},
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
    assert_eq!(job.message, "Completed");
    assert_eq!(job.result.unwrap()["already_exists"], true);
    assert_eq!(stage.effects(), effects);
    // A name that the site does not get is not passed over in silence.
    let named = ask_with(&acme, JobType::Create, json!({ "site_name": "other" })).await;
    app.settle().await;
    let job = jobs::job(&app, named).await;
    let expected = "Completed. The site keeps its name `acme`: the name `other` that was asked for was \
                    not used, because there was a site already.";
    assert_eq!(job.message, expected);
    assert_eq!(job.result.unwrap()["already_exists"], true);
    assert_eq!(jobs::texts(&app, named).await.last().unwrap(), expected);
    let same = ask_with(&acme, JobType::Create, json!({ "site_name": "acme" })).await;
    app.settle().await;
    assert_eq!(jobs::job(&app, same).await.message, "Completed");
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
