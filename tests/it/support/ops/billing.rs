//! Plans and subscriptions.

use serde_json::Value;

use super::{Call, query};

fn plan(plan: &Value) -> Value {
    let mut told = plan.as_object().cloned().unwrap_or_default();
    for (key, name) in [
        ("priceMonthly", "price_monthly"),
        ("priceYearly", "price_yearly"),
    ] {
        let amount = told.remove(key).unwrap_or_default();
        if key == "priceMonthly" {
            told.insert("currency".to_owned(), amount["currency"].clone());
        }
        let amount = amount["amount"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        told.insert(name.to_owned(), amount.unwrap_or_default());
    }
    told.into()
}

/// What is on offer.
pub fn plans() -> Call {
    let shape = |out: &Value| match out.as_array() {
        Some(plans) => plans.iter().map(plan).collect(),
        None => Value::Null,
    };
    Call {
        shape,
        ..query("/billing/plans", "plans", "{ PLAN }")
    }
}

/// What the token's tenant is subscribed to.
pub fn subscription() -> Call {
    let selection = "{ subscription { id status plan { PLAN } billing_period: billingPeriod \
        trial_ends_at: trialEndsAt current_period_start: currentPeriodStart \
        current_period_end: currentPeriodEnd cancel_at_period_end: cancelAtPeriodEnd \
        cancelled_at: cancelledAt cancel_reason: cancelReason payment_provider: provider \
        days_left: daysLeft } }";
    let shape = |out: &Value| {
        let mut told = out["subscription"].clone();
        if told.is_object() {
            told["plan"] = plan(&told["plan"]);
        }
        told
    };
    Call {
        shape,
        ..query("/billing/subscription", "tenant", selection)
    }
}
