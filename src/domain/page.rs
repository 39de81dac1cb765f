//! Pages: by cursor (GraphQL) and by number (REST). Pure; `db.rs` applies them to queries.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use entity::Timestamp;
use uuid::Uuid;

use crate::error::{Error, FieldError, Reason, Result};

/// Items on a page when the caller does not say.
pub const DEFAULT_SIZE: u64 = 20;
/// Most items on a page.
pub const MAX_SIZE: u64 = 100;
/// The last page that can be asked for by number; beyond it lies nothing but overflow.
const MAX_PAGE: u64 = 1_000_000_000;

/// A place in a list that is ordered by time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The time of the item at that place.
    pub at: Timestamp,
    /// Its id, which decides between items of the same time.
    pub id: Uuid,
}

impl fmt::Display for Cursor {
    /// Opaque text for clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.at.timestamp_micros().to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (at, id) = bytes.split_at(8);
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        // PostgreSQL's range; a cursor from elsewhere must not become a database error.
        (1970..=4_000)
            .contains(&chrono::Datelike::year(&at))
            .then_some(())?;
        Some(Self {
            at,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// So many items from a place on.
    Keyset(Keyset),
    /// A page by its number.
    Offset(Offset),
    /// The whole list, for lists that are short by nature.
    All,
}

/// So many items, forwards from a place or backwards from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keyset {
    /// How many items, 0 to 100.
    pub limit: u64,
    /// Whether they are counted from the end of the list.
    pub backwards: bool,
    /// Only items behind this place.
    pub after: Option<Cursor>,
    /// Only items before this place.
    pub before: Option<Cursor>,
}

impl Keyset {
    /// As many items from the start as one may ask for.
    pub fn longest() -> Self {
        Self {
            limit: MAX_SIZE,
            backwards: false,
            after: None,
            before: None,
        }
    }

    /// Reads Relay's four arguments; a page of 20 when none says otherwise, at most 100.
    pub fn new(
        first: Option<i64>,
        after: Option<&str>,
        last: Option<i64>,
        before: Option<&str>,
    ) -> Result<Self> {
        let mut wrong = Vec::new();
        if first.is_some() && last.is_some() {
            wrong.push(FieldError::new("last", Reason::MutuallyExclusive));
        }
        let mut size = |field: &'static str, asked: Option<i64>| {
            let size = asked.map(u64::try_from);
            if matches!(size, Some(Err(_))) || matches!(size, Some(Ok(n)) if n > MAX_SIZE) {
                wrong.push(FieldError {
                    field: field.into(),
                    reason: Reason::OutOfRange,
                    message: format!("Ask for 0 to {MAX_SIZE} items."),
                });
            }
            size.and_then(Result::ok)
        };
        let (first, last) = (size("first", first), size("last", last));
        let mut place = |field: &'static str, text: Option<&str>| {
            let cursor = text.map(Cursor::parse);
            if matches!(cursor, Some(None)) {
                wrong.push(FieldError::new(field, Reason::InvalidCursor));
            }
            cursor.flatten()
        };
        let (after, before) = (place("after", after), place("before", before));
        if !wrong.is_empty() {
            return Err(Error::InvalidInput(wrong));
        }
        let limit = first.or(last).unwrap_or(DEFAULT_SIZE);
        Ok(Self {
            limit,
            backwards: last.is_some(),
            after,
            before,
        })
    }
}

/// A page by its number, clamped rather than refused (REST contract section 1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Offset {
    page: u64,
    size: u64,
}

impl Offset {
    /// Pages count from 1; a size is 1 to 100.
    pub fn new(page: i64, size: i64) -> Self {
        let clamp = |n: i64, max: u64| u64::try_from(n).unwrap_or(1).clamp(1, max);
        Self {
            page: clamp(page, MAX_PAGE),
            size: clamp(size, MAX_SIZE),
        }
    }

    /// The page's number, from 1.
    pub fn page(self) -> u64 {
        self.page
    }

    /// Items on a page.
    pub fn size(self) -> u64 {
        self.size
    }

    /// Items before the page.
    pub fn skip(self) -> u64 {
        (self.page - 1) * self.size
    }
}

/// An item and its place in the list.
#[derive(Clone, Debug)]
pub struct Item<T, C = Cursor> {
    /// Where the item stands.
    pub cursor: C,
    /// The item.
    pub node: T,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Listing<T, C = Cursor> {
    /// The items, in the list's order.
    pub items: Vec<Item<T, C>>,
    /// Whether the list goes on behind them.
    pub has_next: bool,
    /// Whether something stands before them.
    pub has_previous: bool,
    /// How many items the whole list has, if this part is the whole and so tells.
    pub total: Option<u64>,
}

/// An empty list.
impl<T, C> Default for Listing<T, C> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            has_next: false,
            has_previous: false,
            total: Some(0),
        }
    }
}

impl<T> Listing<T> {
    /// How many items the whole list has; counted only if this part does not tell.
    pub fn total_or<F>(&self, count: F) -> impl Future<Output = Result<u64>> + Send + use<F, T>
    where
        F: Future<Output = Result<u64>> + Send,
    {
        let total = self.total;
        async move {
            match total {
                Some(total) => Ok(total),
                None => count.await,
            }
        }
    }

    /// The same part of the list, of other items.
    pub fn map<U>(self, other: impl Fn(T) -> U) -> Listing<U> {
        let change = |Item { cursor, node }| Item {
            cursor,
            node: other(node),
        };
        Listing {
            items: self.items.into_iter().map(change).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
            total: self.total,
        }
    }
}

impl<T, C> Listing<T, C> {
    /// The items without their places.
    pub fn into_nodes(self) -> Vec<T> {
        self.items.into_iter().map(|item| item.node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_wrote() {
        let at = DateTime::from_timestamp_micros(1_767_960_000_123_456).unwrap();
        let cursor = Cursor {
            at,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        assert_eq!(Cursor::parse("garbage"), None);
        assert_eq!(Cursor::parse(&URL_SAFE_NO_PAD.encode([0xff; 24])), None);
    }

    #[test]
    fn pages_are_clamped() {
        assert_eq!(
            (Offset::new(-3, 0).page(), Offset::new(-3, 0).size()),
            (1, 1)
        );
        assert_eq!(Offset::new(1, 1_000).size(), MAX_SIZE);
        assert!(i64::try_from(Offset::new(i64::MAX, 100).skip()).is_ok());
    }
}
