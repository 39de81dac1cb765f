//! What is done to sites, in every state of a job.

use entity::{
    provisioning_job::{ErrorClass, JobStatus, JobType},
    site::SiteStatus,
};
use serde_json::json;

use super::play;
use crate::support::{client::text, db, ops, sites};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

#[tokio::test]
async fn asking_for_jobs() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        play.name(&admin.id, "admin");
        let create = |body| ops::create_provisioning_job(&body);
        play.step("no site", &member, ops::site()).await;
        play.step("no jobs", &member, ops::provisioning_jobs())
            .await;
        for (label, body) in [
            ("create", json!({ "job_type": "create_instance" })),
            ("again", json!({ "job_type": "create_instance" })),
            ("update", json!({ "job_type": "update_instance" })),
            ("backup", json!({ "job_type": "backup_instance" })),
            ("suspend", json!({ "job_type": "suspend_instance" })),
            ("resume", json!({ "job_type": "resume_instance" })),
            ("delete", json!({ "job_type": "delete_instance" })),
            (
                "named",
                json!({ "job_type": "create_instance", "site_name": " Other " }),
            ),
            (
                "misnamed",
                json!({ "job_type": "create_instance", "site_name": "../x" }),
            ),
            (
                "www",
                json!({ "job_type": "create_instance", "site_name": "www" }),
            ),
            (
                "named delete",
                json!({ "job_type": "delete_instance", "site_name": "acme" }),
            ),
            ("restore what", json!({ "job_type": "restore_instance" })),
            (
                "restore no id",
                json!({ "job_type": "restore_instance", "backup_id": "x" }),
            ),
            (
                "restore nothing",
                json!({ "job_type": "restore_instance", "backup_id": NOBODY }),
            ),
            (
                "backup of a backup",
                json!({ "job_type": "backup_instance", "backup_id": NOBODY }),
            ),
        ] {
            play.app.advance_secs(1);
            play.step(label, &admin, create(body)).await;
        }
        for (label, who) in [("member", &member), ("visitor", &play.app.visitor())] {
            let body = json!({ "job_type": "backup_instance" });
            play.step(&format!("create by {label}"), who, create(body))
                .await;
        }
        play.step("jobs", &member, ops::provisioning_jobs()).await;
        play.step("site", &member, ops::site()).await;
        let taken = json!({ "job_type": "create_instance", "site_name": "other" });
        play.step("taken", &beta.owner, create(taken)).await;
        db::suspend(play.app, &acme.id).await;
        for word in ["create", "update", "delete", "backup", "suspend", "resume"] {
            let body = json!({ "job_type": format!("{word}_instance") });
            play.step(&format!("{word} suspended"), &admin, create(body))
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn jobs_in_every_state() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let admin = acme.join("admin").await;
        let member = acme.join("member").await;
        play.name_company(&acme, "acme");
        for status in [
            JobStatus::Pending,
            JobStatus::InProgress,
            JobStatus::Completed,
            JobStatus::Failed,
            JobStatus::Cancelled,
        ] {
            play.app.advance_secs(1);
            let job = sites::job(play.app, &acme.id, |job| {
                job.job_type = JobType::Update;
                job.status = status;
                job.progress = 40;
                job.started_at = Some(job.created_at);
                if status == JobStatus::Failed {
                    job.error = Some("The disk is full".to_owned());
                    job.error_class = Some(ErrorClass::Final);
                    job.error_advice = Some("Free some space.".to_owned());
                }
                if status == JobStatus::Completed {
                    job.result = Some(json!({ "simulated": true }));
                }
            })
            .await;
            sites::lines(play.app, &job, 4).await;
            let id = job.id.to_string();
            play.name(&id, "job");
            let label = |what: &str| format!("{what}, {status:?}");
            for (name, who) in [
                ("member", &member),
                ("foreign", &beta.owner),
                ("visitor", &play.app.visitor()),
            ] {
                for (what, call) in [
                    ("get", ops::provisioning_job(&id)),
                    ("logs", ops::provisioning_logs(&id)),
                    ("retry", ops::retry_provisioning_job(&id)),
                    ("cancel", ops::cancel_provisioning_job(&id)),
                ] {
                    play.step(&label(&format!("{what} by {name}")), who, call)
                        .await;
                }
            }
            play.app.advance_secs(1);
            let retried = ops::retry_provisioning_job(&id);
            play.step(&label("retry"), &admin, retried).await;
            let cancelled = ops::cancel_provisioning_job(&id);
            play.step(&label("cancel"), &admin, cancelled).await;
            let cancelled = ops::cancel_provisioning_job(&id);
            play.step(&label("cancel again"), &admin, cancelled).await;
        }
        play.step("jobs", &member, ops::provisioning_jobs()).await;
        play.step("get", &admin, ops::provisioning_job(NOBODY))
            .await;
        for other in [NOBODY, "no-id"] {
            play.step("retry", &admin, ops::retry_provisioning_job(other))
                .await;
            play.step("cancel", &admin, ops::cancel_provisioning_job(other))
                .await;
        }
    })
    .await;
}

#[tokio::test]
async fn sites_and_backups() {
    play(async |play| {
        let acme = play.app.company("Acme").await;
        let beta = play.app.company("Beta").await;
        let member = acme.join("member").await;
        let site = sites::site(play.app, &acme.id, "acme", SiteStatus::Active).await;
        for n in 0..3 {
            play.app.advance_secs(1);
            sites::backup(play.app, &acme.id, site, &format!("backup-{n}")).await;
        }
        play.step("site", &member, ops::site()).await;
        let told = play.step("backups", &member, ops::backups()).await;
        let backup = text(&told, "/1/id");
        for (label, who) in [("foreign", &beta.owner), ("visitor", &play.app.visitor())] {
            play.step(&format!("site of {label}"), who, ops::site())
                .await;
            play.step(&format!("backups of {label}"), who, ops::backups())
                .await;
        }
        let restore = || {
            let body = json!({ "job_type": "restore_instance", "backup_id": backup });
            ops::create_provisioning_job(&body)
        };
        play.step("restore", &acme.owner, restore()).await;
        play.step("restore another's", &beta.owner, restore()).await;
        // Those of a site that is gone are kept, and can be put back to a site that works.
        let gone = sites::site(play.app, &beta.id, "gone", SiteStatus::Deleted).await;
        sites::backup(play.app, &beta.id, gone, "last").await;
        play.step("without a site", &beta.owner, ops::backups())
            .await;
        sites::site(play.app, &beta.id, "new", SiteStatus::Creating).await;
        play.step("half a site", &beta.owner, ops::backups()).await;
    })
    .await;
}
