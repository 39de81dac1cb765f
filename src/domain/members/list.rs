//! Who is in a tenant.

use std::collections::HashMap;

use entity::{ids::TenantId, membership::TenantRole};

use super::{Member, store};
use crate::{
    domain::{
        access::Permission,
        cx::Cx,
        page::{Listing, Window},
        values::SearchTerm,
    },
    error::Result,
};

/// Which members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemberFilter {
    /// Their role.
    pub role: Option<TenantRole>,
    /// Part of their name or address.
    pub search: Option<SearchTerm>,
}

/// The members that match, newest first.
pub async fn list(
    cx: &Cx,
    tenant: TenantId,
    filter: &MemberFilter,
    window: &Window,
) -> Result<Listing<Member>> {
    let access = cx.tenant(tenant).await?.require(Permission::ViewMembers)?;
    store::list(cx.db(), &access, filter, window).await
}

/// How many members match.
pub async fn count(cx: &Cx, tenant: TenantId, filter: &MemberFilter) -> Result<u64> {
    let access = cx.tenant(tenant).await?.require(Permission::ViewMembers)?;
    store::count(cx.db(), &access, filter).await
}

/// The same window of the members of each of the tenants, in one statement: for loaders. A tenant
/// whose members the caller may not see is left out.
pub async fn list_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &MemberFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<Member>>> {
    let permitted = cx
        .access_set()
        .await?
        .only(tenants, Permission::ViewMembers);
    let found = store::list_each(cx.db(), &permitted, filter, window).await?;
    Ok(permitted.complete(found))
}

/// How many members of each of the tenants match, likewise.
pub async fn count_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &MemberFilter,
) -> Result<HashMap<TenantId, u64>> {
    let permitted = cx
        .access_set()
        .await?
        .only(tenants, Permission::ViewMembers);
    Ok(permitted.complete(store::count_each(cx.db(), &permitted, filter).await?))
}
