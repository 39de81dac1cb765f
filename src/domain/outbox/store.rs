//! Rows of the outbox.

use entity::{Timestamp, ids::OutboxMessageId, outbox_message};
use outbox_message::Column;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, LockBehavior, LockType},
};

use crate::{
    domain::{cx::Cx, job::Job},
    error::{Error, Result},
};

/// Writes the jobs of a unit in one statement.
pub async fn insert(cx: &Cx, db: &impl ConnectionTrait, jobs: Vec<Job>) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let now = cx.now();
    let rows = jobs
        .into_iter()
        .map(|job| {
            Ok(outbox_message::ActiveModel {
                id: Set(cx.new_id()),
                kind: Set(job.kind().to_owned()),
                payload: Set(serde_json::to_value(&job).map_err(Error::internal)?),
                request_id: Set(Some(cx.request_id().to_owned())),
                attempts: Set(0),
                available_at: Set(now),
                claimed_until: Set(None),
                dead_at: Set(None),
                last_error: Set(None),
                created_at: Set(now),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    outbox_message::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Takes due rows nobody else has; rows another relay is just taking are passed over.
pub async fn claim(
    db: &impl ConnectionTrait,
    now: Timestamp,
    until: Timestamp,
    limit: u64,
    except: &[&str],
) -> Result<Vec<outbox_message::Model>> {
    let due = Condition::all()
        .add(Column::Kind.is_not_in(except.iter().copied()))
        .add(Column::DeadAt.is_null())
        .add(Column::AvailableAt.lte(now))
        .add(
            Column::ClaimedUntil
                .is_null()
                .or(Column::ClaimedUntil.lte(now)),
        );
    let ids: Vec<OutboxMessageId> = outbox_message::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(due)
        .order_by_asc(Column::AvailableAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(outbox_message::Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(until))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(ids))
        .exec_with_returning(db)
        .await?)
}

fn claimed(id: OutboxMessageId, attempt: i32) -> Condition {
    Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::Attempts.eq(attempt))
}

/// Forgets a row whose job is safe.
pub async fn delete(db: &impl ConnectionTrait, id: OutboxMessageId, attempt: i32) -> Result<()> {
    outbox_message::Entity::delete_many()
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a row back for a later attempt.
pub async fn postpone(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
    until: Timestamp,
    why: String,
) -> Result<()> {
    outbox_message::Entity::update_many()
        .col_expr(Column::AvailableAt, Expr::value(until))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a row up, and keeps it.
pub async fn bury(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    attempt: i32,
    now: Timestamp,
    why: String,
) -> Result<()> {
    outbox_message::Entity::update_many()
        .col_expr(Column::DeadAt, Expr::value(now))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::LastError, Expr::value(why))
        .filter(claimed(id, attempt))
        .exec(db)
        .await?;
    Ok(())
}

/// Rows that wait.
pub async fn pending(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(outbox_message::Entity::find()
        .filter(Column::DeadAt.is_null())
        .count(db)
        .await?)
}

/// Rows that were given up.
pub async fn dead(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(outbox_message::Entity::find()
        .filter(Column::DeadAt.is_not_null())
        .count(db)
        .await?)
}

/// Rows that wait, rows that were given up, and when the oldest that waits was written.
pub async fn backlog(db: &impl ConnectionTrait) -> Result<(u64, u64, Option<Timestamp>)> {
    let waits: Expr = Expr::case(Column::DeadAt.is_null(), Expr::col(Column::CreatedAt)).into();
    let row: Option<(i64, i64, Option<Timestamp>)> = outbox_message::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "messages")
        .column_as(Column::DeadAt.count(), "dead")
        .column_as(waits.min(), "oldest")
        .into_tuple()
        .one(db)
        .await?;
    let (all, dead, oldest) = row.unwrap_or_default();
    let natural = |n| u64::try_from(n).unwrap_or_default();
    Ok((natural(all - dead), natural(dead), oldest))
}
