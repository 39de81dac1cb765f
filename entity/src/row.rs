//! Reading rows by the place of their columns. Models are read by name otherwise: a name is put
//! together and searched for in every row for every value, which was most of the work of reading a
//! list.

use std::borrow::Cow;

use sea_orm::{DbErr, QueryResult};
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
        let key: Option<Uuid> = row.try_get_by_index(first)?;
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
                    $first: row.try_get_by_index(place())?,
                    $($field: row.try_get_by_index(place())?,)*
                })
            }
        }
    };
}
pub(crate) use row;
