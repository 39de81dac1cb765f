//! Hand the ownership of a tenant over.

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
        job::Job,
        throttle::Attempt,
    },
    error::{Error, Reason, Result, Subject},
};

/// The role that somebody keeps who was an owner.
const AFTERWARDS: TenantRole = TenantRole::Admin;

/// An ownership that has changed hands.
#[derive(Clone)]
pub struct Transferred {
    /// The same request, made by the caller as what they are now.
    pub cx: Cx,
    /// The caller, an admin now.
    pub from: Member,
    /// Who is an owner in their place.
    pub to: Member,
}

/// Makes another member an owner in the caller's place, who becomes an admin: both or neither.
pub async fn transfer_ownership(cx: &Cx, tenant: TenantId, to: UserId) -> Result<Transferred> {
    cx.throttle(Attempt::MembershipChange).await?;
    let asked = json!([tenant, to]);
    let work = |cx| hand_over(cx, tenant, to);
    let (from, to) = once(cx, "members.transfer_ownership", asked, work).await?;
    let cx = cx.moved(tenant).await?;
    Ok(Transferred { cx, from, to })
}

async fn hand_over(cx: Cx, tenant: TenantId, to: UserId) -> Result<(Member, Member)> {
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::TransferOwnership)?;
    let former = cx.identity().await?.user.clone();
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    let member = store::member_by_id(&*unit, &access, to).await?;
    let mut member = member.ok_or(Error::NotFound(Subject::Member))?;
    let from = access.user_id();
    if to == from {
        return Err(Error::Conflict(Reason::SelfTransfer));
    }
    let before = member.membership.role;
    if before == TenantRole::Owner {
        return Err(Error::Conflict(Reason::AlreadyOwner));
    }
    if !member.user.is_active {
        // Nobody could sign in to the tenant as its owner.
        return Err(Error::Conflict(Reason::AccountDisabled));
    }
    store::set_role(&*unit, &access, to, TenantRole::Owner).await?;
    store::set_role(&*unit, &access, from, AFTERWARDS).await?;
    member.membership.role = TenantRole::Owner;
    let mut own = access.membership().clone();
    own.role = AFTERWARDS;
    unit.enqueue(Job::OwnershipMail {
        tenant_id: tenant,
        user_id: to,
        from_user_id: from,
    });
    unit.emit(DomainEvent::OwnershipTransferred {
        tenant_id: tenant,
        from_user_id: from,
        to_user_id: to,
    });
    unit.audit(
        Deed::new(Action::OwnershipTransferred, Target::User(to))
            .within(tenant)
            .details(json!({"from": from, "was": before})),
    );
    let former = Member {
        user: former,
        membership: own,
    };
    unit.commit_with((former, member)).await
}
