//! `plans`: tariffs.

use sea_orm::entity::prelude::*;

use crate::{Timestamp, ids::PlanId};

/// A tariff. Money is in minor units of `currency`; a limit of `None` means unlimited.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plans")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PlanId,
    /// Display name.
    pub name: String,
    /// Stable short name; unique.
    #[sea_orm(unique)]
    pub slug: String,
    /// One sentence for the price page.
    pub description: String,
    /// Price per month in minor units.
    pub price_monthly: i64,
    /// Price per year in minor units.
    pub price_yearly: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the plan offers: a list of sentences, or whatever JSON an operator stored.
    #[sea_orm(column_type = "JsonBinary")]
    pub features: Json,
    /// How many members a tenant may have.
    pub max_users: Option<i32>,
    /// How much storage a tenant may use, in GB.
    pub max_storage_gb: Option<i32>,
    /// Length of the free trial in days, for the plan that new tenants start on.
    pub trial_days: Option<i32>,
    /// Whether it is on offer.
    pub is_active: bool,
    /// Place in the list, lowest first.
    pub sort_order: i32,
    /// When the plan was made.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who is subscribed to it.
    #[sea_orm(has_many = "super::subscription::Entity")]
    Subscription,
}

impl Related<super::subscription::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Subscription.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "plans":
    id, name, slug, description, price_monthly, price_yearly, currency, features, max_users,
    max_storage_gb, trial_days, is_active, sort_order, created_at, updated_at
);
