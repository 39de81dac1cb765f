//! Rows of remembered answers.

use entity::{Timestamp, idempotency_record as record, ids::IdempotencyRecordId};
use record::Column;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use serde_json::Value;

use super::Claim;
use crate::{
    domain::cx::Cx,
    error::{Error, Reason, Result},
};

/// The record of a key, unless its time is over.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<record::Model>> {
    Ok(record::Entity::find()
        .filter(Column::Actor.eq(&claim.actor))
        .filter(Column::IdempotencyKey.eq(&claim.key.0))
        .filter(Column::ExpiresAt.gt(now))
        .one(db)
        .await?)
}

/// Takes the key in the transaction that is to have the effect, or what is left of it after its
/// time. Waits for a twin that holds it, so long as the claim has patience.
pub async fn claim(cx: &Cx, db: &impl ConnectionTrait, claim: &Claim) -> Result<()> {
    let Claim {
        actor,
        key,
        fingerprint,
        expires_at,
        ..
    } = claim;
    let now = cx.now();
    let row = record::ActiveModel {
        id: Set(cx.new_id()),
        actor: Set(actor.clone()),
        idempotency_key: Set(key.0.clone()),
        fingerprint: Set(fingerprint.to_vec()),
        response: Set(None),
        created_at: Set(now),
        expires_at: Set(*expires_at),
    };
    let over = Expr::col((record::Entity, Column::ExpiresAt)).lte(now);
    let taken = OnConflict::columns([Column::Actor, Column::IdempotencyKey])
        .update_columns([
            Column::Fingerprint,
            Column::Response,
            Column::CreatedAt,
            Column::ExpiresAt,
        ])
        .action_and_where(over)
        .to_owned();
    let insert = record::Entity::insert(row)
        .on_conflict(taken)
        .exec_without_returning(db);
    let in_progress = || Error::Conflict(Reason::IdempotencyInProgress);
    let rows = tokio::time::timeout(claim.patience(), insert)
        .await
        .map_err(|_| in_progress())??;
    if rows == 0 {
        return Err(in_progress());
    }
    Ok(())
}

/// Writes the answer beside the effect.
pub async fn keep(db: &impl ConnectionTrait, claim: &Claim, answer: Value) -> Result<()> {
    record::Entity::update_many()
        .col_expr(Column::Response, Expr::value(answer))
        .filter(Column::Actor.eq(&claim.actor))
        .filter(Column::IdempotencyKey.eq(&claim.key.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets up to `limit` answers whose time is over; returns how many.
pub async fn forget_expired(cx: &Cx, limit: u64) -> Result<u64> {
    cx.system_access()?;
    let ids: Vec<IdempotencyRecordId> = record::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ExpiresAt.lte(cx.now()))
        .limit(limit)
        .into_tuple()
        .all(cx.db())
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let gone = record::Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .filter(Column::ExpiresAt.lte(cx.now()))
        .exec(cx.db())
        .await?;
    Ok(gone.rows_affected)
}
