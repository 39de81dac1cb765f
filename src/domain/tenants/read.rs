//! One tenant.

use entity::ids::TenantId;

use super::{TenantMembership, store};
use crate::{
    domain::{
        access::{Permission, TenantAccess},
        cx::Cx,
    },
    error::Result,
};

/// A tenant by its id; a foreign one is as unknown as one that does not exist.
pub async fn get(cx: &Cx, id: TenantId) -> Result<TenantMembership> {
    read(cx, cx.tenant(id).await?).await
}

/// The token's tenant.
pub async fn current(cx: &Cx) -> Result<TenantMembership> {
    read(cx, cx.current_tenant().await?).await
}

async fn read(cx: &Cx, access: TenantAccess) -> Result<TenantMembership> {
    let access = access.require(Permission::ViewTenant)?;
    let tenant = store::tenant(cx.db(), &access).await?;
    Ok(TenantMembership {
        tenant,
        membership: access.membership().clone(),
    })
}
