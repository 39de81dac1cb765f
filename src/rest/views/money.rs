//! Money on the wire: JSON numbers, exact (ruling 6).

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::domain::billing::money;

/// An amount, written from minor units as a decimal number: never through binary floating point,
/// which has no 0.10.
#[derive(Clone, Debug)]
pub struct Money(Box<RawValue>);

impl Money {
    /// So many minor units of a currency.
    pub fn new(minor: i64, currency: &str) -> Self {
        let text = money::decimal(minor, currency);
        Self(RawValue::from_string(text).expect("digits with a point are a JSON number"))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(
                "An exact decimal number with the currency's decimal places.",
            ))
            .examples([serde_json::json!(99.00)])
            .into()
    }
}

impl ToSchema for Money {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_exactly() {
        let written = |minor, currency| {
            serde_json::to_string(&Money::new(minor, currency)).expect("a number")
        };
        assert_eq!(written(9_900, "USD"), "99.00");
        assert_eq!(written(10, "USD"), "0.10");
        assert_eq!(written(-5, "EUR"), "-0.05");
        assert_eq!(written(i64::MAX, "USD"), "92233720368547758.07");
    }
}
