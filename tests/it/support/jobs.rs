//! Provisioning jobs: asked for, called off and tried again, and what the tables say of them.

use entity::{
    backup, event,
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{self, JobStatus, JobType},
    provisioning_log_line, provisioning_step, site, tenant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{Company, TestApp, client::text};

/// Asks for a job; its id.
pub async fn ask(company: &Company<'_>, job_type: JobType) -> ProvisioningJobId {
    ask_with(company, job_type, json!({})).await
}

/// The same, with more to say.
pub async fn ask_with(
    company: &Company<'_>,
    job_type: JobType,
    mut more: Value,
) -> ProvisioningJobId {
    more["job_type"] = json!(format!("{}_instance", job_type.verb()));
    let reply = company.owner.post("/provisioning/jobs", more).await;
    text(reply.expect(201), "/id").parse().unwrap()
}

/// Calls a job off; whether it was still to be called off.
pub async fn cancel(company: &Company<'_>, id: ProvisioningJobId) -> bool {
    let path = format!("/provisioning/jobs/{id}/cancel");
    let reply = company.owner.post(&path, json!({})).await;
    reply.expect(200)["error"] == "Cancelled by user"
}

/// Has a job tried again that has ended.
pub async fn retry(company: &Company<'_>, id: ProvisioningJobId) {
    let path = format!("/provisioning/jobs/{id}/retry");
    company.owner.post(&path, json!({})).await.expect(200);
}

/// A job as it stands.
pub async fn job(app: &TestApp, id: ProvisioningJobId) -> provisioning_job::Model {
    let found = provisioning_job::Entity::find_by_id(id);
    found.one(&app.app.db).await.unwrap().expect("the job")
}

/// Where a job stands, in one word.
pub async fn status(app: &TestApp, id: ProvisioningJobId) -> JobStatus {
    job(app, id).await.status
}

/// The tenant.
pub async fn tenant_of(app: &TestApp, company: &Company<'_>) -> tenant::Model {
    let id: TenantId = company.id.parse().unwrap();
    let found = tenant::Entity::find_by_id(id);
    found.one(&app.app.db).await.unwrap().expect("the tenant")
}

/// The tenant's site, if it has one.
pub async fn site_of(app: &TestApp, id: TenantId) -> Option<site::Model> {
    let live = site::Entity::find()
        .filter(site::Column::TenantId.eq(id))
        .filter(site::Column::DeletedAt.is_null());
    live.one(&app.app.db).await.unwrap()
}

/// The ledger of an attempt, a line per step: name, status, how often it was done, whether it was there.
pub async fn ledger(app: &TestApp, id: ProvisioningJobId, attempt: i32) -> Vec<String> {
    let steps = provisioning_step::Entity::find()
        .filter(provisioning_step::Column::JobId.eq(id))
        .filter(provisioning_step::Column::Attempt.eq(attempt))
        .order_by_asc(provisioning_step::Column::Position)
        .all(&app.app.db)
        .await
        .unwrap();
    let line = |step: &provisioning_step::Model| {
        let found = if step.found { " found" } else { "" };
        format!("{} {:?} {}{found}", step.name, step.status, step.tries)
    };
    steps.iter().map(line).collect()
}

/// The steps of a job, of all attempts.
pub async fn steps(app: &TestApp, id: ProvisioningJobId) -> Vec<provisioning_step::Model> {
    let steps = provisioning_step::Entity::find()
        .filter(provisioning_step::Column::JobId.eq(id))
        .order_by_asc(provisioning_step::Column::Attempt)
        .order_by_asc(provisioning_step::Column::Position);
    steps.all(&app.app.db).await.unwrap()
}

/// The lines of a job's log.
pub async fn log(app: &TestApp, id: ProvisioningJobId) -> Vec<provisioning_log_line::Model> {
    let lines = provisioning_log_line::Entity::find()
        .filter(provisioning_log_line::Column::JobId.eq(id))
        .order_by_asc(provisioning_log_line::Column::Seq);
    lines.all(&app.app.db).await.unwrap()
}

/// The texts of a job's log.
pub async fn texts(app: &TestApp, id: ProvisioningJobId) -> Vec<String> {
    let lines = log(app, id).await;
    lines.into_iter().map(|line| line.text).collect()
}

/// The tenant's backups.
pub async fn backups(app: &TestApp) -> Vec<backup::Model> {
    let all = backup::Entity::find().order_by_asc(backup::Column::Id);
    all.all(&app.app.db).await.unwrap()
}

/// What listeners heard of jobs and tenants, in order.
pub async fn heard(app: &TestApp, company: &Company<'_>) -> Vec<String> {
    let stream = format!("tenant:{}", company.id);
    let events = event::Entity::find()
        .filter(event::Column::Stream.eq(stream))
        .order_by_asc(event::Column::Seq)
        .all(&app.app.db)
        .await
        .unwrap();
    events.into_iter().map(|event| event.kind).collect()
}
