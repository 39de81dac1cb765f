//! Change somebody's role.

use entity::{
    ids::{TenantId, UserId},
    membership::TenantRole,
};
use serde_json::json;

use super::{Member, store};
use crate::{
    domain::{
        access::Permission,
        audit::{Action, Deed, Target},
        cx::Cx,
        event::DomainEvent,
        idempotency::once,
        throttle::Attempt,
    },
    error::{Error, Reason, Result, Subject},
};

/// Gives a member another role. The only owner cannot be demoted (ruling 8).
pub async fn change_role(
    cx: &Cx,
    tenant: TenantId,
    user: UserId,
    role: TenantRole,
) -> Result<Member> {
    cx.throttle(Attempt::MembershipChange).await?;
    let asked = json!([tenant, user, role]);
    once(cx, "members.change_role", asked, |cx| {
        set(cx, tenant, user, role)
    })
    .await
}

async fn set(cx: Cx, tenant: TenantId, user: UserId, role: TenantRole) -> Result<Member> {
    let cx = &cx;
    let mut access = cx
        .tenant(tenant)
        .await?
        .require(Permission::ChangeMemberRoles)?;
    if role == TenantRole::Owner {
        access = access.require(Permission::GrantOwnership)?;
    }
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    let member = store::member_by_id(&*unit, &access, user).await?;
    let mut member = member.ok_or(Error::NotFound(Subject::Member))?;
    let before = member.membership.role;
    if before == role {
        return unit.commit_with(member).await;
    }
    if before == TenantRole::Owner && store::count_owners(&*unit, &access).await? == 1 {
        return Err(Error::Conflict(Reason::LastOwner));
    }
    member.membership.role = role;
    store::set_role(&*unit, &access, user, role).await?;
    unit.emit(DomainEvent::MemberRoleChanged {
        tenant_id: tenant,
        user_id: user,
        role,
    });
    unit.audit(
        Deed::new(Action::MemberRoleChanged, Target::User(user))
            .within(tenant)
            .details(json!({"from": before, "to": role})),
    );
    unit.commit_with(member).await
}
