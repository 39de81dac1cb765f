//! Rows of the outbox that were given up.

use entity::{Timestamp, ids::OutboxMessageId, outbox_message};
use outbox_message::Column;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::Expr,
};
use serde_json::Value;

use crate::{domain::db, error::Result};

/// Those that were given up last.
pub async fn latest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<outbox_message::Model>> {
    Ok(outbox_message::Entity::find()
        .filter(Column::DeadAt.is_not_null())
        .order_by_desc(Column::DeadAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

/// One of them.
pub async fn find(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
) -> Result<Option<outbox_message::Model>> {
    Ok(outbox_message::Entity::find_by_id(id)
        .filter(Column::DeadAt.is_not_null())
        .one(db)
        .await?)
}

/// Writes one.
pub async fn insert(db: &impl ConnectionTrait, row: outbox_message::Model) -> Result<()> {
    db::insert::<outbox_message::Entity>(db, row).await?;
    Ok(())
}

/// Makes one due, as if it had never been tried; whether it was there.
pub async fn revive(
    db: &impl ConnectionTrait,
    id: OutboxMessageId,
    kind: &str,
    payload: Value,
    now: Timestamp,
) -> Result<bool> {
    let updated = due(now)
        .col_expr(Column::Kind, Expr::value(kind))
        .col_expr(Column::Payload, Expr::value(payload))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Makes some due, except those of a kind; returns how many.
pub async fn revive_some(
    db: &impl ConnectionTrait,
    except: &str,
    now: Timestamp,
    limit: u64,
) -> Result<u64> {
    let some = outbox_message::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeadAt.is_not_null())
        .filter(Column::Kind.ne(except))
        .order_by_asc(Column::DeadAt)
        .limit(limit);
    let ids: Vec<OutboxMessageId> = some.into_tuple().all(db).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let updated = due(now).filter(Column::Id.is_in(ids)).exec(db).await?;
    Ok(updated.rows_affected)
}

fn due(now: Timestamp) -> UpdateMany<outbox_message::Entity> {
    outbox_message::Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::AvailableAt, Expr::value(now))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<Timestamp>))
        .col_expr(Column::SentAt, Expr::value(None::<Timestamp>))
        .col_expr(Column::DeadAt, Expr::value(None::<Timestamp>))
        .filter(Column::DeadAt.is_not_null())
}
