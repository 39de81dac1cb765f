//! What every `store.rs` shares: errors of the database in the domain's words, and pages applied to
//! queries.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel,
    Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, SqlErr, TryGetable,
    sea_query::{Expr, LikeExpr, LockType, Query, SelectStatement, UnionType},
};

use super::{
    page::{Cursor, Item, Keyset, Listing, Window},
    values::SearchTerm,
};
use crate::{
    error::{Error, Result},
    storage::Refusal,
};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

/// Why the database refuses what was to be written, if that is why something failed.
pub fn refusal(error: &Error) -> Option<Refusal> {
    match error {
        Error::Internal(cause) => Refusal::of(cause.downcast_ref()?),
        _ => None,
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

/// How rows are locked. Not `FOR UPDATE`: that also excludes the foreign-key checks of every row that
/// points here, which take their locks in an order nobody chose.
pub const ROW: LockType = LockType::NoKeyUpdate;

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

impl<A: ColumnTrait, I: ColumnTrait> Ordered<A, I> {
    /// The rows in the list's order, or against it when the window counts from the end.
    pub fn sort<Q: QueryOrder>(&self, query: Q, window: &Window) -> Q {
        let direction = self.direction(window);
        query
            .order_by(self.at, direction.clone())
            .order_by(self.id, direction)
    }

    fn direction(&self, window: &Window) -> Order {
        let backwards = matches!(window, Window::Keyset(keyset) if keyset.backwards);
        if self.newest_first == backwards {
            Order::Asc
        } else {
            Order::Desc
        }
    }

    /// Only the rows between the window's cursors.
    fn seek<Q: QueryFilter>(&self, query: Q, window: &Window) -> Q {
        let Window::Keyset(Keyset { after, before, .. }) = window else {
            return query;
        };
        let bounds = [(after, !self.newest_first), (before, self.newest_first)];
        bounds
            .into_iter()
            .filter_map(|(cursor, greater)| Some(beyond(self, (*cursor)?, greater)))
            .fold(query, QueryFilter::filter)
    }
}

/// Restricts a query to a window of the list, one row more than asked to see whether it goes on.
pub fn window<Q, A, I>(query: Q, order: &Ordered<A, I>, window: &Window) -> Q
where
    Q: QueryFilter + QueryOrder + QuerySelect,
    A: ColumnTrait,
    I: ColumnTrait,
{
    let query = order.sort(order.seek(query, window), window);
    match window {
        Window::All => query,
        Window::Offset(offset) => query.offset(offset.skip()).limit(offset.size() + 1),
        Window::Keyset(keyset) => query.limit(keyset.limit + 1),
    }
}

/// The ids of the rows in the same window of several lists: for loaders, which fetch the pages of many lists
/// with one statement; nothing where there is no list. Each list is a part of the statement by itself, so
/// that the database enters an index where its page begins, however long it is.
pub fn window_of_each<E, A, I>(
    lists: impl IntoIterator<Item = Select<E>>,
    order: &Ordered<A, I>,
    window: &Window,
) -> Option<SelectStatement>
where
    E: EntityTrait,
    A: ColumnTrait,
    I: ColumnTrait,
{
    let page = |rows: Select<E>| {
        let page = self::window(rows, order, window).select_only();
        page.column(order.id).into_query()
    };
    union_of(&lists.into_iter().map(page).collect::<Vec<_>>(), order.id)
}

/// The ids that any of these statements chooses, as many as there are; nothing where there is none.
pub fn union_of(parts: &[SelectStatement], id: impl ColumnTrait) -> Option<SelectStatement> {
    // SQLite takes 500 parts.
    const PARTS: usize = 400;
    let some = |parts: &[SelectStatement]| all_of(parts.to_vec(), id);
    all_of(parts.chunks(PARTS).filter_map(some).collect(), id)
}

/// What any of these chooses.
fn all_of(parts: Vec<SelectStatement>, id: impl ColumnTrait) -> Option<SelectStatement> {
    const PART: &str = "part";
    let part = |part| {
        let mut chosen = Query::select();
        chosen.column((PART, id)).from_subquery(part, PART);
        chosen
    };
    parts.into_iter().map(part).reduce(|mut all, part| {
        all.union(UnionType::All, part);
        all
    })
}

/// Compares the pair as one value: an index over both columns then leads to the place, however many
/// rows stand before it.
fn beyond<A, I>(order: &Ordered<A, I>, cursor: Cursor, greater: bool) -> Expr
where
    A: ColumnTrait,
    I: ColumnTrait,
{
    let place = Expr::tuple([order.at.into_expr(), order.id.into_expr()]);
    let cursor = Expr::tuple([Expr::value(cursor.at), Expr::value(cursor.id)]);
    if greater {
        place.gt(cursor)
    } else {
        place.lt(cursor)
    }
}

/// Makes a listing per group of the rows that [`window_of_each`] chose.
pub fn listings<T, K: Eq + Hash>(
    rows: Vec<T>,
    window: &Window,
    group: impl Fn(&T) -> K,
    place: impl Fn(&T) -> Cursor,
) -> HashMap<K, Listing<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(group(&row)).or_default().push(row);
    }
    groups
        .into_iter()
        .map(|(key, rows)| (key, listing(rows, window, &place)))
        .collect()
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
    let bounded = matches!(window, Window::Keyset(of) if of.after.is_some() || of.before.is_some());
    let whole = !bounded && !has_next && !has_previous;
    Listing {
        total: whole.then_some(items.len() as u64),
        items,
        has_next,
        has_previous,
    }
}

/// How many rows each group has, in one statement; a group without rows is not named.
pub async fn count_each<E, G, K>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    group: G,
) -> Result<HashMap<K, u64>>
where
    E: EntityTrait,
    G: ColumnTrait,
    K: TryGetable + Eq + Hash,
{
    let counted: Vec<(K, i64)> = rows
        .select_only()
        .column(group)
        .column_as(group.count(), "rows")
        .group_by(group)
        .into_tuple()
        .all(db)
        .await?;
    let natural = |n| u64::try_from(n).unwrap_or_default();
    Ok(counted
        .into_iter()
        .map(|(key, n)| (key, natural(n)))
        .collect())
}

/// What a row is found by: its texts in lower case.
pub fn search_text(texts: [&str; 2]) -> String {
    texts.map(str::to_lowercase).join("\n")
}

/// Whether the column, which holds [`search_text`], contains the term; `%` and `_` in it mean
/// themselves.
pub fn contains(column: impl ColumnTrait, term: &SearchTerm) -> Expr {
    let escaped = term
        .as_str()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    column.like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}
