//! Where a subscription stands at a moment. Pure.

use chrono::Duration;
use entity::{
    Timestamp,
    subscription::{self, SubscriptionStatus},
};

/// The state at a moment: a trial past its end has expired, whether or not anybody wrote it down.
pub fn status_at(subscription: &subscription::Model, now: Timestamp) -> SubscriptionStatus {
    let over = subscription
        .trial_ends_at
        .unwrap_or(subscription.current_period_end)
        <= now;
    match subscription.status {
        SubscriptionStatus::Trial if over => SubscriptionStatus::Expired,
        status => status,
    }
}

/// Days until the period ends, a begun one counting whole; zero when it has ended.
pub fn days_left(subscription: &subscription::Model, now: Timestamp) -> i64 {
    match status_at(subscription, now) {
        SubscriptionStatus::Cancelled | SubscriptionStatus::Expired => 0,
        SubscriptionStatus::Trial | SubscriptionStatus::Active | SubscriptionStatus::PastDue => {
            let left = subscription.current_period_end - now;
            let begun = left - Duration::days(left.num_days()) > Duration::zero();
            (left.num_days() + i64::from(begun)).max(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::subscription::BillingPeriod;
    use uuid::Uuid;

    use super::*;

    fn trial() -> subscription::Model {
        let start = Timestamp::from_timestamp(1_767_960_000, 0).unwrap();
        subscription::Model {
            id: Uuid::from_u128(1).into(),
            tenant_id: Uuid::from_u128(2).into(),
            plan_id: Uuid::from_u128(3).into(),
            status: SubscriptionStatus::Trial,
            billing_period: BillingPeriod::Monthly,
            trial_ends_at: Some(start + Duration::days(14)),
            current_period_start: start,
            current_period_end: start + Duration::days(14),
            cancel_at_period_end: false,
            cancelled_at: None,
            cancel_reason: None,
            payment_provider: None,
            external_subscription_id: None,
            external_customer_id: None,
            created_at: start,
            updated_at: start,
        }
    }

    #[test]
    fn a_trial_ends_at_its_last_moment() {
        let trial = trial();
        let end = trial.current_period_end;
        let second = Duration::seconds(1);
        assert_eq!(status_at(&trial, end - second), SubscriptionStatus::Trial);
        assert_eq!(status_at(&trial, end), SubscriptionStatus::Expired);
        assert_eq!(days_left(&trial, trial.current_period_start), 14);
        assert_eq!(days_left(&trial, trial.current_period_start + second), 14);
        assert_eq!(days_left(&trial, end - second), 1);
        assert_eq!(days_left(&trial, end), 0);
    }
}
