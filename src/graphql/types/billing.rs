//! Plans, and what tenants are subscribed to.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};
use entity::{plan, subscription};

use super::{id, money::Money, scalars::DateTime};
use crate::{
    domain::billing,
    error::{Error, Subject},
    graphql::{context::Scope, error::Result, in_place::InPlace},
};

/// Where a subscription stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "subscription::SubscriptionStatus")]
pub enum SubscriptionStatus {
    /// Free until `trialEndsAt`.
    Trial,
    /// Paid for.
    Active,
    /// A payment failed, and the provider is trying again.
    PastDue,
    /// Ended on request.
    Cancelled,
    /// Ended unpaid, or the trial ran out.
    Expired,
}

/// How often a subscription is paid.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "subscription::BillingPeriod")]
pub enum BillingPeriod {
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

/// Who collects the money.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "subscription::PaymentProvider")]
pub enum PaymentProvider {
    /// Stripe.
    Stripe,
    /// LiqPay.
    Liqpay,
    /// PayPal.
    Paypal,
}

/// What a plan includes. Null means without limit.
#[derive(SimpleObject)]
pub struct Limits {
    /// How many members a tenant may have.
    max_users: Option<i32>,
    /// How much storage a tenant may use, in GB.
    max_storage_gb: Option<i32>,
}

impl Default for Limits {
    /// Without a plan nothing is included.
    fn default() -> Self {
        Self {
            max_users: Some(0),
            max_storage_gb: Some(0),
        }
    }
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
        }
    }
}

/// How much of a plan's limits a tenant uses.
#[derive(SimpleObject)]
pub struct Usage {
    /// How many members the tenant has. Invitations count once they are accepted.
    pub users: u64,
}

/// A tariff.
pub struct Plan(pub Arc<plan::Model>);

/// A tariff that a tenant can subscribe to.
#[Object]
impl Plan {
    /// The plan's id.
    async fn id(&self) -> ID {
        id(self.0.id)
    }

    /// Display name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Stable short name, e.g. `professional`.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// One sentence for the price page.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Price when paid every month.
    async fn price_monthly(&self) -> InPlace<Money> {
        InPlace(Money::new(self.0.price_monthly, &self.0.currency))
    }

    /// Price when paid every year.
    async fn price_yearly(&self) -> InPlace<Money> {
        InPlace(Money::new(self.0.price_yearly, &self.0.currency))
    }

    /// What the plan offers, for the price page: as a rule a list of sentences.
    async fn features(&self) -> &serde_json::Value {
        &self.0.features
    }

    /// What the plan includes.
    async fn limits(&self) -> InPlace<Limits> {
        InPlace(billing::limits(&self.0).into())
    }

    /// Whether it can still be chosen. A tenant may be on a plan that no longer can.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// Place on the price page, lowest first.
    async fn sort_order(&self) -> i32 {
        self.0.sort_order
    }
}

/// What a tenant is subscribed to.
pub struct TenantSubscription {
    scope: Scope,
    model: Arc<subscription::Model>,
}

impl TenantSubscription {
    /// Wraps a row.
    pub fn new(scope: &Scope, model: Arc<subscription::Model>) -> Self {
        Self {
            scope: scope.clone(),
            model,
        }
    }

    async fn subscribed_plan(&self) -> Result<Plan> {
        let plan = self.scope.plan(self.model.plan_id).await?;
        Ok(Plan(plan.ok_or(Error::NotFound(Subject::Plan))?))
    }
}

/// What a tenant is subscribed to, and where that stands.
#[Object]
impl TenantSubscription {
    /// The subscription's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// Where it stands. A trial past its end counts as `EXPIRED`.
    async fn status(&self) -> SubscriptionStatus {
        self.model.status.into()
    }

    /// The plan.
    async fn plan(&self) -> Result<InPlace<Plan>> {
        self.subscribed_plan().await.map(InPlace)
    }

    /// How often it is paid.
    async fn billing_period(&self) -> BillingPeriod {
        self.model.billing_period.into()
    }

    /// Start of the period that is paid for or tried.
    async fn current_period_start(&self) -> DateTime {
        self.model.current_period_start.into()
    }

    /// End of that period.
    async fn current_period_end(&self) -> DateTime {
        self.model.current_period_end.into()
    }

    /// End of the trial, if there was one.
    async fn trial_ends_at(&self) -> Option<DateTime> {
        self.model.trial_ends_at.map(DateTime)
    }

    /// Whether it ends with the period instead of renewing.
    async fn cancel_at_period_end(&self) -> bool {
        self.model.cancel_at_period_end
    }

    /// When its cancellation was asked for.
    async fn cancelled_at(&self) -> Option<DateTime> {
        self.model.cancelled_at.map(DateTime)
    }

    /// Why it was cancelled, in the customer's words.
    async fn cancel_reason(&self) -> Option<&str> {
        self.model.cancel_reason.as_deref()
    }

    /// Who collects the money; null while nobody does.
    async fn provider(&self) -> Option<PaymentProvider> {
        self.model.payment_provider.map(Into::into)
    }

    /// Whole days left of the trial or the period, 0 when it has ended.
    async fn days_left(&self) -> i64 {
        billing::days_left(&self.model, self.scope.cx().now())
    }

    /// What the plan costs per billing period.
    async fn price(&self) -> Result<InPlace<Money>> {
        let Plan(plan) = self.subscribed_plan().await?;
        let minor = match self.model.billing_period {
            subscription::BillingPeriod::Monthly => plan.price_monthly,
            subscription::BillingPeriod::Yearly => plan.price_yearly,
        };
        Ok(InPlace(Money::new(minor, &plan.currency)))
    }
}
