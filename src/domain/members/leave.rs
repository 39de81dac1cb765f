//! Leave a tenant.

use entity::{ids::TenantId, membership::TenantRole};
use serde_json::json;

use super::{remove, store};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth,
        cx::Cx,
        event::DomainEvent,
        idempotency::once,
        throttle::Attempt,
    },
    error::{Error, Reason, Result, Subject},
};

/// Somebody who has left.
#[derive(Clone)]
pub struct Left {
    /// The same request, made by the caller without that membership.
    pub cx: Cx,
    /// The tenant they left.
    pub tenant_id: TenantId,
}

/// Ends the caller's own membership of the named or the current tenant, from their next request on;
/// their oldest remaining tenant becomes their default one (ruling 14). The only owner stays until
/// there is another (ruling 8).
pub async fn leave(cx: &Cx, tenant: Option<TenantId>) -> Result<Left> {
    cx.throttle(Attempt::MembershipChange).await?;
    // A repeat comes from somebody who is in that tenant no longer.
    let asked = json!([tenant.or(cx.identity().await?.tenant_id)]);
    let tenant_id = once(cx, "members.leave", asked, |cx| go(cx, tenant)).await?;
    let cx = cx.moved(tenant_id).await?;
    Ok(Left { cx, tenant_id })
}

async fn go(cx: Cx, tenant: Option<TenantId>) -> Result<TenantId> {
    let access = cx.tenant_or_current(tenant).await?;
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    let (tenant, user) = (access.tenant_id(), access.user_id());
    auth::store::lock_user(&*unit, user).await?;
    // Again, because the account's lock is what keeps the default tenant still.
    let member = store::member_by_id(&*unit, &access, user).await?;
    let member = member.ok_or(Error::NotFound(Subject::Tenant))?;
    if access.role() == TenantRole::Owner && store::count_owners(&*unit, &access).await? == 1 {
        return Err(Error::Conflict(Reason::LastOwner));
    }
    remove::end_membership(&unit, &access, &member).await?;
    unit.emit(DomainEvent::MemberLeft {
        tenant_id: tenant,
        user_id: user,
    });
    unit.audit(
        Deed::new(Action::MemberLeft, Target::User(user))
            .within(tenant)
            .details(json!({"role": access.role()})),
    );
    unit.commit_with(tenant).await
}
