//! Who am I, and where.

use std::sync::Arc;

use entity::user;

use crate::{
    domain::{
        cx::Cx,
        tenants::{self, TenantMembership},
    },
    error::Result,
};

/// The caller with all their tenants.
#[derive(Clone, Debug)]
pub struct Me {
    /// Their account.
    pub user: user::Model,
    /// Their tenants, oldest membership first.
    pub memberships: Vec<Arc<TenantMembership>>,
    /// The tenant that the token names, while they are in it.
    pub current: Option<Arc<TenantMembership>>,
}

/// The caller with all their tenants.
pub async fn me(cx: &Cx) -> Result<Me> {
    let identity = cx.identity().await?;
    let first = tenants::first_places(cx).await?;
    let memberships: Vec<_> = if first.has_next {
        let all = tenants::store::memberships_of(cx.db(), identity.user.id).await?;
        all.into_iter().map(Arc::new).collect()
    } else {
        first.items.iter().map(|item| item.node.clone()).collect()
    };
    let current = memberships
        .iter()
        .find(|place| Some(place.tenant.id) == identity.tenant_id)
        .cloned();
    Ok(Me {
        user: identity.user.clone(),
        memberships,
        current,
    })
}
