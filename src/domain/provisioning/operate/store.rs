//! Rows of jobs, as an operator sees them.

use entity::{
    ids::ProvisioningJobId, provisioning_job as job, provisioning_log_line as line,
    provisioning_step as step, tenant,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Select,
};

use super::{Filter, Lines};
use crate::{
    domain::{access::SystemAccess, rows},
    error::Result,
};

fn with_tenants() -> Select<job::Entity> {
    job::Entity::find().join(JoinType::InnerJoin, job::Relation::Tenant.def())
}

/// Whether there is a tenant with this slug.
pub async fn has_tenant(db: &impl ConnectionTrait, _: SystemAccess, slug: &str) -> Result<bool> {
    let found = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug));
    Ok(found.count(db).await? > 0)
}

/// The newest that match, so many at most.
pub async fn list(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<(job::Model, tenant::Model)>> {
    let Filter { tenant, status } = filter;
    let found = with_tenants()
        .apply_if(tenant.as_ref(), |query, slug| {
            query.filter(tenant::Column::Slug.eq(slug))
        })
        .apply_if(*status, |query, status| {
            query.filter(job::Column::Status.eq(status))
        })
        .order_by_desc(job::Column::CreatedAt)
        .order_by_desc(job::Column::Id)
        .limit(limit);
    rows::all(db, found).await
}

/// A job, and whose it is.
pub async fn find(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: ProvisioningJobId,
) -> Result<Option<(job::Model, tenant::Model)>> {
    rows::one(db, with_tenants().filter(job::Column::Id.eq(id))).await
}

/// The ledger of an attempt.
pub async fn steps(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: ProvisioningJobId,
    attempt: i32,
) -> Result<Vec<step::Model>> {
    let steps = step::Entity::find()
        .filter(step::Column::JobId.eq(id))
        .filter(step::Column::Attempt.eq(attempt))
        .order_by_asc(step::Column::Position);
    rows::all(db, steps).await
}

/// Lines of a job's log, in order, and whether there are others before them that are not wanted.
pub async fn lines(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: ProvisioningJobId,
    which: Lines,
) -> Result<(Vec<line::Model>, bool)> {
    let of_job = line::Entity::find().filter(line::Column::JobId.eq(id));
    match which {
        Lines::Behind(seq, limit) => {
            let behind = of_job
                .filter(line::Column::Seq.gt(seq))
                .order_by_asc(line::Column::Seq)
                .limit(limit);
            Ok((rows::all(db, behind).await?, false))
        }
        Lines::Last(limit) => {
            let last = of_job.order_by_desc(line::Column::Seq).limit(limit + 1);
            let mut lines: Vec<line::Model> = rows::all(db, last).await?;
            let shown = usize::try_from(limit).unwrap_or(usize::MAX);
            let cut = lines.len() > shown;
            lines.truncate(shown);
            lines.reverse();
            Ok((lines, cut))
        }
    }
}
