//! Trying again and calling off, in each state (rulings 3, 17 and 18).

use entity::{
    provisioning_job::{self, ErrorClass, JobStatus, JobType},
    site::SiteStatus,
};
use serde_json::{Value, json};

use crate::support::{Actor, Company, Reply, TestApp, assert_code, client::text, db, sites};

async fn post(who: &Actor, job: &str, verb: &str) -> Reply {
    let path = format!("/provisioning/jobs/{job}/{verb}");
    // As the client in the field sends it: of this type, and empty.
    let request = who.http.post(format!("{}/api/v1{path}", who.base));
    let request = request.header("content-type", "application/json");
    Reply::of(format!("POST {path}"), who.signed(request)).await
}

async fn ended(app: &TestApp, acme: &Company<'_>, status: JobStatus) -> provisioning_job::Model {
    sites::job(app, &acme.id, |job| {
        job.status = status;
        job.progress = 40;
        job.message = "Making the site".to_owned();
        job.error = Some("The disk is full".to_owned());
        job.error_class = Some(ErrorClass::Final);
        job.error_advice = Some("Free some space.".to_owned());
        job.result = Some(json!({ "simulated": true }));
        job.started_at = Some(job.created_at);
        job.completed_at = Some(job.created_at);
        job.fence = 7;
    })
    .await
}

#[tokio::test]
async fn what_has_ended_is_tried_again_as_the_same_job() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for status in [
        JobStatus::Failed,
        JobStatus::Cancelled,
        JobStatus::Completed,
    ] {
        let job = ended(&app, &acme, status).await;
        app.advance_secs(60);
        let before = db::counts(&app).await;
        let reply = post(&acme.owner, &job.id.to_string(), "retry").await;
        let told = reply.expect(200);
        let id = job.id.to_string();
        for (key, value) in [
            ("id", json!(id)),
            ("status", json!("pending")),
            ("attempt", json!(2)),
            ("progress", json!(0)),
            ("message", json!("Queued")),
            ("error", Value::Null),
            ("error_class", Value::Null),
            ("error_advice", Value::Null),
            ("result", Value::Null),
            ("started_at", Value::Null),
            ("completed_at", Value::Null),
        ] {
            assert_eq!(told[key], value, "{status:?}: {key}");
        }
        assert_ne!(told["queued_at"], told["created_at"]);
        let after = db::counts(&app).await;
        assert_eq!(
            (after.outbox, after.events, after.audit, after.jobs),
            (
                before.outbox + 1,
                before.events + 1,
                before.audit + 1,
                before.jobs
            )
        );
        // What only workers write stays.
        assert_eq!(sites::job_now(&app, job.id).await.fence, 7);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_waits_is_left_as_it_is_and_what_runs_is_not_touched() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    // The client's own test: a job that was just made is tried again.
    let reply = acme
        .owner
        .post("/provisioning/jobs", json!({ "job_type": "create_site" }))
        .await;
    let job = reply.expect(201).clone();
    app.advance_secs(1);
    let before = db::contents(&app).await;
    let reply = post(&acme.owner, &text(&job, "/id"), "retry").await;
    assert_eq!(reply.expect(200), &job);
    assert_eq!(db::contents(&app).await, before, "queued at most once");
    let running = sites::job(&app, &acme.id, |job| {
        job.status = JobStatus::InProgress;
        job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
    })
    .await;
    let before = db::contents(&app).await;
    let reply = post(&acme.owner, &running.id.to_string(), "retry").await;
    assert_eq!(reply.status, 409, "{reply}");
    assert_code(&reply, "CONFLICT", "JOB_RUNNING");
    assert_eq!(db::contents(&app).await, before);
    app.abandon().await;
}

#[tokio::test]
async fn calling_off_is_at_once_and_for_good() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for status in [JobStatus::InProgress, JobStatus::Pending] {
        let job = sites::job(&app, &acme.id, |job| {
            job.status = status;
            job.progress = 40;
            job.attempt = 3;
            job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
        })
        .await;
        app.advance_secs(5);
        let before = db::counts(&app).await;
        let reply = post(&acme.owner, &job.id.to_string(), "cancel").await;
        let told = reply.expect(200).clone();
        for (key, value) in [
            ("status", "failed"),
            ("message", "Cancelled"),
            ("error", "Cancelled by user"),
            ("error_message", "Cancelled by user"),
        ] {
            assert_eq!(told[key], value, "{status:?}");
        }
        assert_eq!(told["progress"], 0);
        assert_eq!(told["completed_at"], told["updated_at"]);
        let after = db::counts(&app).await;
        assert_eq!(
            (after.outbox, after.events, after.audit),
            (before.outbox + 1, before.events + 1, before.audit + 1)
        );
        let stored = sites::job_now(&app, job.id).await;
        assert_eq!(stored.status, JobStatus::Cancelled);
        let undone = (status == JobStatus::InProgress).then_some(3);
        assert_eq!(stored.undo_attempt, undone, "{status:?}");
        assert_eq!(stored.lease_until.is_some(), job.lease_until.is_some());
        let before = db::contents(&app).await;
        let again = post(&acme.owner, &job.id.to_string(), "cancel").await;
        assert_eq!(again.expect(200), &told);
        assert_eq!(db::contents(&app).await, before);
    }
    let query = "query($id: ID!) { provisioningJob(id: $id) { status } }";
    let job = sites::job(&app, &acme.id, |job| job.status = JobStatus::Cancelled).await;
    let reply = acme.owner.gql(query, json!({ "id": job.id })).await;
    assert_eq!(reply.ok()["provisioningJob"]["status"], "CANCELLED");
    app.abandon().await;
}

#[tokio::test]
async fn what_has_ended_is_not_called_off() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for status in [JobStatus::Failed, JobStatus::Completed] {
        let job = ended(&app, &acme, status).await;
        let before = db::contents(&app).await;
        let reply = post(&acme.owner, &job.id.to_string(), "cancel").await;
        let word = if status == JobStatus::Failed {
            "failed"
        } else {
            "completed"
        };
        assert_eq!(reply.expect(200)["status"], word);
        assert_eq!(reply.expect(200)["message"], "Making the site");
        assert_eq!(db::contents(&app).await, before);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_name_is_given_back_when_nobody_waits_for_its_site() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let create = async || {
        let body = json!({ "job_type": "create_site", "site_name": "wanted" });
        let reply = acme.owner.post("/provisioning/jobs", body).await;
        text(reply.expect(201), "/id")
    };
    let (first, second) = (create().await, create().await);
    post(&acme.owner, &first, "cancel").await.expect(200);
    let site = sites::site_of(&app, &acme.id).await;
    assert!(site.is_some(), "the second job still wants it");
    post(&acme.owner, &second, "cancel").await.expect(200);
    assert_eq!(sites::site_of(&app, &acme.id).await, None);
    // Trying again takes it once more, if it is still free.
    post(&acme.owner, &first, "retry").await.expect(200);
    let site = sites::site_of(&app, &acme.id).await.unwrap();
    assert_eq!(
        (site.name.as_str(), site.status),
        ("wanted", SiteStatus::Reserved)
    );
    post(&acme.owner, &first, "cancel").await.expect(200);
    let beta = app.company("Beta").await;
    let body = json!({ "job_type": "create_site", "site_name": "wanted" });
    beta.owner
        .post("/provisioning/jobs", body)
        .await
        .expect(201);
    let before = db::contents(&app).await;
    let reply = post(&acme.owner, &first, "retry").await;
    assert_eq!(reply.status, 409, "{reply}");
    assert_code(&reply, "CONFLICT", "SITE_NAME_TAKEN");
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn what_is_half_made_keeps_its_name_when_its_next_attempt_is_called_off() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    sites::site(&app, &acme.id, "acme", SiteStatus::Creating).await;
    let job = sites::job(&app, &acme.id, |job| {
        job.job_type = JobType::Create;
        job.attempt = 2;
    })
    .await;
    post(&acme.owner, &job.id.to_string(), "cancel")
        .await
        .expect(200);
    let site = sites::site_of(&app, &acme.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Creating);
    app.finish().await;
}
