//! Rows of inboxes, and of what people want in them. Whoever asks names the person whose they are.

use std::collections::HashMap;

use entity::{
    Timestamp,
    ids::{NotificationId, UserId},
    notification::{self, Column, Model, NotificationKind},
    notification_preference::{self as preference, NotificationChannel},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
    sea_query::{Expr, OnConflict},
};

use super::{
    NotificationFilter,
    preferences::{Choice, Choices},
};
use crate::{
    domain::{
        access::SystemAccess,
        cx::Cx,
        db::{self, Ordered},
        page::{Cursor, Listing, Window},
        rows,
    },
    error::Result,
};

/// Writes the notifications of a unit in one statement.
pub async fn insert(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    use sea_orm::ActiveModelTrait;
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all());
    notification::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// A person's notifications that match, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    user: UserId,
    filter: NotificationFilter,
    window: &Window,
) -> Result<Listing<Model>> {
    let order = Ordered {
        at: Column::CreatedAt,
        id: Column::Id,
        newest_first: true,
    };
    let matching = matching(user, filter);
    let found = rows::all(db, db::window(matching, &order, window)).await?;
    Ok(db::listing(found, window, |row: &Model| Cursor {
        at: row.created_at,
        id: row.id.0,
    }))
}

/// How many of a person's notifications match.
pub async fn count(
    db: &impl ConnectionTrait,
    user: UserId,
    filter: NotificationFilter,
) -> Result<u64> {
    rows::count(db, matching(user, filter)).await
}

fn matching(user: UserId, filter: NotificationFilter) -> Select<notification::Entity> {
    let NotificationFilter { unread_only } = filter;
    notification::Entity::find()
        .filter(Column::UserId.eq(user))
        .apply_if(unread_only.then_some(()), |query, ()| {
            query.filter(Column::ReadAt.is_null())
        })
}

/// One of a person's notifications.
pub async fn one(
    db: &impl ConnectionTrait,
    user: UserId,
    id: NotificationId,
) -> Result<Option<Model>> {
    let found = notification::Entity::find()
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(user));
    rows::one(db, found).await
}

/// Notes that a person has read one of their notifications; nothing when they had before, or when
/// there is none of theirs.
pub async fn mark_read(
    db: &impl ConnectionTrait,
    user: UserId,
    id: NotificationId,
    now: Timestamp,
) -> Result<Option<Model>> {
    let marked = notification::Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(user))
        .filter(Column::ReadAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(marked.into_iter().next())
}

/// Notes that a person has read all of their notifications up to one, or all there are; says which of
/// them they had not. The account's row must be locked.
pub async fn mark_all_read(
    db: &impl ConnectionTrait,
    user: UserId,
    up_to: Option<&Model>,
    now: Timestamp,
) -> Result<Vec<NotificationId>> {
    let mut marked = notification::Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(now))
        .filter(Column::UserId.eq(user))
        .filter(Column::ReadAt.is_null());
    if let Some(last) = up_to {
        let place = Expr::tuple([Expr::col(Column::CreatedAt), Expr::col(Column::Id)]);
        let end = Expr::tuple([Expr::value(last.created_at), Expr::value(last.id)]);
        marked = marked.filter(place.lte(end));
    }
    let mut marked = marked.exec_with_returning(db).await?;
    marked.sort_by_key(|row| (row.created_at, row.id));
    Ok(marked.into_iter().map(|row| row.id).collect())
}

/// What a person chose.
pub async fn choices(db: &impl ConnectionTrait, user: UserId) -> Result<Choices> {
    let rows: Vec<(NotificationKind, NotificationChannel, bool)> = preference::Entity::find()
        .select_only()
        .columns([
            preference::Column::Kind,
            preference::Column::Channel,
            preference::Column::Enabled,
        ])
        .filter(preference::Column::UserId.eq(user))
        .into_tuple()
        .all(db)
        .await?;
    let pair = |(kind, channel, enabled)| ((kind, channel), enabled);
    Ok(rows.into_iter().map(pair).collect::<HashMap<_, _>>())
}

/// Writes what a person chose, each thing once; the account's row must be locked.
pub async fn choose(
    cx: &Cx,
    db: &impl ConnectionTrait,
    user: UserId,
    choices: &[Choice],
) -> Result<()> {
    use preference::Column::{Channel, Enabled, Kind, UpdatedAt, UserId};
    use sea_orm::ActiveModelTrait;
    let rows = choices.iter().map(|choice| preference::Model {
        id: cx.new_id(),
        user_id: user,
        kind: choice.kind,
        channel: choice.channel,
        enabled: choice.enabled,
        updated_at: cx.now(),
    });
    let rows: Vec<_> = rows
        .map(|row| row.into_active_model().reset_all())
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let again = OnConflict::columns([UserId, Kind, Channel])
        .update_columns([Enabled, UpdatedAt])
        .to_owned();
    preference::Entity::insert_many(rows)
        .on_conflict(again)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Deletes up to `limit` notifications that were read before this; says how many.
pub async fn forget_read(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    before: Timestamp,
    limit: u64,
) -> Result<u64> {
    let old = notification::Entity::find()
        .filter(Column::ReadAt.lte(before))
        .limit(limit);
    delete(db, old).await
}

/// People who have more notifications than this; up to `limit` of them.
pub async fn hoarders(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    most: u64,
    limit: u64,
) -> Result<Vec<UserId>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(notification::Entity::find()
        .select_only()
        .column(Column::UserId)
        .group_by(Column::UserId)
        .having(Column::Id.count().gt(most))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// Deletes up to `limit` of a person's notifications beyond the newest `most`; says how many.
pub async fn forget_surplus(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    user: UserId,
    most: u64,
    limit: u64,
) -> Result<u64> {
    let surplus = notification::Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .offset(most)
        .limit(limit);
    delete(db, surplus).await
}

async fn delete(db: &impl ConnectionTrait, rows: Select<notification::Entity>) -> Result<u64> {
    let rows = rows.select_only().column(Column::Id);
    let ids: Vec<NotificationId> = rows.into_tuple().all(db).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let gone = notification::Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}
