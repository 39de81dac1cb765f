//! Rows of steps and of log lines, to read.

use std::collections::HashMap;

use entity::{
    ids::ProvisioningJobId,
    provisioning_job,
    provisioning_log_line::{self as line, Column as Line},
    provisioning_step::{self as step, Column as Step},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, JoinType, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Select, sea_query::Expr,
};

use crate::{
    domain::{
        access::PermittedTenants,
        db,
        page::{Item, Listing},
        provisioning::{LogCursor, LogWindow},
        rows,
    },
    error::Result,
};

/// What is read of a job that has no log.
type Log = Listing<line::Model, LogCursor>;

/// The ledgers of the present attempts of these jobs, each in order.
pub async fn steps(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    jobs: &[ProvisioningJobId],
) -> Result<HashMap<ProvisioningJobId, Vec<step::Model>>> {
    use provisioning_job::Column as Job;
    let present = Expr::col(Step::Attempt.as_column_ref()).equals(Job::Attempt.as_column_ref());
    let steps = step::Entity::find()
        .join(JoinType::InnerJoin, step::Relation::Job.def())
        .filter(Step::JobId.is_in(rows::padded(jobs)))
        .filter(Job::TenantId.is_in(tenants.ids()))
        .filter(present)
        .order_by_asc(Step::JobId)
        .order_by_asc(Step::Position);
    let rows: Vec<step::Model> = rows::all(db, steps).await?;
    let mut ledgers: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        ledgers.entry(row.job_id).or_default().push(row);
    }
    Ok(ledgers)
}

fn within(tenants: &PermittedTenants) -> Select<line::Entity> {
    line::Entity::find()
        .join(JoinType::InnerJoin, line::Relation::Job.def())
        .filter(provisioning_job::Column::TenantId.is_in(tenants.ids()))
}

/// The same part of the log of each of these jobs, in one statement. Each log is a part of it by itself, so
/// that the index leads to where its part begins, however long it is.
pub async fn logs(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    jobs: &[ProvisioningJobId],
    window: &LogWindow,
) -> Result<HashMap<ProvisioningJobId, Log>> {
    let LogWindow {
        limit,
        backwards,
        after,
        before,
    } = window;
    let direction = if *backwards { Order::Desc } else { Order::Asc };
    let part = |job: &ProvisioningJobId| {
        line::Entity::find()
            .filter(Line::JobId.eq(*job))
            .apply_if(*after, |query, after| query.filter(Line::Seq.gt(after.0)))
            .apply_if(*before, |query, before| {
                query.filter(Line::Seq.lt(before.0))
            })
            .order_by(Line::Seq, direction.clone())
            .limit(limit + 1)
            .select_only()
            .column(Line::Id)
            .into_query()
    };
    let parts: Vec<_> = jobs.iter().map(part).collect();
    let Some(chosen) = db::union_of(&parts, Line::Id) else {
        return Ok(HashMap::new());
    };
    let found = within(tenants)
        .filter(Line::Id.in_subquery(chosen))
        .order_by(Line::Seq, direction);
    let rows: Vec<line::Model> = rows::all(db, found).await?;
    let mut logs: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        logs.entry(row.job_id).or_default().push(row);
    }
    let logs = jobs.iter().map(|job| {
        let rows = logs.remove(job).unwrap_or_default();
        (*job, log(rows, window))
    });
    Ok(logs.collect())
}

fn log(mut rows: Vec<line::Model>, window: &LogWindow) -> Log {
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if window.backwards {
        rows.reverse();
    }
    let bounded = window.after.is_some() || window.before.is_some();
    let (has_next, has_previous) = if window.backwards {
        (window.before.is_some(), more)
    } else {
        (more, window.after.is_some())
    };
    Listing {
        total: (!bounded && !more).then_some(rows.len() as u64),
        items: rows
            .into_iter()
            .map(|node| Item {
                cursor: LogCursor(node.seq),
                node,
            })
            .collect(),
        has_next,
        has_previous,
    }
}

/// How many lines of each of these jobs are kept.
pub async fn count_lines(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    jobs: &[ProvisioningJobId],
) -> Result<HashMap<ProvisioningJobId, u64>> {
    let lines = within(tenants).filter(Line::JobId.is_in(rows::padded(jobs)));
    db::count_each(db, lines, Line::JobId).await
}
