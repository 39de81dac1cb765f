//! What a tenant is subscribed to.

use entity::{
    Timestamp, plan,
    subscription::{self, BillingPeriod, PaymentProvider, SubscriptionStatus},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Limits, Money, Plan, Time};
use crate::domain::billing;

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
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

impl From<SubscriptionStatus> for Status {
    fn from(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Trial => Self::Trial,
            SubscriptionStatus::Active => Self::Active,
            SubscriptionStatus::PastDue => Self::PastDue,
            SubscriptionStatus::Cancelled => Self::Cancelled,
            SubscriptionStatus::Expired => Self::Expired,
        }
    }
}

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

impl From<BillingPeriod> for Period {
    fn from(period: BillingPeriod) -> Self {
        match period {
            BillingPeriod::Monthly => Self::Monthly,
            BillingPeriod::Yearly => Self::Yearly,
        }
    }
}

/// Who collects the money.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentProvider)]
pub enum Provider {
    /// Stripe.
    Stripe,
    /// LiqPay.
    Liqpay,
    /// PayPal.
    Paypal,
}

impl From<PaymentProvider> for Provider {
    fn from(provider: PaymentProvider) -> Self {
        match provider {
            PaymentProvider::Stripe => Self::Stripe,
            PaymentProvider::Liqpay => Self::Liqpay,
            PaymentProvider::Paypal => Self::Paypal,
        }
    }
}

/// A tenant's subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    id: Uuid,
    tenant_id: Uuid,
    plan_id: Uuid,
    /// The same as `plan.name`.
    #[schema(example = "Trial")]
    plan_name: String,
    #[schema(inline)]
    status: Status,
    #[schema(inline)]
    billing_period: Period,
    /// The plan's price for one billing period.
    amount: Money,
    /// ISO 4217 code of the amount.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    currency: String,
    #[schema(required)]
    trial_ends_at: Option<Time>,
    /// The same as `trial_ends_at`.
    #[schema(required)]
    trial_end: Option<Time>,
    current_period_start: Time,
    current_period_end: Time,
    /// Days until the trial or period ends; 0 on the last day and after it.
    days_left: i64,
    /// Whether it ends with the period instead of renewing.
    cancel_at_period_end: bool,
    #[schema(required)]
    cancelled_at: Option<Time>,
    /// The same as `cancelled_at`.
    #[schema(required)]
    canceled_at: Option<Time>,
    #[schema(required)]
    cancel_reason: Option<String>,
    #[schema(required)]
    payment_provider: Option<Provider>,
    #[schema(required)]
    external_subscription_id: Option<String>,
    #[schema(required)]
    external_customer_id: Option<String>,
    created_at: Time,
    updated_at: Time,
    /// What the plan includes.
    limits: Limits,
    plan: Plan,
}

impl Subscription {
    /// Shows a subscription as it stands at a moment.
    pub fn new(of: &subscription::Model, plan: &plan::Model, now: Timestamp) -> Self {
        let price = match of.billing_period {
            BillingPeriod::Monthly => plan.price_monthly,
            BillingPeriod::Yearly => plan.price_yearly,
        };
        Self {
            id: of.id.0,
            tenant_id: of.tenant_id.0,
            plan_id: of.plan_id.0,
            plan_name: plan.name.clone(),
            status: of.status.into(),
            billing_period: of.billing_period.into(),
            amount: Money::new(price, &plan.currency),
            currency: plan.currency.clone(),
            trial_ends_at: of.trial_ends_at.map(Time::from),
            trial_end: of.trial_ends_at.map(Time::from),
            current_period_start: of.current_period_start.into(),
            current_period_end: of.current_period_end.into(),
            days_left: billing::days_left(of, now),
            cancel_at_period_end: of.cancel_at_period_end,
            cancelled_at: of.cancelled_at.map(Time::from),
            canceled_at: of.cancelled_at.map(Time::from),
            cancel_reason: of.cancel_reason.clone(),
            payment_provider: of.payment_provider.map(Provider::from),
            external_subscription_id: of.external_subscription_id.clone(),
            external_customer_id: of.external_customer_id.clone(),
            created_at: of.created_at.into(),
            updated_at: of.updated_at.into(),
            limits: billing::limits(plan).into(),
            plan: plan.into(),
        }
    }
}
