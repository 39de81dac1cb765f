//! Rows of jobs.

use std::collections::HashMap;

use entity::{
    ids::{ProvisioningJobId, TenantId, UserId},
    membership,
    provisioning_job::{self, Column, Entity, JobStatus, JobType, Model},
    user,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait, Select,
};

use crate::{
    domain::{
        access::{PermittedTenants, TenantAccess},
        db::{self, Ordered},
        page::{Cursor, Listing, Window},
        provisioning::JobFilter,
        rows,
    },
    error::{Error, Reason, Result},
};

fn of(tenant: TenantId) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant))
}

fn within(access: &TenantAccess) -> Select<Entity> {
    of(access.tenant_id())
}

fn within_any(tenants: &PermittedTenants) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.is_in(tenants.ids()))
}

fn matching(jobs: Select<Entity>, filter: &JobFilter) -> Select<Entity> {
    let JobFilter { status, job_type } = filter;
    jobs.apply_if(*status, |query, status| {
        query.filter(Column::Status.eq(status))
    })
    .apply_if(*job_type, |query, job_type| {
        query.filter(Column::JobType.eq(job_type))
    })
}

const JOBS: Ordered<Column, Column> = Ordered {
    at: Column::CreatedAt,
    id: Column::Id,
    newest_first: true,
};

fn place(job: &Model) -> Cursor {
    Cursor {
        at: job.created_at,
        id: job.id.0,
    }
}

/// The jobs that match, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &JobFilter,
    window: &Window,
) -> Result<Listing<Model>> {
    let jobs = matching(within(access), filter);
    let rows = rows::all(db, db::window(jobs, &JOBS, window)).await?;
    Ok(db::listing(rows, window, place))
}

/// The same with the number of all that match, in one statement; a page without jobs tells none.
pub async fn list_with_total(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &JobFilter,
    window: &Window,
) -> Result<Listing<Model>> {
    let jobs = matching(within(access), filter);
    let page = db::window(jobs.clone(), &JOBS, window);
    let (rows, total) = rows::page_and_count(db, page, jobs).await?;
    let listing = db::listing(rows, window, place);
    Ok(Listing {
        total: listing.total.or(total),
        ..listing
    })
}

/// The same window of the jobs of each of these tenants, in one statement.
pub async fn list_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &JobFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<Model>>> {
    let lists = tenants.ids().map(|tenant| matching(of(tenant), filter));
    let Some(chosen) = db::window_of_each(lists, &JOBS, window) else {
        return Ok(HashMap::new());
    };
    let jobs = Entity::find().filter(Column::Id.in_subquery(chosen));
    let rows = rows::all(db, JOBS.sort(jobs, window)).await?;
    Ok(db::listings(
        rows,
        window,
        |job: &Model| job.tenant_id,
        place,
    ))
}

/// How many jobs match.
pub async fn count(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &JobFilter,
) -> Result<u64> {
    rows::count(db, matching(within(access), filter)).await
}

/// How many jobs of each of these tenants match.
pub async fn count_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &JobFilter,
) -> Result<HashMap<TenantId, u64>> {
    db::count_each(db, matching(within_any(tenants), filter), Column::TenantId).await
}

/// A job of the tenant.
pub async fn job(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    id: ProvisioningJobId,
) -> Result<Option<Model>> {
    rows::one(db, within(access).filter(Column::Id.eq(id))).await
}

/// A job of any of these tenants.
pub async fn job_of_any(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    id: ProvisioningJobId,
) -> Result<Option<Model>> {
    rows::one(db, within_any(tenants).filter(Column::Id.eq(id))).await
}

/// How many jobs wait in the tenant whose row is locked.
pub async fn count_pending(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64> {
    let waiting = Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Status.eq(JobStatus::Pending));
    rows::count(db, waiting).await
}

/// Whether another job than this one is to make the site of the tenant whose row is locked.
pub async fn another_makes_the_site(db: &impl ConnectionTrait, job: &Model) -> Result<bool> {
    let others = Entity::find()
        .filter(Column::TenantId.eq(job.tenant_id))
        .filter(Column::Id.ne(job.id))
        .filter(Column::JobType.eq(JobType::Create))
        .filter(Column::Status.is_in([JobStatus::Pending, JobStatus::InProgress]));
    Ok(rows::count(db, others).await? > 0)
}

/// Adds a job.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    Ok(db::insert::<Entity>(db, row).await?)
}

/// Has a finished job wait for its next attempt, unless it has changed meanwhile.
pub async fn requeue(db: &impl ConnectionTrait, job: &Model, was: JobStatus) -> Result<()> {
    let row = provisioning_job::ActiveModel {
        status: Set(job.status),
        attempt: Set(job.attempt),
        progress: Set(job.progress),
        message: Set(job.message.clone()),
        error: Set(job.error.clone()),
        error_class: Set(job.error_class),
        error_advice: Set(job.error_advice.clone()),
        result: Set(job.result.clone()),
        queued_at: Set(job.queued_at),
        started_at: Set(job.started_at),
        completed_at: Set(job.completed_at),
        updated_at: Set(job.updated_at),
        ..Default::default()
    };
    swap(db, job, was, row).await
}

/// Calls a job off, unless it has changed meanwhile.
pub async fn call_off(db: &impl ConnectionTrait, job: &Model, was: JobStatus) -> Result<()> {
    let row = provisioning_job::ActiveModel {
        status: Set(job.status),
        progress: Set(job.progress),
        message: Set(job.message.clone()),
        error: Set(job.error.clone()),
        undo_attempt: Set(job.undo_attempt),
        completed_at: Set(job.completed_at),
        updated_at: Set(job.updated_at),
        ..Default::default()
    };
    swap(db, job, was, row).await
}

/// Compare and set: whoever changes a job's status names the one it has.
async fn swap(
    db: &impl ConnectionTrait,
    job: &Model,
    was: JobStatus,
    row: provisioning_job::ActiveModel,
) -> Result<()> {
    let changed = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(job.id))
        .filter(Column::TenantId.eq(job.tenant_id))
        .filter(Column::Status.eq(was))
        .exec(db)
        .await?;
    if changed.rows_affected == 1 {
        Ok(())
    } else {
        // Status changes under the tenant's lock, which we hold.
        Err(Error::Conflict(Reason::JobRunning))
    }
}

/// Those of the people who are (still) in the tenants, by tenant and person.
pub async fn people(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    people: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<(TenantId, UserId), user::Model>> {
    let places = membership::Entity::find()
        .filter(membership::Column::TenantId.is_in(tenants.ids()))
        .filter(membership::Column::UserId.is_in(people))
        .find_also_related(user::Entity)
        .all(db)
        .await?;
    Ok(places
        .into_iter()
        .filter_map(|(place, user)| Some(((place.tenant_id, place.user_id), user?)))
        .collect())
}
