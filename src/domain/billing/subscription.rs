//! What a tenant is subscribed to.

use std::collections::HashMap;

use entity::{ids::TenantId, plan, subscription};

use super::{status_at, store};
use crate::{
    domain::{access::Permission, cx::Cx},
    error::{Error, Result, Subject},
};

/// A tenant's subscription (the current tenant's when none is named) with its plan.
pub async fn subscription(
    cx: &Cx,
    tenant: Option<TenantId>,
) -> Result<(subscription::Model, plan::Model)> {
    let access = cx
        .tenant_or_current(tenant)
        .await?
        .require(Permission::ViewSubscription)?;
    let found = store::subscription_with_plan(cx.db(), &access).await?;
    let (subscription, plan) = found.ok_or(Error::NotFound(Subject::Subscription))?;
    Ok((as_of_now(cx, subscription), plan))
}

/// The subscriptions of those of the tenants that the caller may see, in one query.
pub async fn subscriptions(
    cx: &Cx,
    tenants: &[TenantId],
) -> Result<HashMap<TenantId, subscription::Model>> {
    let permitted = cx
        .access_set()
        .await?
        .only(tenants, Permission::ViewSubscription);
    let rows = store::subscriptions(cx.db(), &permitted).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.tenant_id, as_of_now(cx, row)))
        .collect())
}

fn as_of_now(cx: &Cx, mut row: subscription::Model) -> subscription::Model {
    row.status = status_at(&row, cx.now());
    row
}
