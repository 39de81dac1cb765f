//! Who is in a tenant.

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
#[derive(Clone, Debug, Default)]
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
