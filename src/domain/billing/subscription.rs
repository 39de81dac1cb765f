//! What a tenant is subscribed to.

use std::collections::HashMap;

use entity::{ids::TenantId, plan, subscription};

use super::{status_at, store};
use crate::{
    app::App,
    domain::{access::Permission, cx::Cx, gather::Gather},
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

/// The subscriptions of tenants.
pub type Subscriptions = Gather<App, TenantId, subscription::Model>;

/// Looks subscriptions up. Who asks holds proof for the tenants asked for.
pub fn gather_subscriptions() -> Subscriptions {
    Gather::new(|app: App, tenants| {
        Box::pin(async move { store::subscriptions(&app.db, &tenants).await })
    })
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
    let app = cx.app();
    let rows = app.subscriptions.all(app, permitted.ids().collect());
    let rows = rows.await?.into_iter();
    Ok(rows
        .map(|(tenant, row)| (tenant, as_of_now(cx, row)))
        .collect())
}

fn as_of_now(cx: &Cx, mut row: subscription::Model) -> subscription::Model {
    row.status = status_at(&row, cx.now());
    row
}
