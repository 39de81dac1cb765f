//! Jobs as workers take them: under the tenant's lock, by compare-and-set.

use entity::{
    Timestamp,
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{self as job, Column, JobStatus},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Query},
};

use super::hold::Hold;
use crate::{
    domain::{access::SystemAccess, rows},
    error::Result,
};

/// What somebody should be working on. Word for word as in the index, which is only used then.
const ACTIVE: &str = "status = 'in_progress' OR undo_attempt IS NOT NULL";
/// What waits; the same.
const PENDING: &str = "status = 'pending'";

/// Whose job it is.
pub async fn tenant_of(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: ProvisioningJobId,
) -> Result<Option<TenantId>> {
    let found = job::Entity::find_by_id(id)
        .select_only()
        .column(Column::TenantId);
    Ok(found.into_tuple().one(db).await?)
}

/// The job of the tenant that is under way, or is to be undone.
pub async fn active(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    tenant: TenantId,
) -> Result<Option<job::Model>> {
    let active = job::Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Expr::cust(format!("({ACTIVE})")))
        .order_by_asc(Column::QueuedAt)
        .order_by_asc(Column::Id)
        .limit(1);
    rows::one(db, active).await
}

/// The job of the tenant whose turn is next.
pub async fn next(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    tenant: TenantId,
) -> Result<Option<job::Model>> {
    rows::one(db, waiting(tenant)).await
}

/// The same, by its id only.
pub async fn next_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<ProvisioningJobId>> {
    let next = waiting(tenant).select_only().column(Column::Id);
    Ok(next.into_tuple().one(db).await?)
}

fn waiting(tenant: TenantId) -> sea_orm::Select<job::Entity> {
    job::Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Expr::cust(PENDING))
        .order_by_asc(Column::QueuedAt)
        .order_by_asc(Column::Id)
        .limit(1)
}

/// Writes a claim; `false` when the job is not as it was read, or has been claimed since.
pub async fn take(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    before: &job::Model,
    claimed: &job::Model,
) -> Result<bool> {
    let taken = job::Entity::update_many()
        .col_expr(Column::Status, Expr::value(claimed.status))
        .col_expr(Column::Fence, Expr::value(claimed.fence))
        .col_expr(Column::ClaimedBy, Expr::value(claimed.claimed_by.clone()))
        .col_expr(Column::LeaseUntil, Expr::value(claimed.lease_until))
        .col_expr(Column::Progress, Expr::value(claimed.progress))
        .col_expr(Column::Message, Expr::value(claimed.message.as_str()))
        .col_expr(Column::StartedAt, Expr::value(claimed.started_at))
        .col_expr(Column::UpdatedAt, Expr::value(claimed.updated_at))
        .filter(Column::Id.eq(before.id))
        .filter(Column::Fence.eq(before.fence))
        .filter(Column::Status.eq(before.status))
        .filter(Column::Attempt.eq(before.attempt))
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// What became of a job while a worker was busy with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is still to be done.
    Wanted,
    /// It is to be undone.
    Unwanted,
    /// It is somebody else's, or over.
    Lost,
}

/// Keeps the job until then, and says how it stands.
pub async fn renew(db: &impl ConnectionTrait, hold: Hold, until: Timestamp) -> Result<Standing> {
    let renewed = job::Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(held(hold))
        .filter(Expr::cust(format!("({ACTIVE})")))
        .exec_with_returning(db)
        .await?;
    Ok(match renewed.first() {
        None => Standing::Lost,
        Some(job) if job.undo_attempt.is_some() => Standing::Unwanted,
        Some(_) => Standing::Wanted,
    })
}

/// Gives the job back: it may be taken from then on, and whatever of ours still runs writes nothing
/// more.
pub async fn give_back(
    db: &impl ConnectionTrait,
    hold: Hold,
    free_from: Timestamp,
) -> Result<bool> {
    let given = job::Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(free_from))
        .col_expr(Column::ClaimedBy, Expr::value(None::<String>))
        .col_expr(Column::Fence, Expr::col(Column::Fence).add(1))
        .filter(held(hold))
        .filter(Expr::cust(format!("({ACTIVE})")))
        .exec(db)
        .await?;
    Ok(given.rows_affected == 1)
}

/// The row, as long as it is in our hands.
pub fn held(hold: Hold) -> Condition {
    Condition::all()
        .add(Column::Id.eq(hold.job_id))
        .add(Column::Fence.eq(hold.fence))
}

/// The row, as long as it is in our hands and still to be done.
pub fn wanted(hold: Hold) -> Condition {
    held(hold).add(Column::Status.eq(JobStatus::InProgress))
}

/// Jobs that nobody works on though somebody should: whose lease has lapsed, and of tenants that are
/// idle the ones that have waited since before `waiting_since`.
pub async fn stranded(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    now: Timestamp,
    waiting_since: Timestamp,
    limit: u64,
) -> Result<Vec<ProvisioningJobId>> {
    let lapsed = job::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Expr::cust(format!("({ACTIVE})")))
        .filter(Column::LeaseUntil.is_null().or(Column::LeaseUntil.lte(now)))
        .order_by_asc(Column::LeaseUntil)
        .limit(limit);
    let mut stranded: Vec<ProvisioningJobId> = lapsed.into_tuple().all(db).await?;
    let left = limit.saturating_sub(stranded.len() as u64);
    if left > 0 {
        let busy = Query::select()
            .column(Column::TenantId)
            .from(job::Entity)
            .and_where(Expr::cust(format!("({ACTIVE})")))
            .to_owned();
        let forgotten = job::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Expr::cust(PENDING))
            .filter(Column::QueuedAt.lte(waiting_since))
            .filter(Column::TenantId.not_in_subquery(busy))
            .order_by_asc(Column::QueuedAt)
            .order_by_asc(Column::Id)
            .limit(left);
        let forgotten: Vec<ProvisioningJobId> = forgotten.into_tuple().all(db).await?;
        stranded.extend(forgotten);
    }
    Ok(stranded)
}
