//! Bad input about sites: types of jobs, names, ids of jobs and backups that are nobody's or another's.

use entity::{provisioning_job::JobStatus, site::SiteStatus};
use serde_json::{Value, json};

use super::assert_tells_nothing;
use crate::support::{
    Door, TestApp, assert_code,
    client::assert_same,
    db,
    ops::{self, Call},
    sites,
};

const NOBODY: &str = "0199d3a0-0000-7000-8000-000000000000";

/// Everything that is done with a job by its id.
fn calls(id: &str) -> [Call; 4] {
    [
        ops::provisioning_job(id),
        ops::provisioning_logs(id),
        ops::retry_provisioning_job(id),
        ops::cancel_provisioning_job(id),
    ]
}

#[tokio::test]
async fn types_of_jobs_that_nobody_knows() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::contents(&app).await;
    for bad in [
        json!("drop_database"),
        json!("CREATE_INSTANCE; DELETE_INSTANCE"),
        json!("--force"),
        json!("../create_site"),
        json!("create\u{0}_site"),
        json!("x".repeat(10_000)),
        json!(""),
        json!(7),
        json!(true),
        Value::Null,
        json!(["create_site"]),
        json!({ "create_site": true }),
    ] {
        let body = json!({ "job_type": bad });
        let reply = acme.owner.post("/provisioning/jobs", body).await;
        assert_eq!(reply.status, 422, "{bad}: {reply}");
        assert_eq!(reply.failure().fields, ["job_type"], "{bad}: {reply}");
        assert_tells_nothing(&reply);
        let query = "mutation($type: ProvisioningJobType!) { createProvisioningJob(input: { \
            type: $type }) { provisioningJob { id } } }";
        let reply = acme.owner.gql(query, json!({ "type": bad })).await;
        assert!(reply.refused() && reply.status < 500, "{bad}: {reply}");
        assert_tells_nothing(&reply);
    }
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn values_that_are_no_names_and_no_ids() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::contents(&app).await;
    for (field, job_type, values) in [
        (
            "site_name",
            "create_instance",
            [
                json!("../../etc"),
                json!("acme --force"),
                json!("-rf"),
                json!("acme'; DROP TABLE sites; --"),
                json!("acme.evil.example"),
                json!("аcme"),
                json!("acme\r\nHost: evil"),
                json!("x".repeat(100_000)),
                json!(["acme"]),
                json!(7),
            ],
        ),
        (
            "backup_id",
            "restore_instance",
            [
                json!("latest"),
                json!("../backups/1"),
                json!("' OR 1=1 --"),
                json!(""),
                json!("0199d3a0-0000-7000-8000-00000000000"),
                json!("0199d3a0-0000-7000-8000-000000000000\u{0}"),
                json!({ "id": NOBODY }),
                json!(7),
                json!(true),
                Value::Null,
            ],
        ),
    ] {
        for value in values {
            let body = json!({ "job_type": job_type, field: value });
            let reply = acme.owner.post("/provisioning/jobs", body.clone()).await;
            assert_eq!(reply.status, 422, "{value}: {reply}");
            assert_eq!(reply.failure().fields, [field], "{value}: {reply}");
            assert_tells_nothing(&reply);
            let call = ops::create_provisioning_job(&body);
            let reply = acme.owner.call(Door::Graphql, &call).await;
            assert!(reply.refused() && reply.status < 500, "{value}: {reply}");
            assert_tells_nothing(&reply);
        }
    }
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn another_tenants_job_is_as_unknown_as_none_in_each_state() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    for status in [
        JobStatus::Pending,
        JobStatus::InProgress,
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Cancelled,
    ] {
        let theirs = sites::job(&app, &acme.id, |job| {
            job.status = status;
            job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
        })
        .await;
        let theirs = theirs.id.to_string();
        let before = db::contents(&app).await;
        for door in Door::BOTH {
            for (foreign, unknown) in calls(&theirs).iter().zip(calls(NOBODY)) {
                let foreign = beta.owner.call(door, foreign).await;
                let unknown = beta.owner.call(door, &unknown).await;
                assert_eq!(foreign.failure().code, "NOT_FOUND", "{status:?}: {foreign}");
                assert_same(&foreign, &unknown);
                assert_tells_nothing(&foreign);
            }
        }
        assert_eq!(db::contents(&app).await, before, "{status:?}");
        // The tenant has room for one that runs.
        if status == JobStatus::InProgress {
            let call = ops::cancel_provisioning_job(&theirs);
            acme.owner.call(Door::Rest, &call).await.expect(200);
        }
    }
    app.abandon().await;
}

#[tokio::test]
async fn another_tenants_backup_is_as_unknown_as_none() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let site = sites::site(&app, &acme.id, "acme", SiteStatus::Active).await;
    let backup = sites::backup(&app, &acme.id, site, "theirs").await;
    sites::site(&app, &beta.id, "beta", SiteStatus::Active).await;
    let before = db::contents(&app).await;
    let restore = |id: &str| {
        let body = json!({ "job_type": "restore_instance", "backup_id": id });
        ops::create_provisioning_job(&body)
    };
    for door in Door::BOTH {
        let foreign = beta.owner.call(door, &restore(&backup.to_string())).await;
        let unknown = beta.owner.call(door, &restore(NOBODY)).await;
        assert_eq!(foreign.failure().code, "NOT_FOUND", "{foreign}");
        assert_same(&foreign, &unknown);
        assert_tells_nothing(&foreign);
    }
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn ids_that_are_none() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::contents(&app).await;
    for bad in ["nope", "..%2f..", "%00", "1", "'--", "%F0%9F%92%A9"] {
        for call in calls(bad) {
            let reply = acme.owner.call(Door::Rest, &call).await;
            assert!(matches!(reply.status, 404 | 422), "{bad}: {reply}");
            assert_tells_nothing(&reply);
            let reply = acme.owner.call(Door::Graphql, &call).await;
            assert_code(&reply, "INVALID_INPUT", "INVALID_ID");
            assert_tells_nothing(&reply);
        }
    }
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}
