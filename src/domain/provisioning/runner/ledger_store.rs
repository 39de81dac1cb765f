//! The ledger, as the worker writes it that has the job: always together with the job's row, which
//! proves that it still does.

use entity::{
    Timestamp,
    ids::ProvisioningJobId,
    provisioning_job::{self as job, JobStatus, JobType},
    provisioning_step::{self as step, Column, StepStatus},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query},
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

/// Writes that nobody goes on with what an attempt has begun; the job's row was written in the same
/// transaction.
pub async fn fail_open(
    db: &impl ConnectionTrait,
    hold: Hold,
    attempt: i32,
    (why, now): (&str, Timestamp),
) -> Result<()> {
    step::Entity::update_many()
        .col_expr(Column::Status, Expr::value(StepStatus::Failed))
        .col_expr(Column::Error, Expr::value(why))
        .col_expr(Column::CompletedAt, Expr::value(now))
        .filter(Column::JobId.eq(hold.job_id))
        .filter(Column::Attempt.eq(attempt))
        .filter(Column::Status.is_in([StepStatus::Running, StepStatus::Undoing]))
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
    kind: (JobType, i32),
    since: Timestamp,
    names: &[String],
) -> Result<Vec<String>> {
    let begun = begun_by_others(hold, kind, since)
        .select_only()
        .column(Column::Name)
        .distinct()
        .filter(Column::Name.is_in(names));
    Ok(begun.into_tuple().all(db).await?)
}

/// The plan of the last of these attempts.
pub async fn plan_before(
    db: &impl ConnectionTrait,
    hold: Hold,
    kind: (JobType, i32),
    since: Timestamp,
) -> Result<Vec<step::Model>> {
    let last = begun_by_others(hold, kind, since)
        .select_only()
        .columns([Column::JobId, Column::Attempt])
        .order_by_desc(Column::StartedAt)
        .limit(1);
    let last: Option<(ProvisioningJobId, i32)> = last.into_tuple().one(db).await?;
    let Some((job_id, attempt)) = last else {
        return Ok(Vec::new());
    };
    let of = Hold { job_id, ..hold };
    steps(db, of, attempt).await
}

/// Whether another attempt than this one, at a job of any type, has begun something for this tenant since
/// then that changes the site, cannot be undone and was left behind with the job. What a job has done that
/// was called off is whole, unless what it did before stays, too.
pub async fn left_unfinished(
    db: &impl ConnectionTrait,
    hold: Hold,
    attempt: i32,
    since: Timestamp,
) -> Result<bool> {
    let jobs = Query::select()
        .column(job::Column::Id)
        .from(job::Entity)
        .and_where(job::Column::TenantId.eq(hold.tenant_id))
        .to_owned();
    let kept = Query::select()
        .column(Column::JobId)
        .from(step::Entity)
        .and_where(Column::JobId.in_subquery(jobs))
        .and_where(Column::Undoable.eq(true))
        .and_where(Column::Status.eq(StepStatus::Completed))
        .to_owned();
    let given_up = job::Column::Status
        .ne(JobStatus::Cancelled)
        .or(Column::Status.ne(StepStatus::Completed))
        .or(Column::JobId.in_subquery(kept));
    let found = begun_since(hold, attempt, since)
        .filter(Column::Undoable.eq(false))
        .filter(Column::Harmless.eq(false))
        .filter(given_up);
    Ok(rows::count(db, found).await? > 0)
}

/// The steps of the last attempt since then, at a job that did not complete, that has left word of whether
/// the site is open, or undone what it did.
pub async fn last_word(
    db: &impl ConnectionTrait,
    hold: Hold,
    since: Timestamp,
) -> Result<Vec<step::Model>> {
    let said = Expr::cust(r#"("provisioning_steps"."facts" ->> 'serving') IS NOT NULL"#);
    let undone = Column::Undoable
        .eq(true)
        .and(Column::Status.eq(StepStatus::Undone));
    let last = step::Entity::find()
        .select_only()
        .columns([Column::JobId, Column::Attempt])
        .join(JoinType::InnerJoin, step::Relation::Job.def())
        .filter(job::Column::TenantId.eq(hold.tenant_id))
        .filter(job::Column::Status.ne(JobStatus::Completed))
        .filter(Column::StartedAt.gte(since))
        .filter(said.or(undone))
        .order_by_desc(Column::StartedAt)
        .limit(1);
    let last: Option<(ProvisioningJobId, i32)> = last.into_tuple().one(db).await?;
    let Some((job_id, attempt)) = last else {
        return Ok(Vec::new());
    };
    steps(db, Hold { job_id, ..hold }, attempt).await
}

/// Steps of this tenant that were begun since then in jobs that did not complete, and not undone, except
/// those of this attempt.
fn begun_since(hold: Hold, attempt: i32, since: Timestamp) -> Select<step::Entity> {
    let this_attempt = Column::JobId
        .eq(hold.job_id)
        .and(Column::Attempt.eq(attempt));
    step::Entity::find()
        .join(JoinType::InnerJoin, step::Relation::Job.def())
        .filter(job::Column::TenantId.eq(hold.tenant_id))
        .filter(job::Column::Status.ne(JobStatus::Completed))
        .filter(Column::Tries.gt(0))
        .filter(Column::Status.ne(StepStatus::Undone))
        .filter(Column::StartedAt.gte(since))
        .filter(this_attempt.not())
}

/// The same in jobs of one type.
fn begun_by_others(
    hold: Hold,
    (job_type, attempt): (JobType, i32),
    since: Timestamp,
) -> Select<step::Entity> {
    begun_since(hold, attempt, since).filter(job::Column::JobType.eq(job_type))
}

/// Writes the last word about the steps of an attempt that was called off: what nobody could tell anything
/// of is given up, and with a site that is gone goes what was done to it.
pub async fn close(
    db: &impl ConnectionTrait,
    hold: Hold,
    attempt: i32,
    site_is_gone: bool,
) -> Result<()> {
    let all = || {
        step::Entity::update_many()
            .filter(Column::JobId.eq(hold.job_id))
            .filter(Column::Attempt.eq(attempt))
    };
    if site_is_gone {
        use StepStatus::{Completed, Failed, Running};
        all()
            .col_expr(Column::Status, Expr::value(StepStatus::Undone))
            .filter(Column::Status.is_in([Running, Completed, Failed]))
            .filter(Column::Undoable.eq(false))
            .filter(Column::Tries.gt(0))
            .exec(db)
            .await?;
    }
    // It was only looked at.
    all()
        .col_expr(Column::Status, Expr::value(StepStatus::Pending))
        .filter(Column::Status.eq(StepStatus::Running))
        .filter(Column::Tries.eq(0))
        .exec(db)
        .await?;
    let stopped = Expr::value("It was stopped when the job was called off.");
    let why = Func::coalesce([Expr::col(Column::Error), stopped]);
    all()
        .col_expr(Column::Status, Expr::value(StepStatus::Failed))
        .col_expr(Column::Error, why.into())
        .filter(Column::Status.is_in([StepStatus::Running, StepStatus::Undoing]))
        .exec(db)
        .await?;
    Ok(())
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
