//! Jobs, sites and backups in states that take a worker to reach. Straight to the database.

use chrono::Duration;
use entity::{
    Timestamp, backup,
    ids::{BackupId, ProvisioningJobId, SiteId, TenantId},
    provisioning_job::{self, JobSpelling, JobStatus, JobType},
    provisioning_log_line::{self, LogLevel},
    provisioning_step::{self, StepStatus},
    site::{self, SiteStatus},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

use super::TestApp;

fn now(app: &TestApp) -> Timestamp {
    app.app.clock.now()
}

fn new_id<T: From<uuid::Uuid>>(app: &TestApp) -> T {
    app.app.ids.next().into()
}

/// A backup job that waits, to be changed into whatever is wanted.
pub fn a_job(app: &TestApp, tenant: &str) -> provisioning_job::Model {
    let now = now(app);
    provisioning_job::Model {
        id: new_id(app),
        tenant_id: TenantId(tenant.parse().expect("an id")),
        job_type: JobType::Backup,
        spelling: JobSpelling::Instance,
        status: JobStatus::Pending,
        attempt: 1,
        progress: 0,
        message: "Queued".to_owned(),
        error: None,
        error_class: None,
        error_advice: None,
        parameters: json!({}),
        result: None,
        requested_by: None,
        fence: 0,
        claimed_by: None,
        lease_until: None,
        undo_attempt: None,
        queued_at: now,
        created_at: now,
        started_at: None,
        completed_at: None,
        updated_at: now,
    }
}

/// Stores jobs.
pub async fn insert_jobs(app: &TestApp, jobs: Vec<provisioning_job::Model>) {
    for some in jobs.chunks(100) {
        let rows = some
            .iter()
            .cloned()
            .map(|job| job.into_active_model().reset_all());
        provisioning_job::Entity::insert_many(rows)
            .exec_without_returning(&app.app.db)
            .await
            .unwrap();
    }
}

/// A stored job that was changed first.
pub async fn job(
    app: &TestApp,
    tenant: &str,
    change: impl FnOnce(&mut provisioning_job::Model),
) -> provisioning_job::Model {
    let mut job = a_job(app, tenant);
    change(&mut job);
    insert_jobs(app, vec![job.clone()]).await;
    job
}

/// So many finished jobs of one tenant, each a second after the one before.
pub async fn finished_jobs(app: &TestApp, tenant: &str, how_many: i64) {
    let jobs = (0..how_many).map(|n| {
        let mut job = a_job(app, tenant);
        job.status = JobStatus::Completed;
        job.progress = 100;
        job.created_at += Duration::seconds(n - how_many);
        job
    });
    insert_jobs(app, jobs.collect()).await;
}

/// A stored job as it is now.
pub async fn job_now(app: &TestApp, id: ProvisioningJobId) -> provisioning_job::Model {
    let job = provisioning_job::Entity::find_by_id(id).one(&app.app.db);
    job.await.unwrap().expect("the job is there")
}

/// The tenant's site, unless it is gone.
pub async fn site_of(app: &TestApp, tenant: &str) -> Option<site::Model> {
    let tenant = TenantId(tenant.parse().expect("an id"));
    site::Entity::find()
        .filter(site::Column::TenantId.eq(tenant))
        .filter(site::Column::Status.ne(SiteStatus::Deleted))
        .one(&app.app.db)
        .await
        .unwrap()
}

/// A stored site.
pub async fn site(app: &TestApp, tenant: &str, name: &str, status: SiteStatus) -> SiteId {
    let id = new_id(app);
    let host = format!("{name}.sites.localhost");
    let made = matches!(status, SiteStatus::Active | SiteStatus::Suspended);
    let row = site::Model {
        id,
        tenant_id: TenantId(tenant.parse().expect("an id")),
        name: name.to_owned(),
        url: made.then(|| format!("http://{host}")),
        host,
        status,
        provisioner: made.then(|| "dry-run".to_owned()),
        simulated: made,
        apps: if made {
            json!([{ "name": "frappe", "version": "15.41.0" }, { "name": "erpnext" }])
        } else {
            json!([])
        },
        created_at: now(app),
        updated_at: now(app),
        deleted_at: (status == SiteStatus::Deleted).then(|| now(app)),
    };
    let row = row.into_active_model().reset_all();
    site::Entity::insert(row)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
    id
}

/// A stored backup of a site.
pub async fn backup(app: &TestApp, tenant: &str, site: SiteId, reference: &str) -> BackupId {
    let id = new_id(app);
    let row = backup::Model {
        id,
        tenant_id: TenantId(tenant.parse().expect("an id")),
        site_id: site,
        job_id: None,
        attempt: 1,
        reference: reference.to_owned(),
        size_bytes: Some(5_000_000_000),
        files: json!(["database.sql.gz"]),
        simulated: true,
        created_at: now(app),
    };
    let row = row.into_active_model().reset_all();
    backup::Entity::insert(row)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
    id
}

/// The ledger of a job: a step for each of these states, each usually taking ten seconds.
pub async fn steps(app: &TestApp, job: &provisioning_job::Model, states: &[StepStatus]) {
    let rows = states.iter().zip(0..).map(|(status, position)| {
        let begun = *status != StepStatus::Pending;
        provisioning_step::Model {
            id: new_id(app),
            job_id: job.id,
            attempt: job.attempt,
            position,
            name: format!("step-{position}"),
            title: format!("Step {position}"),
            status: *status,
            progress: 0,
            found: false,
            undoable: true,
            harmless: false,
            tries: i32::from(begun),
            weight_ms: 10_000,
            limit_ms: 60_000,
            facts: None,
            error: None,
            started_at: begun.then(|| now(app)),
            completed_at: None,
        }
        .into_active_model()
        .reset_all()
    });
    provisioning_step::Entity::insert_many(rows)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
}

/// Lines of a job's log, numbered from 1.
pub async fn lines(app: &TestApp, job: &provisioning_job::Model, how_many: i64) {
    let rows = (1..=how_many).map(|seq| {
        provisioning_log_line::Model {
            id: new_id(app),
            job_id: job.id,
            seq,
            attempt: job.attempt,
            step: (seq % 2 == 0).then(|| "step-0".to_owned()),
            level: if seq == 3 {
                LogLevel::Error
            } else {
                LogLevel::Info
            },
            text: format!("line {seq}"),
            at: now(app),
        }
        .into_active_model()
        .reset_all()
    });
    provisioning_log_line::Entity::insert_many(rows)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
}
