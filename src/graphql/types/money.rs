//! Money.

use async_graphql::SimpleObject;

use super::scalars::{Decimal, Long};
use crate::domain::billing::money;

/// An amount of money in one currency.
#[derive(SimpleObject)]
pub struct Money {
    /// The amount in the currency's smallest unit, e.g. cents. Calculate with this.
    amount_minor: Long,
    /// The amount as a decimal number with the currency's decimal places. Show this.
    amount: Decimal,
    /// ISO 4217 code of the currency, e.g. `USD`.
    currency: String,
}

impl Money {
    /// So many minor units of a currency.
    pub fn new(minor: i64, currency: &str) -> Self {
        Self {
            amount_minor: Long(minor),
            amount: Decimal(money::decimal(minor, currency)),
            currency: currency.to_owned(),
        }
    }
}
