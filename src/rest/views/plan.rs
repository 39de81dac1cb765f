//! Tariffs and what they include.

use entity::plan;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Money, Time};
use crate::domain::billing;

/// What a plan includes; null means unlimited.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Limits {
    /// How many people may be in the tenant.
    #[schema(required, minimum = 0, example = 10)]
    max_users: Option<i32>,
    /// How much storage it may use, in GB.
    #[schema(required, minimum = 0, example = 100)]
    max_storage_gb: Option<i32>,
    /// The same as `max_users`.
    #[schema(required, minimum = 0, example = 10)]
    users: Option<i32>,
    /// The same as `max_storage_gb`.
    #[schema(required, minimum = 0, example = 100)]
    storage_gb: Option<i32>,
}

impl From<billing::Limits> for Limits {
    fn from(limits: billing::Limits) -> Self {
        let billing::Limits {
            max_users,
            max_storage_gb,
        } = limits;
        Self {
            max_users,
            max_storage_gb,
            users: max_users,
            storage_gb: max_storage_gb,
        }
    }
}

/// A tariff.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    id: Uuid,
    #[schema(example = "Professional")]
    name: String,
    #[schema(example = "professional")]
    slug: String,
    #[schema(example = "For growing businesses")]
    description: String,
    price_monthly: Money,
    price_yearly: Money,
    /// The same as `price_monthly`.
    monthly_price: Money,
    /// The same as `price_yearly`.
    yearly_price: Money,
    /// ISO 4217 code.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    currency: String,
    limits: Limits,
    /// The same as `limits.max_users`.
    #[schema(required, minimum = 0, example = 10)]
    max_users: Option<i32>,
    /// The same as `limits.max_storage_gb`.
    #[schema(required, minimum = 0, example = 100)]
    max_storage: Option<i32>,
    /// What the plan offers: usually a list of sentences.
    #[schema(value_type = Value, example = json!(["Priority support", "API access"]))]
    features: Value,
    is_active: bool,
    /// Place in the list, lowest first.
    sort_order: i32,
    created_at: Time,
    updated_at: Time,
}

impl From<&plan::Model> for Plan {
    fn from(plan: &plan::Model) -> Self {
        let limits = billing::limits(plan);
        let price = |minor| Money::new(minor, &plan.currency);
        Self {
            id: plan.id.0,
            name: plan.name.clone(),
            slug: plan.slug.clone(),
            description: plan.description.clone(),
            price_monthly: price(plan.price_monthly),
            price_yearly: price(plan.price_yearly),
            monthly_price: price(plan.price_monthly),
            yearly_price: price(plan.price_yearly),
            currency: plan.currency.clone(),
            limits: limits.into(),
            max_users: limits.max_users,
            max_storage: limits.max_storage_gb,
            features: plan.features.clone(),
            is_active: plan.is_active,
            sort_order: plan.sort_order,
            created_at: plan.created_at.into(),
            updated_at: plan.updated_at.into(),
        }
    }
}
