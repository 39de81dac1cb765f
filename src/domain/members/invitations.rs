//! Invitations that were sent: see, renew, take back.

use entity::{
    ids::{InvitationId, TenantId},
    invitation::{self, InvitationStatus},
    membership::TenantRole,
};

use super::{
    invite::{close, renew},
    store,
};
use crate::{
    domain::{
        access::{Permission, TenantAccess},
        audit::{Action, Deed, Target},
        billing::limits,
        cx::Cx,
        event::DomainEvent,
        page::{Listing, Window},
        unit::UnitOfWork,
    },
    error::{Error, Reason, Result, Subject},
};

/// Which invitations.
#[derive(Clone, Debug, Default)]
pub struct InvitationFilter {
    /// What became of them.
    pub status: Option<InvitationStatus>,
}

/// The invitations that match, newest first.
pub async fn invitations(
    cx: &Cx,
    tenant: TenantId,
    filter: &InvitationFilter,
    window: &Window,
) -> Result<Listing<invitation::Model>> {
    let access = cx.tenant(tenant).await?.require(Permission::ViewMembers)?;
    store::invitations(cx.db(), &access, filter, window).await
}

/// How many invitations match.
pub async fn count_invitations(
    cx: &Cx,
    tenant: TenantId,
    filter: &InvitationFilter,
) -> Result<u64> {
    let access = cx.tenant(tenant).await?.require(Permission::ViewMembers)?;
    store::count_invitations(cx.db(), &access, filter).await
}

/// Sends a new letter; the link in the old one stops working.
pub async fn resend_invitation(
    cx: &Cx,
    tenant: TenantId,
    id: InvitationId,
) -> Result<invitation::Model> {
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::InviteMembers)?;
    let mut unit = cx.begin().await?;
    let (tenant, access) = unit.lock(&access).await?;
    let (invitation, access) = open(&unit, access, id).await?;
    limits::in_good_standing(cx, &*unit, &tenant).await?;
    let invitation = renew(cx, &mut unit, &access, invitation).await?;
    unit.commit().await?;
    Ok(invitation)
}

/// Takes an invitation back; a repeat changes nothing.
pub async fn revoke_invitation(
    cx: &Cx,
    tenant: TenantId,
    id: InvitationId,
) -> Result<invitation::Model> {
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::InviteMembers)?;
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    let found = store::invitation(&*unit, &access, id).await?;
    if let Some(revoked) = found.filter(|found| found.status == InvitationStatus::Revoked) {
        return Ok(revoked);
    }
    let (mut invitation, access) = open(&unit, access, id).await?;
    close(cx, &mut invitation, InvitationStatus::Revoked);
    store::update_invitation(&*unit, &invitation).await?;
    let tenant_id = access.tenant_id();
    unit.emit(DomainEvent::InvitationRevoked {
        tenant_id,
        invitation_id: id,
    });
    unit.audit(Deed::new(Action::InvitationRevoked, Target::Invitation(id)).within(tenant_id));
    unit.commit().await?;
    Ok(invitation)
}

/// A pending invitation of the tenant. One that would make an owner is an owner's business.
async fn open(
    unit: &UnitOfWork,
    mut access: TenantAccess,
    id: InvitationId,
) -> Result<(invitation::Model, TenantAccess)> {
    let found = store::invitation(&**unit, &access, id).await?;
    let invitation = found.ok_or(Error::NotFound(Subject::Invitation))?;
    if invitation.role == TenantRole::Owner {
        access = access.require(Permission::GrantOwnership)?;
    }
    match invitation.status {
        InvitationStatus::Pending => Ok((invitation, access)),
        InvitationStatus::Accepted => Err(Error::Conflict(Reason::InvitationUsed)),
        InvitationStatus::Revoked => Err(Error::Conflict(Reason::InvitationRevoked)),
    }
}
