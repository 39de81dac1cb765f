//! Invite somebody: with an account they join at once, without one they get a letter (ruling 7).

use entity::{
    ids::TenantId,
    invitation::{self, InvitationStatus},
    membership::{self, TenantRole},
    user,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Member, invitation_store, link, store};
use crate::{
    config::InviteUnknown,
    domain::{
        access::{Permission, TenantAccess},
        audit::{Action, Deed, Target},
        auth,
        billing::limits,
        cx::Cx,
        event::DomainEvent,
        idempotency::once,
        job::Job,
        throttle::Attempt,
        unit::UnitOfWork,
        values::EmailAddress,
    },
    error::{Error, Reason, Result, Subject},
};

/// Whom to invite, as what.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The address.
    pub email: EmailAddress,
    /// The role they will have.
    pub role: TenantRole,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Invited {
    /// They had an account and are in.
    Member(Member),
    /// A letter is on its way.
    Pending(invitation::Model),
}

/// Invites somebody. Only an owner may invite an owner (ruling 8).
pub async fn invite(cx: &Cx, tenant: TenantId, invite: Invite) -> Result<Invited> {
    cx.throttle(Attempt::Invitation).await?;
    let asked = json!([tenant, invite.email.as_str(), invite.role]);
    once(cx, "members.invite", asked, |cx| {
        join_or_send(cx, tenant, invite.clone())
    })
    .await
}

async fn join_or_send(cx: Cx, tenant: TenantId, invite: Invite) -> Result<Invited> {
    let cx = &cx;
    let mut access = cx
        .tenant(tenant)
        .await?
        .require(Permission::InviteMembers)?;
    if invite.role == TenantRole::Owner {
        access = access.require(Permission::GrantOwnership)?;
    }
    let recipient = invite.email.normalized();
    cx.throttle(Attempt::InvitationLetter {
        tenant: access.tenant_id(),
        recipient,
    })
    .await?;
    let mut unit = cx.begin().await?;
    let (tenant, access) = unit.lock(&access).await?;
    let user = auth::store::user_by_email(&*unit, invite.email.normalized()).await?;
    let invited = if let Some(user) = user {
        if store::is_member(&*unit, &access, user.id).await? {
            return Err(Error::Conflict(Reason::AlreadyMember));
        }
        limits::in_good_standing(cx, &*unit, &tenant).await?;
        limits::seat_free(&*unit, &tenant).await?;
        Invited::Member(join(cx, &mut unit, &access, user, invite.role).await?)
    } else {
        if cx.app().config.members.invite_unknown == InviteUnknown::Refuse {
            return Err(Error::NotFound(Subject::User));
        }
        limits::in_good_standing(cx, &*unit, &tenant).await?;
        Invited::Pending(send(cx, &mut unit, &access, &invite).await?)
    };
    unit.commit_with(invited).await
}

/// Puts somebody who has an account into the tenant, whose row is locked.
async fn join(
    cx: &Cx,
    unit: &mut UnitOfWork,
    access: &TenantAccess,
    user: user::Model,
    role: TenantRole,
) -> Result<Member> {
    let tenant_id = access.tenant_id();
    if let Some(mut open) =
        invitation_store::pending_invitation(&**unit, tenant_id, &user.email_normalized).await?
    {
        may_touch(access, &open)?;
        // They registered before they opened the letter; its link has nothing left to give.
        close(cx, &mut open, InvitationStatus::Accepted);
        open.accepted_by = Some(user.id);
        invitation_store::update_invitation(&**unit, &open).await?;
    }
    let membership = add_member(cx, unit, tenant_id, &user, role).await?;
    unit.enqueue(Job::MembershipMail {
        tenant_id,
        user_id: user.id,
        invited_by: Some(access.user_id()),
    });
    Ok(Member { user, membership })
}

/// Adds a membership with its effects; the tenant's row is locked and a seat is free.
pub(super) async fn add_member(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant_id: TenantId,
    user: &user::Model,
    role: TenantRole,
) -> Result<membership::Model> {
    auth::store::lock_user(&**unit, user.id).await?;
    let membership = membership::Model {
        id: cx.new_id(),
        user_id: user.id,
        tenant_id,
        role,
        is_default: !store::has_default(&**unit, user.id).await?,
        joined_at: cx.now(),
    };
    store::insert_member(&**unit, membership.clone()).await?;
    unit.emit(DomainEvent::MemberJoined {
        tenant_id,
        user_id: user.id,
        role,
    });
    unit.audit(
        Deed::new(Action::MemberJoined, Target::User(user.id))
            .within(tenant_id)
            .details(serde_json::json!({"role": role})),
    );
    Ok(membership)
}

/// Writes a new invitation, or renews the pending one for the same address.
async fn send(
    cx: &Cx,
    unit: &mut UnitOfWork,
    access: &TenantAccess,
    invite: &Invite,
) -> Result<invitation::Model> {
    let pending = invitation_store::pending_invitation(
        &**unit,
        access.tenant_id(),
        invite.email.normalized(),
    )
    .await?;
    if let Some(mut open) = pending {
        may_touch(access, &open)?;
        open.role = invite.role;
        return renew(cx, unit, access, open).await;
    }
    let (id, now) = (cx.new_id(), cx.now());
    let generation = 1;
    let invitation = invitation::Model {
        id,
        tenant_id: access.tenant_id(),
        email: invite.email.as_str().to_owned(),
        email_normalized: invite.email.normalized().to_owned(),
        role: invite.role,
        status: InvitationStatus::Pending,
        generation,
        token_hash: link::hash(&link::token(cx, id, generation)),
        invited_by: Some(access.user_id()),
        expires_at: expiry(cx)?,
        accepted_by: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    };
    invitation_store::insert_invitation(&**unit, invitation.clone()).await?;
    announce(unit, &invitation, Action::InvitationSent);
    Ok(invitation)
}

/// Gives a pending invitation a new link, which voids the old one.
pub(super) async fn renew(
    cx: &Cx,
    unit: &mut UnitOfWork,
    access: &TenantAccess,
    mut invitation: invitation::Model,
) -> Result<invitation::Model> {
    invitation.generation += 1;
    invitation.token_hash = link::hash(&link::token(cx, invitation.id, invitation.generation));
    invitation.invited_by = Some(access.user_id());
    invitation.expires_at = expiry(cx)?;
    invitation.updated_at = cx.now();
    invitation_store::update_invitation(&**unit, &invitation).await?;
    announce(unit, &invitation, Action::InvitationRenewed);
    Ok(invitation)
}

/// An invitation that would make an owner is an owner's business.
pub(super) fn may_touch(access: &TenantAccess, invitation: &invitation::Model) -> Result<()> {
    match invitation.role {
        TenantRole::Owner => access.clone().require(Permission::GrantOwnership).map(drop),
        TenantRole::Admin | TenantRole::Member => Ok(()),
    }
}

/// Ends an invitation one way or the other.
pub(super) fn close(cx: &Cx, invitation: &mut invitation::Model, status: InvitationStatus) {
    invitation.status = status;
    invitation.closed_at = Some(cx.now());
    invitation.updated_at = cx.now();
}

fn expiry(cx: &Cx) -> Result<entity::Timestamp> {
    let ttl = cx.app().config.members.invitation_ttl;
    Ok(cx.now() + chrono::Duration::from_std(ttl).map_err(Error::internal)?)
}

fn announce(unit: &mut UnitOfWork, invitation: &invitation::Model, action: Action) {
    let &invitation::Model {
        id,
        tenant_id,
        role,
        generation,
        ..
    } = invitation;
    unit.enqueue(Job::InvitationMail {
        invitation_id: id,
        generation,
    });
    unit.emit(DomainEvent::InvitationSent {
        tenant_id,
        invitation_id: id,
        role,
    });
    unit.audit(
        Deed::new(action, Target::Invitation(id))
            .within(tenant_id)
            .details(serde_json::json!({"role": role, "generation": generation})),
    );
}
