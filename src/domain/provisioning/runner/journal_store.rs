//! Log lines and progress, as the worker writes them that has the job.

use entity::{provisioning_job as job, provisioning_log_line as line, provisioning_step as step};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{
    claim_store::{held, wanted},
    control::Phase,
    hold::Hold,
    journal::Batch,
};
use crate::{domain::cx::Cx, error::Result};

/// How many lines are written by one statement.
const LINES: usize = 500;

/// The number of the last line that is written; 0 where there is none.
pub async fn last(db: &impl ConnectionTrait, hold: Hold) -> Result<i64> {
    let last = line::Entity::find()
        .select_only()
        .column(line::Column::Seq)
        .filter(line::Column::JobId.eq(hold.job_id))
        .order_by_desc(line::Column::Seq)
        .limit(1);
    Ok(last.into_tuple().one(db).await?.unwrap_or_default())
}

/// Takes the job's row, so that nobody else gets hold of it before the commit, and notes how far the
/// job is; `false` when it is not ours any more or, while it is being done, not wanted.
pub async fn touch(
    cx: &Cx,
    db: &impl ConnectionTrait,
    hold: Hold,
    phase: Phase,
    progress: Option<i32>,
) -> Result<bool> {
    let mut update = job::Entity::update_many()
        .col_expr(job::Column::UpdatedAt, Expr::value(cx.now()))
        .filter(match phase {
            Phase::Doing => wanted(hold),
            Phase::Undoing => held(hold),
        });
    if let (Phase::Doing, Some(progress)) = (phase, progress) {
        update = update.col_expr(job::Column::Progress, Expr::value(progress));
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Writes a batch; `false`, and the transaction is to be forgotten, when the job is not ours.
pub async fn write(
    cx: &Cx,
    db: &impl ConnectionTrait,
    hold: Hold,
    phase: Phase,
    batch: &Batch,
) -> Result<bool> {
    let progress = batch.progress.map(|(job, _)| job);
    if !touch(cx, db, hold, phase, progress).await? {
        return Ok(false);
    }
    if let Some((_, Some((id, percent)))) = batch.progress {
        step::Entity::update_many()
            .col_expr(step::Column::Progress, Expr::value(percent))
            .filter(step::Column::Id.eq(id))
            .filter(step::Column::Status.eq(step::StepStatus::Running))
            .exec(db)
            .await?;
    }
    for lines in batch.lines.chunks(LINES) {
        let rows = lines
            .iter()
            .map(|line| line.clone().into_active_model().reset_all());
        line::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    if let Some(last) = batch.forget {
        line::Entity::delete_many()
            .filter(line::Column::JobId.eq(hold.job_id))
            .filter(line::Column::Seq.lte(last))
            .exec(db)
            .await?;
    }
    Ok(true)
}
