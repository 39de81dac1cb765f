//! The ledger, as the worker writes it that has the job: always together with the job's row, which
//! proves that it still does.

use entity::{
    Timestamp,
    provisioning_job::{self as job, JobStatus, JobType},
    provisioning_step::{self as step, Column, StepStatus},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{claim_store::wanted, hold::Hold};
use crate::{
    domain::{access::SystemAccess, db, rows},
    error::Result,
};

/// The steps of an attempt, in their order.
pub async fn steps(
    db: &impl ConnectionTrait,
    hold: Hold,
    attempt: i32,
) -> Result<Vec<step::Model>> {
    let steps = step::Entity::find()
        .filter(Column::JobId.eq(hold.job_id))
        .filter(Column::Attempt.eq(attempt))
        .order_by_asc(Column::Position);
    rows::all(db, steps).await
}

/// Writes the plan of an attempt down.
pub async fn insert(db: &impl ConnectionTrait, steps: &[step::Model]) -> Result<()> {
    let rows = steps
        .iter()
        .map(|step| step.clone().into_active_model().reset_all());
    step::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Writes how a step stands; the job's row was written in the same transaction.
pub async fn update(db: &impl ConnectionTrait, step: &step::Model) -> Result<()> {
    step::Entity::update_many()
        .col_expr(Column::Status, Expr::value(step.status))
        .col_expr(Column::Progress, Expr::value(step.progress))
        .col_expr(Column::Found, Expr::value(step.found))
        .col_expr(Column::Tries, Expr::value(step.tries))
        .col_expr(Column::Facts, Expr::value(step.facts.clone()))
        .col_expr(Column::Error, Expr::value(step.error.clone()))
        .col_expr(Column::StartedAt, Expr::value(step.started_at))
        .col_expr(Column::CompletedAt, Expr::value(step.completed_at))
        .filter(Column::Id.eq(step.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes, before it is done, that a step is going to be; `false` when the job is not ours any more, or
/// not wanted. One statement: it holds the job's row while it writes.
pub async fn begin(db: &impl ConnectionTrait, hold: Hold, step: &step::Model) -> Result<bool> {
    let ours = Query::select()
        .column(job::Column::Id)
        .from(job::Entity)
        .cond_where(wanted(hold))
        .lock(db::ROW)
        .to_owned();
    let begun = step::Entity::update_many()
        .col_expr(Column::Tries, Expr::value(step.tries))
        .col_expr(Column::Progress, Expr::value(step.progress))
        .filter(Column::Id.eq(step.id))
        .filter(Column::JobId.in_subquery(ours))
        .exec(db)
        .await?;
    Ok(begun.rows_affected == 1)
}

/// Notes which step is under way; `false` when the job is not ours any more, or not wanted.
pub async fn announce(
    db: &impl ConnectionTrait,
    hold: Hold,
    progress: i32,
    message: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let mut update = job::Entity::update_many()
        .col_expr(job::Column::Progress, Expr::value(progress))
        .col_expr(job::Column::UpdatedAt, Expr::value(now))
        .filter(wanted(hold));
    if let Some(message) = message {
        update = update.col_expr(job::Column::Message, Expr::value(message));
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Which of these steps were begun for this tenant since then, by attempts at jobs of the same type
/// other than this attempt, and neither ended well nor were undone: the evidence that what is there, or
/// half there, is ours.
pub async fn begun_before(
    db: &impl ConnectionTrait,
    hold: Hold,
    (job_type, attempt): (JobType, i32),
    since: Timestamp,
    names: &[String],
) -> Result<Vec<String>> {
    let this_attempt = Column::JobId
        .eq(hold.job_id)
        .and(Column::Attempt.eq(attempt));
    let begun = step::Entity::find()
        .select_only()
        .column(Column::Name)
        .distinct()
        .join(JoinType::InnerJoin, step::Relation::Job.def())
        .filter(job::Column::TenantId.eq(hold.tenant_id))
        .filter(job::Column::JobType.eq(job_type))
        .filter(job::Column::Status.ne(JobStatus::Completed))
        .filter(Column::Name.is_in(names))
        .filter(Column::Tries.gt(0))
        .filter(Column::Status.ne(StepStatus::Undone))
        .filter(Column::StartedAt.gte(since))
        .filter(this_attempt.not());
    Ok(begun.into_tuple().all(db).await?)
}

/// A step that was done lately: its name, when it began and when it ended.
pub type Lately = (String, Option<Timestamp>, Option<Timestamp>);

/// The last times that steps of these names were done at once, in completed jobs of this type and by
/// this provisioner, the latest first.
pub async fn lately(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    (job_type, provisioner): (JobType, &str),
    names: &[String],
    limit: u64,
) -> Result<Vec<Lately>> {
    let made_by = Expr::cust(r#""provisioning_jobs"."result" ->> 'provisioner'"#);
    let done = step::Entity::find()
        .select_only()
        .columns([Column::Name, Column::StartedAt, Column::CompletedAt])
        .join(JoinType::InnerJoin, step::Relation::Job.def())
        .filter(Column::Name.is_in(names))
        .filter(Expr::cust(
            r#""provisioning_steps"."status" = 'completed' AND "provisioning_steps"."found" = FALSE"#,
        ))
        .filter(Column::Tries.eq(1))
        .filter(job::Column::JobType.eq(job_type))
        .filter(job::Column::Status.eq(JobStatus::Completed))
        .filter(made_by.eq(provisioner))
        .order_by_desc(Column::CompletedAt)
        .limit(limit);
    Ok(done.into_tuple().all(db).await?)
}
