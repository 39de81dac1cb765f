//! What the letters about membership say. Composed when they are sent, from what is true then.

use entity::{
    ids::{InvitationId, TenantId, UserId},
    invitation::InvitationStatus,
    membership::TenantRole,
};

use super::{invitation_store, link, store};
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
    ports::mailer::Letter,
};

/// The letter with an invitation's link, or nothing when that generation is no longer valid.
pub async fn compose_invitation(
    cx: &Cx,
    id: InvitationId,
    generation: i32,
) -> Result<Option<Letter>> {
    let system = cx.system_access()?;
    let Some((invitation, tenant)) =
        invitation_store::invitation_to_send(cx.db(), system, id).await?
    else {
        return Ok(None);
    };
    if invitation.status != InvitationStatus::Pending || invitation.generation != generation {
        return Ok(None);
    }
    let token = link::recall(cx, &invitation).ok_or_else(|| {
        Error::internal(
            "the key that this invitation was made with is neither SECRET_KEY nor among \
             SECRET_KEYS_PREVIOUS; resend it",
        )
    })?;
    let by = name_of(cx, invitation.invited_by).await?;
    let text = format!(
        "Hello,\n\n\
         {by} invites you to join {company} on ERPMax.\n\n\
         Open this link to join:\n\n{link}\n\n\
         It works once, until {expires}. If you did not expect this letter, ignore it.\n",
        company = tenant.name,
        link = link::url(cx, &token),
        expires = invitation.expires_at.format("%-d %B %Y, %H:%M UTC"),
    );
    let subject = format!("You are invited to join {}", tenant.name);
    Ok(Some(Letter {
        to: invitation.email,
        subject,
        text,
    }))
}

/// The letter that tells somebody with an account that they are in a tenant now, or nothing when
/// they no longer are.
pub async fn compose_membership(
    cx: &Cx,
    tenant: TenantId,
    user: UserId,
    invited_by: Option<UserId>,
) -> Result<Option<Letter>> {
    let system = cx.system_access()?;
    let Some((member, tenant)) = store::member_to_tell(cx.db(), system, tenant, user).await? else {
        return Ok(None);
    };
    let by = name_of(cx, invited_by).await?;
    let text = format!(
        "Hello {name},\n\n\
         {by} has added you to {company} on ERPMax. \
         You will find it among your companies when you sign in:\n\n{link}\n",
        name = member.user.full_name,
        company = tenant.name,
        link = cx.app().config.server.public_url,
    );
    let subject = format!("You are now in {}", tenant.name);
    Ok(Some(Letter {
        to: member.user.email,
        subject,
        text,
    }))
}

/// The letter that tells somebody that a tenant is theirs now, or nothing when it no longer is.
pub async fn compose_ownership(
    cx: &Cx,
    tenant: TenantId,
    user: UserId,
    from: UserId,
) -> Result<Option<Letter>> {
    let system = cx.system_access()?;
    let Some((member, tenant)) = store::member_to_tell(cx.db(), system, tenant, user).await? else {
        return Ok(None);
    };
    if member.membership.role != TenantRole::Owner {
        return Ok(None);
    }
    let by = name_of(cx, Some(from)).await?;
    let text = format!(
        "Hello {name},\n\n\
         {by} has transferred the ownership of {company} on ERPMax to you. As an owner you may do \
         everything there, its subscription included:\n\n{link}\n\n\
         If you do not want this, you can transfer the ownership to somebody else.\n",
        name = member.user.full_name,
        company = tenant.name,
        link = cx.app().config.server.public_url,
    );
    let subject = format!("You are now an owner of {}", tenant.name);
    Ok(Some(Letter {
        to: member.user.email,
        subject,
        text,
    }))
}

async fn name_of(cx: &Cx, user: Option<UserId>) -> Result<String> {
    let found = match user {
        Some(id) => crate::domain::auth::store::user(cx.db(), id).await?,
        None => None,
    };
    Ok(found.map_or_else(|| "Somebody".to_owned(), |user| user.full_name))
}
