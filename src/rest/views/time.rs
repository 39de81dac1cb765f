//! Moments on the wire (`rest.md` 1.7).

use std::fmt;

use chrono::{SecondsFormat, Timelike};
use entity::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

/// RFC 3339 in UTC with suffix `Z`: microseconds, or none at all when they are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.nanosecond() < 1_000;
        let format = if whole {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        f.write_str(&self.0.to_rfc3339_opts(format, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([serde_json::json!("2026-01-09T12:00:00.123456Z")])
            .into()
    }
}

impl ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_is_left_out_when_zero() {
        let written = |text: &str| {
            let at: Timestamp = text.parse().expect("a time");
            serde_json::to_value(Time(at)).expect("a string")
        };
        assert_eq!(written("2026-01-09T12:00:00Z"), "2026-01-09T12:00:00Z");
        assert_eq!(
            written("2026-01-09T14:00:00.1+02:00"),
            "2026-01-09T12:00:00.100000Z"
        );
        assert_eq!(
            written("2026-01-09T12:00:00.123456Z"),
            "2026-01-09T12:00:00.123456Z"
        );
    }
}
