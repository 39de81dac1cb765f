//! The caller's tenants.

use entity::{membership::TenantRole, tenant::TenantStatus};

use super::{TenantMembership, store};
use crate::{
    domain::{
        cx::Cx,
        page::{Listing, Window},
        values::SearchTerm,
    },
    error::Result,
};

/// Which of the caller's tenants.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// Part of the name or slug.
    pub search: Option<SearchTerm>,
    /// The caller's role.
    pub role: Option<TenantRole>,
    /// Where the tenant stands.
    pub status: Option<TenantStatus>,
}

/// The caller's tenants, newest first.
pub async fn list(
    cx: &Cx,
    filter: &TenantFilter,
    window: &Window,
) -> Result<Listing<TenantMembership>> {
    store::list(cx.db(), cx.identity().await?.user.id, filter, window).await
}

/// How many of the caller's tenants match.
pub async fn count(cx: &Cx, filter: &TenantFilter) -> Result<u64> {
    store::count(cx.db(), cx.identity().await?.user.id, filter).await
}

/// The caller's places, oldest first.
pub async fn memberships(cx: &Cx, window: &Window) -> Result<Listing<TenantMembership>> {
    let listing = store::memberships(cx.db(), cx.identity().await?.user.id, window).await?;
    if listing.total.is_some() {
        cx.has_places(listing.items.iter().map(|item| &item.node.membership));
    }
    Ok(listing)
}

/// How many places the caller has.
pub async fn memberships_count(cx: &Cx) -> Result<u64> {
    count(cx, &TenantFilter::default()).await
}
