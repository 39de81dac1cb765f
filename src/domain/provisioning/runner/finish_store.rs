//! The ends of jobs: by compare-and-set, so that what was called off never completes, and what has
//! completed is never called off.

use entity::{
    Timestamp,
    provisioning_job::{self as job, Column, JobStatus},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    claim_store::{held, wanted},
    hold::Hold,
};
use crate::error::Result;

/// Writes the end of a job that is ours and wanted; `false`, and nothing written, when it is not.
pub async fn end(db: &impl ConnectionTrait, hold: Hold, ended: &job::Model) -> Result<bool> {
    let written = job::Entity::update_many()
        .col_expr(Column::Status, Expr::value(ended.status))
        .col_expr(Column::Progress, Expr::value(ended.progress))
        .col_expr(Column::Message, Expr::value(ended.message.as_str()))
        .col_expr(Column::Error, Expr::value(ended.error.clone()))
        .col_expr(Column::ErrorClass, Expr::value(ended.error_class))
        .col_expr(Column::ErrorAdvice, Expr::value(ended.error_advice.clone()))
        .col_expr(Column::Result, Expr::value(ended.result.clone()))
        .col_expr(Column::ClaimedBy, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::CompletedAt, Expr::value(ended.completed_at))
        .col_expr(Column::UpdatedAt, Expr::value(ended.updated_at))
        .filter(wanted(hold))
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Writes that nothing is left to undo of a job that is ours; `false` when it is not.
pub async fn end_undo(db: &impl ConnectionTrait, hold: Hold, now: Timestamp) -> Result<bool> {
    let written = job::Entity::update_many()
        .col_expr(Column::UndoAttempt, Expr::value(None::<i32>))
        .col_expr(Column::ClaimedBy, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(held(hold))
        .filter(Column::UndoAttempt.is_not_null())
        .filter(Column::Status.ne(JobStatus::InProgress))
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Says how a job that was called off has left the site, unless it waits for its next attempt already.
pub async fn advise(db: &impl ConnectionTrait, hold: Hold, said: &str) -> Result<()> {
    job::Entity::update_many()
        .col_expr(Column::ErrorAdvice, Expr::value(said))
        .filter(held(hold))
        .filter(Column::Status.eq(JobStatus::Cancelled))
        .exec(db)
        .await?;
    Ok(())
}
