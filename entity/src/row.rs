//! Reading rows by the place of their columns. Models are read by name otherwise: a name is put
//! together and searched for in every row for every value, which was most of the work of reading a
//! list.

use std::borrow::Cow;

use sea_orm::{
    ActiveEnum, DbErr, QueryResult, RuntimeErr, TryGetable,
    sqlx::{Decode, Postgres, Row as _, error::BoxDynError, postgres::PgValueRef},
};
use uuid::Uuid;

/// What can be read from columns that stand side by side.
pub trait Row: Sized + Send {
    /// How many columns.
    const WIDTH: usize;

    /// The columns, for a `SELECT`.
    fn columns() -> Cow<'static, str>;

    /// Reads them; `first` is the place of the first one.
    fn read(row: &QueryResult, first: usize) -> Result<Self, DbErr>;
}

/// A column's value. The driver of `PostgreSQL` is not asked whether the types fit: that, and putting an
/// error together for every NULL, took longer than to read the value. The columns are those of our own
/// migrations, and bytes that make no such value are an error all the same.
pub fn value<T>(row: &QueryResult, place: usize) -> Result<T, DbErr>
where
    T: TryGetable + for<'r> Decode<'r, Postgres>,
{
    match row.try_as_pg_row() {
        Some(row) => row
            .try_get_unchecked(place)
            .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into()))),
        None => row.try_get_by_index(place),
    }
}

/// The rows of two joined tables.
impl<A: Row, B: Row> Row for (A, B) {
    const WIDTH: usize = A::WIDTH + B::WIDTH;

    fn columns() -> Cow<'static, str> {
        format!("{}, {}", A::columns(), B::columns()).into()
    }

    fn read(row: &QueryResult, first: usize) -> Result<Self, DbErr> {
        Ok((A::read(row, first)?, B::read(row, first + A::WIDTH)?))
    }
}

/// The row of a table that was joined by `LEFT JOIN`, where there is one.
impl<R: Row> Row for Option<R> {
    const WIDTH: usize = R::WIDTH;

    fn columns() -> Cow<'static, str> {
        R::columns()
    }

    fn read(row: &QueryResult, first: usize) -> Result<Self, DbErr> {
        // The first column is the key, which no row is without.
        let key: Option<Uuid> = value(row, first)?;
        key.map(|_| R::read(row, first)).transpose()
    }
}

/// Makes a table's `Model` a [`Row`]; its key comes first.
macro_rules! row {
    ($table:literal: $first:ident $(, $field:ident)* $(,)?) => {
        impl $crate::row::Row for Model {
            const WIDTH: usize = [stringify!($first) $(, stringify!($field))*].len();

            fn columns() -> std::borrow::Cow<'static, str> {
                const COLUMNS: &str = concat!(
                    "\"", $table, "\".\"", stringify!($first), "\""
                    $(, ", \"", $table, "\".\"", stringify!($field), "\"")*
                );
                COLUMNS.into()
            }

            fn read(row: &sea_orm::QueryResult, first: usize) -> Result<Self, sea_orm::DbErr> {
                let mut places = first..;
                let mut place = || places.next().unwrap_or(usize::MAX);
                Ok(Self {
                    $first: $crate::row::value(row, place())?,
                    $($field: $crate::row::value(row, place())?,)*
                })
            }
        }
    };
}
pub(crate) use row;

/// Has [`value`] read enums that stand in their columns as words.
macro_rules! words {
    ($($name:ident),+ $(,)?) => {$(
        impl sea_orm::sqlx::Decode<'_, sea_orm::sqlx::Postgres> for $name {
            fn decode(
                value: sea_orm::sqlx::postgres::PgValueRef<'_>,
            ) -> Result<Self, sea_orm::sqlx::error::BoxDynError> {
                $crate::row::word(value)
            }
        }
    )+};
}
pub(crate) use words;

/// Reads what [`words`] are given.
pub(crate) fn word<E>(value: PgValueRef<'_>) -> Result<E, BoxDynError>
where
    E: ActiveEnum<Value = String>,
{
    let word = <String as Decode<'_, Postgres>>::decode(value)?;
    Ok(E::try_from_value(&word)?)
}
