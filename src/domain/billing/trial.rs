//! The free trial a new tenant starts with.

use chrono::Duration;
use entity::{
    ids::TenantId,
    subscription::{self, BillingPeriod, SubscriptionStatus},
};

use super::store;
use crate::{
    domain::{cx::Cx, unit::UnitOfWork},
    error::{Error, Result},
};

/// Subscribes a new tenant to the trial plan for as long as that plan says.
pub async fn start_trial(cx: &Cx, unit: &UnitOfWork, tenant_id: TenantId) -> Result<()> {
    let missing = || Error::internal("there is no trial plan; run `erpmax seed`");
    let plan = store::trial_plan(&**unit).await?.ok_or_else(missing)?;
    let days = plan.trial_days.ok_or_else(missing)?;
    let start = cx.now();
    let end = start + Duration::days(i64::from(days));
    let trial = subscription::Model {
        id: cx.new_id(),
        tenant_id,
        plan_id: plan.id,
        status: SubscriptionStatus::Trial,
        billing_period: BillingPeriod::Monthly,
        trial_ends_at: Some(end),
        current_period_start: start,
        current_period_end: end,
        cancel_at_period_end: false,
        cancelled_at: None,
        cancel_reason: None,
        payment_provider: None,
        external_subscription_id: None,
        external_customer_id: None,
        created_at: start,
        updated_at: start,
    };
    store::insert_subscription(&**unit, trial).await
}
