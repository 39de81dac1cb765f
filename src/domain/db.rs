//! What every `store.rs` shares: errors of the database in the domain's words, pages applied to
//! queries, and the count of statements.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait,
    IntoActiveModel, Order, QueryFilter, QueryOrder, QuerySelect, SqlErr,
    sea_query::{Expr, Func, LikeExpr},
};

use super::page::{Cursor, Item, Keyset, Listing, Window};
use crate::error::{Error, Result};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

/// Says, at the insert, what a violated unique constraint means.
pub trait OnUnique<T> {
    /// Turns a unique violation into `error`; other failures stay internal.
    fn on_unique(self, error: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> OnUnique<T> for Result<T, DbErr> {
    fn on_unique(self, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|failure| match failure.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => error(),
            _ => failure.into(),
        })
    }
}

/// Adds one row as it stands.
pub async fn insert<E>(db: &impl ConnectionTrait, row: E::Model) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    E::insert(row.into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// A list's order: by a time column, then by id.
#[derive(Clone, Copy)]
pub struct Ordered<A, I> {
    /// The time column.
    pub at: A,
    /// The id column, which decides between equal times.
    pub id: I,
    /// Whether the newest comes first.
    pub newest_first: bool,
}

/// Restricts a query to a window of the list, one row more than asked to see whether it goes on.
pub fn window<Q, A, I>(query: Q, order: &Ordered<A, I>, window: &Window) -> Q
where
    Q: QueryFilter + QueryOrder + QuerySelect,
    A: ColumnTrait,
    I: ColumnTrait,
{
    let backwards = matches!(window, Window::Keyset(keyset) if keyset.backwards);
    let direction = if order.newest_first == backwards {
        Order::Asc
    } else {
        Order::Desc
    };
    let query = query
        .order_by(order.at, direction.clone())
        .order_by(order.id, direction);
    match window {
        Window::All => query,
        Window::Offset(offset) => query.offset(offset.skip()).limit(offset.size() + 1),
        Window::Keyset(Keyset {
            limit,
            after,
            before,
            ..
        }) => {
            let mut query = query.limit(limit + 1);
            if let Some(cursor) = after {
                query = query.filter(beyond(order, *cursor, !order.newest_first));
            }
            if let Some(cursor) = before {
                query = query.filter(beyond(order, *cursor, order.newest_first));
            }
            query
        }
    }
}

fn beyond<A, I>(order: &Ordered<A, I>, cursor: Cursor, greater: bool) -> Condition
where
    A: ColumnTrait,
    I: ColumnTrait,
{
    let (later, same_time_later_id) = if greater {
        (order.at.gt(cursor.at), order.id.gt(cursor.id))
    } else {
        (order.at.lt(cursor.at), order.id.lt(cursor.id))
    };
    Condition::any().add(later).add(
        Condition::all()
            .add(order.at.eq(cursor.at))
            .add(same_time_later_id),
    )
}

/// Makes a listing of the rows that [`window`] fetched.
pub fn listing<T>(rows: Vec<T>, window: &Window, place: impl Fn(&T) -> Cursor) -> Listing<T> {
    let mut items: Vec<_> = rows
        .into_iter()
        .map(|node| Item {
            cursor: place(&node),
            node,
        })
        .collect();
    let mut cut = |limit: u64| {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        more
    };
    let (has_next, has_previous) = match window {
        Window::All => (false, false),
        Window::Offset(offset) => (cut(offset.size()), offset.page() > 1),
        Window::Keyset(keyset) => {
            let more = cut(keyset.limit);
            if keyset.backwards {
                items.reverse();
                (keyset.before.is_some(), more)
            } else {
                (more, keyset.after.is_some())
            }
        }
    };
    Listing {
        items,
        has_next,
        has_previous,
    }
}

/// A case-insensitive "contains" on both databases; `%` and `_` in the term mean themselves.
pub fn contains_any<C: ColumnTrait>(
    columns: impl IntoIterator<Item = C>,
    lower_case_term: &str,
) -> Condition {
    let escaped = lower_case_term
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let pattern = LikeExpr::new(format!("%{escaped}%")).escape('\\');
    columns.into_iter().fold(Condition::any(), |any, column| {
        any.add(Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(pattern.clone()))
    })
}

/// Counts the SQL statements that were sent.
#[derive(Clone, Debug, Default)]
pub struct StatementCounter(Arc<AtomicU64>);

impl StatementCounter {
    /// How many so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// What `SeaORM` calls after each statement.
    pub fn callback(&self) -> impl Fn(&sea_orm::metric::Info<'_>) + Send + Sync + 'static {
        let counter = self.0.clone();
        move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}
