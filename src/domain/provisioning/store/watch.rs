//! Running jobs and their lines, as the system looks at them.

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{self as job, JobStatus},
    provisioning_log_line as line,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{domain::access::SystemAccess, error::Result};

/// A job.
pub async fn job(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    id: ProvisioningJobId,
) -> Result<Option<job::Model>> {
    Ok(job::Entity::find_by_id(id).one(db).await?)
}

/// The tenant's job that is under way, of which there is at most one (ruling 49).
pub async fn under_way(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    tenant: TenantId,
) -> Result<Option<job::Model>> {
    let found = job::Entity::find()
        .filter(job::Column::TenantId.eq(tenant))
        .filter(job::Column::Status.eq(JobStatus::InProgress));
    Ok(found.one(db).await?)
}

/// The number of a job's last line; 0 where there is none.
pub async fn last_line(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    id: ProvisioningJobId,
) -> Result<i64> {
    let last = line::Entity::find()
        .select_only()
        .column(line::Column::Seq)
        .filter(line::Column::JobId.eq(id))
        .order_by_desc(line::Column::Seq)
        .limit(1);
    Ok(last.into_tuple().one(db).await?.unwrap_or_default())
}

/// The lines of an attempt, or a later one, behind a line.
pub async fn lines(
    db: &impl ConnectionTrait,
    _: &SystemAccess,
    id: ProvisioningJobId,
    (attempt, seq): (i32, i64),
    limit: u64,
) -> Result<Vec<line::Model>> {
    let lines = line::Entity::find()
        .filter(line::Column::JobId.eq(id))
        .filter(line::Column::Seq.gt(seq))
        .filter(line::Column::Attempt.gte(attempt))
        .order_by_asc(line::Column::Seq)
        .limit(limit);
    Ok(lines.all(db).await?)
}
