//! What a plan allows, and whether a tenant may have more.

use entity::{
    plan,
    subscription::SubscriptionStatus,
    tenant::{self, TenantStatus},
};
use sea_orm::ConnectionTrait;

use super::{status_at, store};
use crate::{
    domain::{cx::Cx, members},
    error::{Error, Result, Subject},
};

/// What a plan allows; `None` means unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members of the tenant.
    pub max_users: Option<i32>,
    /// Storage in GB.
    pub max_storage_gb: Option<i32>,
}

/// What a plan allows.
pub fn limits(plan: &plan::Model) -> Limits {
    Limits {
        max_users: plan.max_users,
        max_storage_gb: plan.max_storage_gb,
    }
}

/// `PAYMENT_REQUIRED` for a tenant that is suspended or whose subscription has expired (ruling 43).
pub async fn in_good_standing(
    cx: &Cx,
    db: &impl ConnectionTrait,
    tenant: &tenant::Model,
) -> Result<()> {
    if tenant.status == TenantStatus::Suspended {
        return Err(Error::PaymentRequired("This tenant is suspended.".into()));
    }
    subscription_holds(cx, db, tenant).await
}

/// `PAYMENT_REQUIRED` for a tenant whose subscription has expired, suspended or not.
pub async fn subscription_holds(
    cx: &Cx,
    db: &impl ConnectionTrait,
    tenant: &tenant::Model,
) -> Result<()> {
    let subscription = store::subscription_of(db, tenant.id).await?;
    let expired = subscription.is_none_or(|subscription| {
        status_at(&subscription, cx.now()) == SubscriptionStatus::Expired
    });
    if expired {
        return Err(Error::PaymentRequired(
            "The subscription has expired. Choose a plan to go on.".into(),
        ));
    }
    Ok(())
}

/// `LIMIT_REACHED` when every seat of the plan is taken. Asked under the tenant's lock, so that two
/// people cannot take the last one.
pub async fn seat_free(db: &impl ConnectionTrait, tenant: &tenant::Model) -> Result<()> {
    let plan = store::plan_of(db, tenant.id)
        .await?
        .ok_or(Error::NotFound(Subject::Subscription))?;
    let Some(max) = plan.max_users else {
        return Ok(());
    };
    let taken = members::store::count_seats(db, tenant.id).await?;
    if taken >= u64::try_from(max).unwrap_or(0) {
        return Err(Error::LimitReached(
            format!(
                "The plan {} includes {max} users, and all seats are taken.",
                plan.name
            )
            .into(),
        ));
    }
    Ok(())
}
