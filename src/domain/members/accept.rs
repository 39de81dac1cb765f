//! Join by the link of a letter.

use entity::{
    ids::UserId,
    invitation::{self, InvitationStatus},
    tenant, user,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Member, invitation_store, invite, link};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        auth::{self, SignedIn},
        billing::limits,
        cx::Cx,
        idempotency::once,
        tenants::{self, TenantMembership},
        throttle::Attempt,
        unit::UnitOfWork,
        values::{EmailAddress, FullName, Password},
    },
    error::{Credentials, Error, Reason, Result, Subject},
};

/// An answer to an invitation.
#[derive(Clone, Debug)]
pub struct AcceptInvitation {
    /// The token of the link.
    pub token: String,
    /// The account to make, for somebody who has none.
    pub account: Option<NewAccount>,
}

/// The account of somebody who was invited.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The password they want.
    pub password: Password,
    /// Their name; derived from the address when absent.
    pub full_name: Option<FullName>,
}

/// Somebody who has joined.
#[derive(Clone, Serialize, Deserialize)]
pub struct Accepted {
    /// Who, as what.
    pub member: Member,
    /// Where.
    pub tenant: tenant::Model,
    /// Their first sign-in, when the account was made just now. Holds credentials, so it is no part
    /// of any remembered answer.
    #[serde(skip)]
    pub signed_in: Option<SignedIn>,
}

/// Joins the tenant: signed in with the invited address, or with an account made on the spot. That
/// the link was opened proves the address. An idempotency key counts for who is signed in only: the
/// answer to a new account holds credentials (ruling 32).
pub async fn accept_invitation(cx: &Cx, accept: AcceptInvitation) -> Result<Accepted> {
    let AcceptInvitation { token, account } = accept;
    let hash = link::hash(&token);
    cx.throttle(Attempt::InvitationAcceptance(&hash)).await?;
    let caller = match cx.identity().await {
        Ok(identity) => Some(identity.user.clone()),
        Err(Error::Unauthenticated(_)) => None,
        Err(failure) => return Err(failure),
    };
    let shown = invitation_store::invitation_by_token(cx.db(), &hash).await?;
    // Whoever has a key that was dropped could make links of it.
    let shown = shown.filter(|shown| link::recall(cx, shown).is_some());
    let shown = shown.ok_or(Error::NotFound(Subject::Invitation))?;
    match (caller, account) {
        (Some(user), _) if user.email_normalized == shown.email_normalized => {
            let asked = json!([shown.id]);
            once(cx, "members.accept_invitation", asked, |cx| {
                join(cx, shown.clone(), user.clone())
            })
            .await
        }
        (Some(_), _) => Err(Error::Conflict(Reason::InvitationForOther)),
        (None, Some(account)) => join_with_new_account(cx, &shown, account).await,
        (None, None) => Err(Error::Unauthenticated(Credentials::Missing)),
    }
}

async fn join(cx: Cx, shown: invitation::Model, user: user::Model) -> Result<Accepted> {
    let cx = &cx;
    let mut unit = cx.begin().await?;
    let (tenant, invitation) = hold(cx, &unit, &shown).await?;
    if tenants::store::membership(&*unit, user.id, tenant.id)
        .await?
        .is_some()
    {
        return Err(Error::Conflict(Reason::AlreadyMember));
    }
    let membership = enter(cx, &mut unit, &tenant, invitation, &user).await?;
    auth::store::verify_email(&*unit, user.id, cx.now()).await?;
    unit.commit_with(Accepted {
        member: Member { user, membership },
        tenant,
        signed_in: None,
    })
    .await
}

async fn join_with_new_account(
    cx: &Cx,
    shown: &invitation::Model,
    account: NewAccount,
) -> Result<Accepted> {
    usable(cx, shown)?;
    let NewAccount {
        password,
        full_name,
    } = account;
    let email = EmailAddress::parse(&shown.email)
        .map_err(|_| Error::internal("an invitation holds a malformed address"))?;
    if password.is_address(&email) {
        return Err(Error::invalid("password", Reason::PasswordIsEmail));
    }
    if auth::store::user_by_email(cx.db(), email.normalized())
        .await?
        .is_some()
    {
        return Err(Error::Conflict(Reason::AccountExists));
    }
    let full_name = full_name.unwrap_or_else(|| FullName::from_address(&email));
    let hash = cx.app().passwords.hash(&password).await?;
    let mut user = auth::new_user(cx, &email, &full_name, hash);
    user.email_verified_at = Some(cx.now());

    let mut unit = cx.begin().await?;
    let (tenant, invitation) = hold(cx, &unit, shown).await?;
    auth::store::insert_user(&*unit, user.clone())
        .await
        .map_err(|error| match error {
            Error::Conflict(Reason::EmailTaken) => Error::Conflict(Reason::AccountExists),
            other => other,
        })?;
    unit.audit(Deed::new(Action::AccountRegistered, Target::User(user.id)));
    let membership = enter(cx, &mut unit, &tenant, invitation, &user).await?;
    let place = TenantMembership {
        tenant: tenant.clone(),
        membership: membership.clone(),
    };
    let opening = auth::open(cx, user.clone(), vec![place])?;
    unit.act_as(opening.cx().clone());
    let signed_in = opening.commit(unit).await?;
    let member = Member { user, membership };
    Ok(Accepted {
        member,
        tenant,
        signed_in: Some(signed_in),
    })
}

/// Locks the tenant and looks again whether the invitation still holds.
async fn hold(
    cx: &Cx,
    unit: &UnitOfWork,
    shown: &invitation::Model,
) -> Result<(tenant::Model, invitation::Model)> {
    let tenant = tenants::store::lock(&**unit, shown.tenant_id).await?;
    let invitation = invitation_store::invitation_by_token(&**unit, &shown.token_hash).await?;
    let invitation = invitation.ok_or(Error::NotFound(Subject::Invitation))?;
    usable(cx, &invitation)?;
    Ok((tenant, invitation))
}

fn usable(cx: &Cx, invitation: &invitation::Model) -> Result<()> {
    match invitation.status {
        InvitationStatus::Accepted => Err(Error::Conflict(Reason::InvitationUsed)),
        InvitationStatus::Revoked => Err(Error::Conflict(Reason::InvitationRevoked)),
        InvitationStatus::Pending if invitation.expires_at <= cx.now() => {
            Err(Error::Conflict(Reason::InvitationExpired))
        }
        InvitationStatus::Pending => Ok(()),
    }
}

/// Takes a seat and closes the invitation.
async fn enter(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant: &tenant::Model,
    mut invitation: invitation::Model,
    user: &user::Model,
) -> Result<entity::membership::Model> {
    limits::in_good_standing(cx, &**unit, tenant).await?;
    limits::seat_free(&**unit, tenant).await?;
    let membership = invite::add_member(cx, unit, tenant.id, user, invitation.role).await?;
    accepted(cx, &mut invitation, user.id);
    invitation_store::update_invitation(&**unit, &invitation).await?;
    Ok(membership)
}

fn accepted(cx: &Cx, invitation: &mut invitation::Model, by: UserId) {
    invite::close(cx, invitation, InvitationStatus::Accepted);
    invitation.accepted_by = Some(by);
}
