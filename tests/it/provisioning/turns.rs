//! Whose turn it is: a tenant's jobs one after the other, and tenants side by side.

use entity::provisioning_job::{
    JobStatus,
    JobType::{self, Backup, Create, Delete, Update},
};

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::until,
};

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
