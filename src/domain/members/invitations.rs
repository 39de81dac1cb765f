//! Invitations that were sent: see, renew, take back.

use std::collections::HashMap;

use entity::{
    ids::{InvitationId, TenantId},
    invitation::{self, InvitationStatus},
};
use serde_json::json;

use super::{
    invitation_store,
    invite::{close, may_touch, renew},
};
use crate::{
    domain::{
        access::{Permission, TenantAccess},
        audit::{Action, Deed, Target},
        billing::limits,
        cx::Cx,
        event::DomainEvent,
        idempotency::once,
        page::{Listing, Window},
        throttle::Attempt,
    },
    error::{Error, Reason, Result, Subject},
};

/// Which invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    invitation_store::invitations(cx.db(), &access, filter, window).await
}

/// How many invitations match.
pub async fn count_invitations(
    cx: &Cx,
    tenant: TenantId,
    filter: &InvitationFilter,
) -> Result<u64> {
    let access = cx.tenant(tenant).await?.require(Permission::ViewMembers)?;
    invitation_store::count_invitations(cx.db(), &access, filter).await
}

/// The same window of the invitations of each of the tenants, in one statement: for loaders. A
/// tenant whose invitations the caller may not see is left out.
pub async fn invitations_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &InvitationFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<invitation::Model>>> {
    let permitted = cx
        .access_set()
        .await?
        .only(tenants, Permission::ViewMembers);
    let found = invitation_store::invitations_each(cx.db(), &permitted, filter, window).await?;
    Ok(permitted.complete(found))
}

/// How many invitations of each of the tenants match, likewise.
pub async fn count_invitations_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &InvitationFilter,
) -> Result<HashMap<TenantId, u64>> {
    let permitted = cx
        .access_set()
        .await?
        .only(tenants, Permission::ViewMembers);
    let found = invitation_store::count_invitations_each(cx.db(), &permitted, filter).await?;
    Ok(permitted.complete(found))
}

/// Sends a new letter; the link in the old one stops working.
pub async fn resend_invitation(
    cx: &Cx,
    tenant: TenantId,
    id: InvitationId,
) -> Result<invitation::Model> {
    cx.throttle(Attempt::Invitation).await?;
    let asked = json!([tenant, id]);
    once(cx, "members.resend_invitation", asked, |cx| {
        resend(cx, tenant, id)
    })
    .await
}

async fn resend(cx: Cx, tenant: TenantId, id: InvitationId) -> Result<invitation::Model> {
    let cx = &cx;
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::InviteMembers)?;
    let found = open(
        &access,
        invitation_store::invitation(cx.db(), &access, id).await?,
    )?;
    cx.throttle(Attempt::InvitationLetter {
        tenant: access.tenant_id(),
        recipient: &found.email_normalized,
    })
    .await?;
    let mut unit = cx.begin().await?;
    let (tenant, access) = unit.lock(&access).await?;
    let invitation = open(
        &access,
        invitation_store::invitation(&*unit, &access, id).await?,
    )?;
    limits::in_good_standing(cx, &*unit, &tenant).await?;
    let invitation = renew(cx, &mut unit, &access, invitation).await?;
    unit.commit_with(invitation).await
}

/// Takes an invitation back; a repeat changes nothing.
pub async fn revoke_invitation(
    cx: &Cx,
    tenant: TenantId,
    id: InvitationId,
) -> Result<invitation::Model> {
    cx.throttle(Attempt::MembershipChange).await?;
    let asked = json!([tenant, id]);
    once(cx, "members.revoke_invitation", asked, |cx| {
        revoke(cx, tenant, id)
    })
    .await
}

async fn revoke(cx: Cx, tenant: TenantId, id: InvitationId) -> Result<invitation::Model> {
    let cx = &cx;
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::InviteMembers)?;
    let mut unit = cx.begin().await?;
    let (_, access) = unit.lock(&access).await?;
    let found = invitation_store::invitation(&*unit, &access, id).await?;
    if let Some(revoked) = &found
        && revoked.status == InvitationStatus::Revoked
    {
        return unit.commit_with(revoked.clone()).await;
    }
    let mut invitation = open(&access, found)?;
    close(cx, &mut invitation, InvitationStatus::Revoked);
    invitation_store::update_invitation(&*unit, &invitation).await?;
    let tenant_id = access.tenant_id();
    unit.emit(DomainEvent::InvitationRevoked {
        tenant_id,
        invitation_id: id,
    });
    unit.audit(Deed::new(Action::InvitationRevoked, Target::Invitation(id)).within(tenant_id));
    unit.commit_with(invitation).await
}

/// A pending invitation of the tenant.
fn open(access: &TenantAccess, found: Option<invitation::Model>) -> Result<invitation::Model> {
    let invitation = found.ok_or(Error::NotFound(Subject::Invitation))?;
    may_touch(access, &invitation)?;
    match invitation.status {
        InvitationStatus::Pending => Ok(invitation),
        InvitationStatus::Accepted => Err(Error::Conflict(Reason::InvitationUsed)),
        InvitationStatus::Revoked => Err(Error::Conflict(Reason::InvitationRevoked)),
    }
}
