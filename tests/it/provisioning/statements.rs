//! How many SQL statements a worker sends: to find work, to find none, and for a whole job.

use std::time::Duration;

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{JobStatus, JobType},
};
use erpmax::{config::Config, domain::provisioning};

use crate::support::{
    TestApp,
    jobs::{self, ask},
};

/// Nothing but the work itself: what is sent every few seconds comes too seldom to be counted.
fn without_heart(config: &mut Config) {
    config.provisioning.heartbeat = Duration::from_hours(1);
}

/// A message comes: "look".
async fn wake(app: &TestApp, id: ProvisioningJobId) {
    let slot = app.app.slots.try_acquire().expect("a free place");
    provisioning::wake(&app.system(), id, slot).await.unwrap();
}

#[tokio::test]
async fn a_claim_takes_few_statements() {
    let (app, stage) = TestApp::staged_with(without_heart).await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let gate = stage.gate("before plan create");
    let found = app
        .sql(async || {
            wake(&app, id).await;
            gate.reached().await;
        })
        .await;
    // The claim with what a beginning means for tenant, site and listeners, and the order to the driver.
    assert_eq!(found, 12, "from the message to the driver");
    let busy = app.sql(async || wake(&app, id).await).await;
    assert_eq!(busy, 3, "whose, the lock, what is under way");
    gate.open();
    app.app.slots.idle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    let idle = app.sql(async || wake(&app, id).await).await;
    assert_eq!(idle, 4, "whose, the lock, what is under way, what waits");
    app.settle().await;
    app.finish().await;
}

#[tokio::test]
async fn a_whole_job_takes_few_statements() {
    let app = TestApp::with(without_heart).await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let all = app
        .sql(async || {
            app.settle().await;
        })
        .await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    let steps = jobs::steps(&app, id).await.len();
    assert_eq!(steps, 8);
    // Some five a step; lines of the log are written twice a second, however long it takes.
    assert!((60..=70).contains(&all), "{all} statements");
    app.finish().await;
}
