//! What every `store.rs` reads with: rows by the place of their columns, and how many there are.

use entity::row::{Row, value};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, QuerySelect, QueryTrait,
    Select, SelectModel, Selector,
    sea_query::{Asterisk, Expr, ExprTrait, SubQueryStatement},
};

use crate::error::Result;

/// The rows of a query; what it selects is replaced by what `R` reads.
pub async fn all<E: EntityTrait, R: Row>(
    db: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Vec<R>> {
    let rows = reading::<E, R>(query).all(db).await?;
    Ok(rows.into_iter().map(|Read(row)| row).collect())
}

/// The first row of a query, if there is one; what it selects is replaced by what `R` reads.
pub async fn one<E: EntityTrait, R: Row>(
    db: &impl ConnectionTrait,
    query: Select<E>,
) -> Result<Option<R>> {
    let row = reading::<E, R>(query).one(db).await?;
    Ok(row.map(|Read(row)| row))
}

/// The rows of a page, and how many rows the whole query has, in one statement. A page without rows
/// does not tell.
pub async fn page_and_count<E: EntityTrait, R: Row>(
    db: &impl ConnectionTrait,
    page: Select<E>,
    whole: Select<E>,
) -> Result<(Vec<R>, Option<u64>)> {
    let count = whole.select_only().expr(Expr::col(Asterisk).count());
    let rows = page
        .select_only()
        .expr(Expr::cust(R::columns()))
        .expr(Expr::from(SubQueryStatement::from(count.into_query())))
        .into_model::<Counted<R>>()
        .all(db)
        .await?;
    let total = rows.first().map(|Counted(_, total)| *total);
    let rows = rows.into_iter().map(|Counted(row, _)| row).collect();
    Ok((rows, total.and_then(|total| u64::try_from(total).ok())))
}

struct Counted<R>(R, i64);

impl<R: Row> FromQueryResult for Counted<R> {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self(R::read(row, 0)?, value(row, R::WIDTH)?))
    }
}

fn reading<E: EntityTrait, R: Row>(query: Select<E>) -> Selector<SelectModel<Read<R>>> {
    let columns = Expr::cust(R::columns());
    query.select_only().expr(columns).into_model()
}

struct Read<R>(R);

impl<R: Row> FromQueryResult for Read<R> {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        R::read(row, 0).map(Self)
    }
}

/// How many rows a query has.
pub async fn count<E: EntityTrait>(db: &impl ConnectionTrait, rows: Select<E>) -> Result<u64> {
    let counted: Option<i64> = rows
        .select_only()
        .expr(Expr::col(Asterisk).count())
        .into_tuple()
        .one(db)
        .await?;
    Ok(u64::try_from(counted.unwrap_or_default()).unwrap_or_default())
}

/// The keys, the last one repeated up to the next power of two: statements that ask for a few keys
/// more or less are then the same statement to the database.
pub fn padded<K: Copy>(keys: &[K]) -> impl Iterator<Item = K> {
    let last = keys.last().copied();
    let length = if keys.is_empty() {
        0
    } else {
        keys.len().next_power_of_two()
    };
    keys.iter()
        .copied()
        .chain(std::iter::from_fn(move || last))
        .take(length)
}
