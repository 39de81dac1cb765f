//! Remove somebody from a tenant.

use entity::{
    ids::{TenantId, UserId},
    membership::TenantRole,
};
use serde_json::json;

use super::{Member, store};
use crate::{
    domain::{
        access::{Permission, TenantAccess},
        audit::{Action, Deed, Target},
        auth,
        cx::Cx,
        event::DomainEvent,
        idempotency::once,
        throttle::Attempt,
        unit::UnitOfWork,
    },
    error::{Error, Reason, Result, Subject},
};

/// Removes a member, from their next request on. Their oldest remaining tenant becomes their
/// default one (ruling 14). Nobody removes themselves, and only an owner removes an owner.
pub async fn remove(cx: &Cx, tenant: TenantId, user: UserId) -> Result<()> {
    cx.throttle(Attempt::MembershipChange).await?;
    let asked = json!([tenant, user]);
    once(cx, "members.remove", asked, |cx| take_out(cx, tenant, user)).await
}

async fn take_out(cx: Cx, tenant: TenantId, user: UserId) -> Result<()> {
    let cx = &cx;
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::RemoveMembers)?;
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    auth::store::lock_user(&*unit, user).await?;
    let member = store::member_by_id(&*unit, &access, user).await?;
    let member = member.ok_or(Error::NotFound(Subject::Member))?;
    if user == access.user_id() {
        return Err(Error::Conflict(Reason::SelfRemoval));
    }
    // Under the lock the caller is an owner too, so one is left.
    if member.membership.role == TenantRole::Owner && access.role() != TenantRole::Owner {
        return Err(Error::Conflict(Reason::OwnerProtected));
    }
    end_membership(&unit, &access, &member).await?;
    unit.emit(DomainEvent::MemberRemoved {
        tenant_id: tenant,
        user_id: user,
    });
    unit.audit(Deed::new(Action::MemberRemoved, Target::User(user)).within(tenant));
    unit.commit_with(()).await
}

/// Ends a membership that was read under the account's lock; the oldest one that remains becomes the
/// default (ruling 14).
pub(super) async fn end_membership(
    unit: &UnitOfWork,
    access: &TenantAccess,
    member: &Member,
) -> Result<()> {
    let user = member.user.id;
    store::delete_member(&**unit, access, user).await?;
    if member.membership.is_default {
        store::make_oldest_default(&**unit, user).await?;
    }
    Ok(())
}
