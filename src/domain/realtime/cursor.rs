//! Where a client is in the streams it hears: opaque text that names the streams and a place in each.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::ids::{TenantId, UserId};
use uuid::Uuid;

use crate::domain::event::Stream;

/// The first byte, so that another form may follow.
const VERSION: u8 = 1;
const USER: u8 = 1;
const TENANT: u8 = 2;
/// A kind, an id and a number.
const PART: usize = 1 + 16 + 8;

/// A place in a person's stream, in a tenant's stream, or in both (ruling 28).
///
/// It is no secret and no permission: whose streams it names is compared with who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The last event of the person's stream that was heard.
    pub user: Option<(UserId, i64)>,
    /// The last event of the tenant's stream that was heard.
    pub tenant: Option<(TenantId, i64)>,
}

impl Cursor {
    /// A place in one stream.
    pub fn of(stream: Stream, seq: i64) -> Self {
        let mut cursor = Self::default();
        cursor.move_to(stream, seq);
        cursor
    }

    /// Places in several streams.
    pub fn of_all(places: impl IntoIterator<Item = (Stream, i64)>) -> Self {
        let mut cursor = Self::default();
        for (stream, seq) in places {
            cursor.move_to(stream, seq);
        }
        cursor
    }

    /// Goes on to a place in one of the streams.
    pub fn move_to(&mut self, stream: Stream, seq: i64) {
        match stream {
            Stream::User(id) => self.user = Some((id, seq)),
            Stream::Tenant(id) => self.tenant = Some((id, seq)),
        }
    }

    /// The place in one of the streams, if it names one there.
    pub fn place_in(&self, stream: Stream) -> Option<i64> {
        match stream {
            Stream::User(id) => self.user.filter(|(it, _)| *it == id).map(|(_, seq)| seq),
            Stream::Tenant(id) => self.tenant.filter(|(it, _)| *it == id).map(|(_, seq)| seq),
        }
    }

    /// Reads what a client gives back; `None` for what is no cursor.
    pub fn parse(text: &str) -> Option<Self> {
        // Longer than any, so that nonsense of any size costs nothing.
        if text.len() > 2 * (1 + 2 * PART) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (VERSION, parts) = bytes.split_first().map(|(first, rest)| (*first, rest))? else {
            return None;
        };
        let parts = parts.chunks(PART).map(part);
        let mut cursor = Self::default();
        for part in parts {
            let (kind, id, seq) = part?;
            let twice = match kind {
                USER => cursor.user.replace((UserId(id), seq)).is_some(),
                TENANT => cursor.tenant.replace((TenantId(id), seq)).is_some(),
                _ => return None,
            };
            if twice {
                return None;
            }
        }
        (cursor != Self::default()).then_some(cursor)
    }
}

fn part(bytes: &[u8]) -> Option<(u8, Uuid, i64)> {
    let (kind, rest) = bytes.split_first()?;
    let (id, seq) = rest.split_at_checked(16)?;
    let seq = i64::from_be_bytes(seq.try_into().ok()?);
    (seq >= 0).then_some((*kind, Uuid::from_slice(id).ok()?, seq))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.map(|(id, seq)| (USER, id.0, seq));
        let tenant = self.tenant.map(|(id, seq)| (TENANT, id.0, seq));
        let mut bytes = Vec::with_capacity(1 + 2 * PART);
        bytes.push(VERSION);
        for (kind, id, seq) in user.into_iter().chain(tenant) {
            bytes.push(kind);
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&seq.to_be_bytes());
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Option<(Uuid, i64)>> {
        prop::option::of((any::<u128>().prop_map(Uuid::from_u128), 0..=i64::MAX))
    }

    proptest! {
        #[test]
        fn every_cursor_is_read_back(user in place(), tenant in place()) {
            let cursor = Cursor {
                user: user.map(|(id, seq)| (UserId(id), seq)),
                tenant: tenant.map(|(id, seq)| (TenantId(id), seq)),
            };
            let read = Cursor::parse(&cursor.to_string());
            prop_assert_eq!(read, (cursor != Cursor::default()).then_some(cursor));
        }

        #[test]
        fn nonsense_is_no_cursor_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "\\PC*") {
            if let Some(cursor) = Cursor::parse(&URL_SAFE_NO_PAD.encode(bytes)) {
                prop_assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
            }
            Cursor::parse(&text);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = Cursor::of(Stream::User(UserId(Uuid::nil())), 7).to_string();
        let both = |text: &str| Cursor::parse(text).is_some();
        assert!(both(&good));
        let long = "A".repeat(1_000_000);
        for bad in [
            "",
            "A",
            "AQ",
            "null",
            &good[1..],
            &good[..good.len() - 2],
            &long,
        ] {
            assert!(!both(bad), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
