//! The caller's tenants.

use std::{collections::HashMap, sync::Arc};

use entity::{
    ids::{TenantId, UserId},
    membership::TenantRole,
    tenant::TenantStatus,
};

use super::{TenantMembership, store};
use crate::{
    app::App,
    domain::{
        cx::Cx,
        gather::Gather,
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

/// The first places of people, which are nearly always all they have.
pub type Places = Gather<App, UserId, Arc<Listing<Arc<TenantMembership>>>>;

/// Looks people's places up.
pub fn places() -> Places {
    Gather::new(|app: App, users| {
        Box::pin(async move { store::first_places(&app.db, &users).await })
    })
}

/// The longest first page of the caller's places, oldest first.
pub async fn first_places(cx: &Cx) -> Result<Arc<Listing<Arc<TenantMembership>>>> {
    let (app, user) = (cx.app(), cx.identity().await?.user.id);
    let first = app.places.one(app, user).await?.unwrap_or_default();
    if first.total.is_some() {
        cx.has_places(first.items.iter().map(|item| &item.node.membership));
    }
    Ok(first)
}

/// The caller's places, oldest first.
pub async fn memberships(cx: &Cx, window: &Window) -> Result<Listing<TenantMembership>> {
    store::memberships(cx.db(), cx.identity().await?.user.id, window).await
}

/// Those of the tenants that the caller is in, in one statement: for loaders.
pub async fn among(cx: &Cx, tenants: &[TenantId]) -> Result<HashMap<TenantId, TenantMembership>> {
    store::among(cx.db(), cx.identity().await?.user.id, tenants).await
}

/// How many places the caller has.
pub async fn memberships_count(cx: &Cx) -> Result<u64> {
    count(cx, &TenantFilter::default()).await
}
