//! Go to work in another tenant.

use entity::ids::TenantId;

use super::{TokenPair, session, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::{Cx, Identity},
        tenants::{self, TenantMembership},
        throttle::Attempt,
    },
    error::{Credentials, Error, Result},
};

/// Somebody who has switched.
#[derive(Clone)]
pub struct Switched {
    /// The same request, made in the new tenant.
    pub cx: Cx,
    /// The session's new pair.
    pub tokens: TokenPair,
    /// Where they are now.
    pub tenant: TenantMembership,
}

/// Makes the tenant the caller's default and rotates the session's tokens to name it (ruling 11).
pub async fn switch_tenant(cx: &Cx, tenant: TenantId) -> Result<Switched> {
    let identity = cx.identity().await?;
    cx.throttle(Attempt::SessionChange).await?;
    let access = cx.tenant(tenant).await?;
    let mut unit = cx.begin().await?;
    let invalid = || Error::Unauthenticated(Credentials::Invalid);
    store::lock_user(&*unit, identity.user.id)
        .await?
        .ok_or_else(invalid)?;
    let held = store::lock_session(&*unit, identity.session_id)
        .await?
        .ok_or_else(invalid)?;
    if held.revoked_at.is_some() {
        return Err(invalid());
    }
    let current = tenants::store::make_default(&*unit, &access).await?;
    let tokens = session::rotate(cx, &unit, &held, Some(tenant)).await?;
    unit.audit(Deed::new(Action::TenantSwitched, Target::Tenant(tenant)).within(tenant));
    unit.commit().await?;
    let cx = cx.signed_in_as(Identity {
        tenant_id: Some(tenant),
        membership: Some(current.membership.clone()),
        ..identity.clone()
    });
    Ok(Switched {
        cx,
        tokens,
        tenant: current,
    })
}
