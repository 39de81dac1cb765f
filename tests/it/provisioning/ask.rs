//! Asking for jobs: what is accepted, when, and what is remembered of it.

use entity::provisioning_job::{JobStatus, JobType};
use erpmax::config::ProvisionerKind;
use serde_json::{Value, json};

use crate::support::{Actor, Door, TestApp, assert_code, client::text, db, ops, sites};

async fn ask(who: &Actor, word: &str) -> crate::support::Reply {
    who.post("/provisioning/jobs", json!({ "job_type": word }))
        .await
}

#[tokio::test]
async fn a_job_is_accepted_and_waits() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::counts(&app).await;
    let reply = ask(&acme.owner, "create_site").await;
    let job = reply.expect(201).clone();
    let expected = json!({
        "id": job["id"], "tenant_id": acme.id, "job_type": "create_site", "status": "pending",
        "progress": 0, "message": "Queued", "error": null, "error_message": null,
        "error_class": null, "error_advice": null, "result": null, "metadata": {}, "logs": [],
        "attempt": 1, "requested_by": acme.owner.id, "queued_at": "2026-01-09T12:00:00Z",
        "started_at": null, "completed_at": null, "created_at": "2026-01-09T12:00:00Z",
        "updated_at": "2026-01-09T12:00:00Z",
    });
    assert_eq!(job, expected);
    let after = db::counts(&app).await;
    let made = (
        after.jobs - before.jobs,
        after.sites - before.sites,
        after.outbox - before.outbox,
        after.events - before.events,
        after.audit - before.audit,
    );
    assert_eq!(made, (1, 1, 1, 1, 1));
    let list = acme.owner.get("/provisioning/jobs?page=1&size=20").await;
    assert_eq!(list.expect(200), &json!([job]), "listed at once");
    assert_eq!(
        list.json["pagination"],
        json!({ "total": 1, "page": 1, "size": 20, "pages": 1 })
    );
    let one = acme
        .owner
        .get(&format!("/provisioning/jobs/{}", text(&job, "/id")))
        .await;
    assert_eq!(one.expect(200), &job);
    let deed = db::deeds(&app).await.pop().unwrap();
    assert_eq!((deed.0.as_str(), deed.2.as_str()), ("job.requested", "job"));
    let events = db::events(&app).await;
    let told = events.iter().find(|(_, kind, _)| kind == "job_queued");
    let (stream, _, event) = told.unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(stream, &format!("tenant:{}", acme.id));
    assert!(event.to_string().contains(&text(&job, "/id")), "{event}");
    app.finish().await;
}

#[tokio::test]
async fn every_spelling_is_understood_and_heard_back() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    for (sent, told) in [
        ("create_site", "create_site"),
        ("delete_site", "delete_site"),
        ("backup_site", "backup_site"),
        ("create_instance", "create_instance"),
        ("CREATE_INSTANCE", "create_instance"),
        ("Update_Instance", "update_instance"),
        ("SUSPEND_SITE", "suspend_site"),
        ("createSite", "createSite"),
        ("deleteSite", "deleteSite"),
        ("backupSite", "backupSite"),
        ("resumeInstance", "resumeInstance"),
        ("UPDATEINSTANCE", "updateInstance"),
    ] {
        let reply = ask(&acme.owner, sent).await;
        assert_eq!(reply.expect(201)["job_type"], told, "{sent}");
    }
    let query = "mutation { createProvisioningJob(input: { type: BACKUP_INSTANCE }) { \
        provisioningJob { type } tenant { id } } }";
    let reply = acme.owner.gql(query, json!({})).await;
    let payload = &reply.ok()["createProvisioningJob"];
    assert_eq!(payload["provisioningJob"]["type"], "BACKUP_INSTANCE");
    assert_eq!(payload["tenant"]["id"], acme.id);
    let list = acme.owner.get("/provisioning/jobs").await;
    assert_eq!(list.expect(200)[0]["job_type"], "backup_instance");
    for bad in [
        "",
        "create",
        "drop_site",
        "create site",
        " create_site",
        "create_site\0",
    ] {
        let reply = ask(&acme.owner, bad).await;
        assert_eq!(reply.status, 422, "{reply}");
        assert_code(&reply, "INVALID_INPUT", "UNKNOWN_WORD");
        assert_eq!(reply.failure().fields, ["job_type"]);
    }
    app.finish().await;
}

#[tokio::test]
async fn where_nobody_makes_sites_a_job_says_so() {
    let app = TestApp::with(|config| {
        config.provisioning.provisioner = ProvisionerKind::Off;
    })
    .await;
    let acme = app.company("Acme").await;
    let reply = ask(&acme.owner, "create_site").await;
    let job = reply.expect(201);
    assert_eq!(job["status"], "pending");
    let message = text(job, "/message");
    assert!(
        message.contains("no provisioner is configured"),
        "{message}"
    );
    app.settle().await;
    let again = acme
        .owner
        .get(&format!("/provisioning/jobs/{}", text(job, "/id")))
        .await;
    assert_eq!(
        again.expect(200)["status"],
        "pending",
        "and goes on waiting"
    );
    app.abandon().await;
}

#[tokio::test]
async fn no_more_wait_than_may() {
    let app = TestApp::with(|config| config.provisioning.max_pending = 3).await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let ended = sites::job(&app, &acme.id, |job| job.status = JobStatus::Failed).await;
    for _ in 0..3 {
        ask(&acme.owner, "backup_site").await.expect(201);
    }
    let before = db::contents(&app).await;
    for door in Door::BOTH {
        for call in [
            ops::create_provisioning_job(&json!({ "job_type": "create_instance" })),
            ops::retry_provisioning_job(&ended.id.to_string()),
        ] {
            let reply = acme.owner.call(door, &call).await;
            assert_code(&reply, "CONFLICT", "TOO_MANY_JOBS");
        }
    }
    assert_eq!(db::contents(&app).await, before);
    ask(&beta.owner, "backup_site").await.expect(201);
    app.finish().await;
}

/// Which types are accepted, by word.
async fn accepted(who: &Actor) -> Vec<&'static str> {
    let mut accepted = Vec::new();
    for job_type in JobType::ALL {
        // Restoring needs a backup; it goes with the rest.
        if *job_type == JobType::Restore {
            continue;
        }
        let reply = ask(who, &format!("{}_site", job_type.verb())).await;
        match reply.status {
            201 => accepted.push(job_type.verb()),
            402 => assert_eq!(reply.failure().code, "PAYMENT_REQUIRED", "{reply}"),
            _ => panic!("{reply}"),
        }
    }
    accepted
}

#[tokio::test]
async fn who_does_not_pay_may_still_save_and_remove() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let all = ["create", "update", "delete", "backup", "suspend", "resume"];
    assert_eq!(accepted(&acme.owner).await, all);
    let beta = app.company("Beta").await;
    db::suspend(&app, &beta.id).await;
    assert_eq!(accepted(&beta.owner).await, ["delete", "backup", "resume"]);
    // Nobody leaves the state of being suspended without paying.
    app.advance_secs(15 * 24 * 3600);
    let owner = beta.owner.sign_in().await;
    assert_eq!(accepted(&owner).await, ["delete", "backup"]);
    let owner = acme.owner.sign_in().await;
    assert_eq!(accepted(&owner).await, ["delete", "backup"]);
    // The same is asked when a job is tried again.
    for (job_type, status) in [(JobType::Backup, 200), (JobType::Update, 402)] {
        let job = sites::job(&app, &acme.id, |job| {
            job.job_type = job_type;
            job.status = JobStatus::Failed;
        })
        .await;
        let retry = format!("/provisioning/jobs/{}/retry", job.id);
        assert_eq!(owner.post(&retry, json!({})).await.status, status);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    for door in Door::BOTH {
        let app = TestApp::new().await;
        let acme = app.company("Acme").await;
        let ended = sites::job(&app, &acme.id, |job| job.status = JobStatus::Failed).await;
        let running = sites::job(&app, &acme.id, |job| {
            job.status = JobStatus::InProgress;
            job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
        })
        .await;
        for (key, call) in [
            (
                "create",
                ops::create_provisioning_job(&json!({ "job_type": "create_instance" })),
            ),
            ("retry", ops::retry_provisioning_job(&ended.id.to_string())),
            (
                "cancel",
                ops::cancel_provisioning_job(&running.id.to_string()),
            ),
        ] {
            let first = acme.owner.call_keyed(door, &call, key).await;
            assert!(!first.refused(), "{key}: {first}");
            let counts = db::counts(&app).await;
            let again = acme.owner.call_keyed(door, &call, key).await;
            assert_eq!(call.facts(door, &again), call.facts(door, &first));
            assert_eq!(db::counts(&app).await, counts, "{key} happened twice");
        }
        let other = ops::create_provisioning_job(&json!({ "job_type": "backup_instance" }));
        let reply = acme.owner.call_keyed(door, &other, "create").await;
        assert_code(&reply, "CONFLICT", "IDEMPOTENCY_KEY_REUSED");
        app.finish().await;
    }
}

#[tokio::test]
async fn another_tenants_site_is_reached_by_nobody() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    let job = sites::job(&app, &acme.id, |job| job.status = JobStatus::Failed).await;
    let before = db::contents(&app).await;
    let send = async |field: &str, input: Value| {
        let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let query = format!(
            "mutation($input: {input_type}!) {{ {field}(input: $input) {{ tenant {{ id }} }} }}"
        );
        let reply = beta.owner.gql(&query, json!({ "input": input })).await;
        assert_eq!(reply.failure().code, "NOT_FOUND", "{field}: {reply}");
        assert!(!reply.body.contains("acme"), "{reply}");
    };
    let (tenant, id) = (&acme.id, &job.id);
    send(
        "createProvisioningJob",
        json!({ "tenantId": tenant, "type": "DELETE_INSTANCE" }),
    )
    .await;
    send(
        "retryProvisioningJob",
        json!({ "tenantId": tenant, "jobId": id }),
    )
    .await;
    send(
        "cancelProvisioningJob",
        json!({ "tenantId": tenant, "jobId": id }),
    )
    .await;
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}
