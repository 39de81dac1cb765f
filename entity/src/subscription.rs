//! `subscriptions`: what each tenant is subscribed to; one row per tenant.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{PlanId, SubscriptionId, TenantId},
};

/// Where a subscription stands (spec section 4 plus the legacy `past_due`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Free until `trial_ends_at`.
    Trial,
    /// Paid for.
    Active,
    /// A payment failed; the provider is trying again.
    PastDue,
    /// Ended on request.
    Cancelled,
    /// Ended unpaid.
    Expired,
}

/// How often a subscription is paid.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum BillingPeriod {
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

/// Who collects the money.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    /// Stripe, or the sandbox that stands in for it.
    Stripe,
    /// `LiqPay`.
    Liqpay,
    /// `PayPal`.
    Paypal,
}

/// A tenant's subscription.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscriptions")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SubscriptionId,
    /// Whose; unique.
    #[sea_orm(unique)]
    pub tenant_id: TenantId,
    /// To what.
    pub plan_id: PlanId,
    /// The stored state; a trial past its end counts as expired (`billing::lifecycle`).
    pub status: SubscriptionStatus,
    /// How often it is paid.
    pub billing_period: BillingPeriod,
    /// End of the trial, if there was one.
    pub trial_ends_at: Option<Timestamp>,
    /// Start of the period that is paid for or tried.
    pub current_period_start: Timestamp,
    /// End of that period.
    pub current_period_end: Timestamp,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    /// When its cancellation was asked for.
    pub cancelled_at: Option<Timestamp>,
    /// Why, in the customer's words.
    pub cancel_reason: Option<String>,
    /// Who collects the money.
    pub payment_provider: Option<PaymentProvider>,
    /// The provider's id of the subscription.
    pub external_subscription_id: Option<String>,
    /// The provider's id of the customer.
    pub external_customer_id: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// To what.
    #[sea_orm(
        belongs_to = "super::plan::Entity",
        from = "Column::PlanId",
        to = "super::plan::Column::Id",
        on_delete = "Restrict"
    )]
    Plan,
    /// Whose.
    #[sea_orm(
        belongs_to = "super::tenant::Entity",
        from = "Column::TenantId",
        to = "super::tenant::Column::Id",
        on_delete = "Cascade"
    )]
    Tenant,
}

impl Related<super::plan::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Plan.def()
    }
}

impl Related<super::tenant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tenant.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "subscriptions":
    id, tenant_id, plan_id, status, billing_period, trial_ends_at, current_period_start,
    current_period_end, cancel_at_period_end, cancelled_at, cancel_reason, payment_provider,
    external_subscription_id, external_customer_id, created_at, updated_at
);
crate::row::words!(SubscriptionStatus, BillingPeriod, PaymentProvider);
