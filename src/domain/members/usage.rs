//! How many seats are taken.

use std::collections::HashMap;

use entity::ids::TenantId;

use super::{MemberFilter, store};
use crate::{
    domain::{access::Permission, cx::Cx},
    error::Result,
};

/// Members in each of those of the tenants that the caller may see, in one query.
pub async fn usage(cx: &Cx, tenants: &[TenantId]) -> Result<HashMap<TenantId, u64>> {
    let permitted = cx.access_set().await?.only(tenants, Permission::ViewTenant);
    store::count_each(cx.db(), &permitted, &MemberFilter::default()).await
}
