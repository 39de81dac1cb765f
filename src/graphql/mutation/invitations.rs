//! Offers to join a tenant: sent, renewed, taken back, accepted.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::{InvitationId, TenantId};

use crate::{
    domain::{
        fields::Fields,
        idempotency::IdempotencyKey,
        members::{self, AcceptInvitation, Accepted, Invite, Invited, NewAccount},
        values::{EmailAddress, FullName, Password},
    },
    graphql::{
        context::Scope,
        error::Result,
        input::{self, complete, optional, tenant_or_current},
        types::{
            access::TenantRole,
            auth::{Tokens, signed_in},
            invitation::Invitation,
            member::Membership,
            tenant::Tenant,
            viewer::Viewer,
        },
    },
};

/// Somebody to invite.
#[derive(InputObject)]
pub struct InviteMemberInput {
    /// Into which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// The person's e-mail address.
    email: String,
    /// The role the person will have; `MEMBER` when left out.
    role: Option<TenantRole>,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

impl InviteMemberInput {
    fn read(self) -> Result<(Option<TenantId>, Invite, Option<IdempotencyKey>)> {
        let Self {
            tenant_id,
            email,
            role,
            idempotency_key,
        } = self;
        let mut fields = Fields::new();
        let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
        let email = fields.take("email", EmailAddress::parse(&email));
        let key = fields.take("idempotency_key", input::key(idempotency_key));
        let ((tenant, email), key) = complete(fields, tenant.zip(email).zip(key))?;
        let role = role.unwrap_or(TenantRole::Member).into();
        Ok((tenant, Invite { email, role }, key))
    }
}

/// What came of it: one of the two is set.
#[derive(SimpleObject)]
pub struct InviteMemberPayload {
    /// The new member, when the address has an account: they joined at once.
    membership: Option<Membership>,
    /// The mailed invitation, when it has none: the person joins by the letter's link.
    invitation: Option<Invitation>,
}

/// An invitation of a tenant.
#[derive(InputObject)]
pub struct ResendInvitationInput {
    /// Of which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Which invitation.
    invitation_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// The renewed invitation.
#[derive(SimpleObject)]
pub struct ResendInvitationPayload {
    /// The invitation as it is now.
    invitation: Invitation,
}

/// An invitation of a tenant.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// Of which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Which invitation.
    invitation_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// The revoked invitation.
#[derive(SimpleObject)]
pub struct RevokeInvitationPayload {
    /// The invitation as it is now.
    invitation: Invitation,
}

/// Reads which invitation of which tenant is meant.
fn invitation(
    tenant_id: Option<ID>,
    invitation_id: &ID,
    key: Option<String>,
) -> Result<(Option<TenantId>, InvitationId, Option<IdempotencyKey>)> {
    let mut fields = Fields::new();
    let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
    let invitation = fields.take("invitation_id", input::id(invitation_id));
    let key = fields.take("idempotency_key", input::key(key));
    let ((tenant, invitation), key) = complete(fields, tenant.zip(invitation).zip(key))?;
    Ok((tenant, invitation, key))
}

/// An invitation to accept.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token from the letter's link, behind the `#`.
    token: String,
    /// A password for the new account, 8 to 128 characters. Leave it out when you are signed in.
    password: Option<String>,
    /// A name for the new account; derived from the address when left out.
    full_name: Option<String>,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again. Counts when you are
    /// signed in; the answer to a new account holds credentials and is not kept.
    idempotency_key: Option<String>,
}

impl AcceptInvitationInput {
    fn read(self) -> Result<(AcceptInvitation, Option<IdempotencyKey>)> {
        let Self {
            token,
            password,
            full_name,
            idempotency_key,
        } = self;
        let mut fields = Fields::new();
        let password = optional(password, |password| Password::parse(&password));
        let password = fields.take("password", password);
        let full_name = optional(full_name, |name| FullName::parse(&name));
        let full_name = fields.take("full_name", full_name);
        let key = fields.take("idempotency_key", input::key(idempotency_key));
        let ((password, full_name), key) = complete(fields, password.zip(full_name).zip(key))?;
        let account = password.map(|password| NewAccount {
            password,
            full_name,
        });
        Ok((AcceptInvitation { token, account }, key))
    }
}

/// The new member.
#[derive(SimpleObject)]
pub struct AcceptInvitationPayload {
    /// The new membership.
    membership: Membership,
    /// The tenant that was joined.
    tenant: Tenant,
    /// The tokens of the new account's first session, in the tenant; null when you were signed in.
    tokens: Option<Tokens>,
    /// The new account's owner; null when you were signed in.
    viewer: Option<Viewer>,
}

impl AcceptInvitationPayload {
    fn of(scope: &Scope, accepted: Accepted) -> Self {
        let Accepted {
            member,
            tenant,
            signed_in: session,
        } = accepted;
        let (tokens, viewer) = session.map(signed_in).unzip();
        // What was joined is seen by whoever has joined.
        let scope = viewer.as_ref().map_or(scope, Viewer::scope).clone();
        let tenant = Tenant::new(&scope, tenant, &member.membership);
        let membership = Membership::of_member(&scope, member, Some(tenant.clone()));
        Self {
            membership,
            tenant,
            tokens,
            viewer,
        }
    }
}

/// Invitations.
#[derive(Default)]
pub struct InvitationsMutation;

#[Object]
impl InvitationsMutation {
    /// Invites somebody. An address with an account joins at once and takes a seat; to any other a
    /// letter is sent, whose link works once. Repeating it renews the invitation and voids the older
    /// link. Needs `INVITE_MEMBERS`, and `GRANT_OWNERSHIP` to invite an owner.
    ///
    /// `CONFLICT` with reason `ALREADY_MEMBER`; `LIMIT_REACHED` when the plan has no seat left;
    /// `PAYMENT_REQUIRED` when the subscription has expired or the tenant is suspended.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and as what.")] input: InviteMemberInput,
    ) -> Result<InviteMemberPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let (tenant, invite, key) = input.read()?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        Ok(match members::invite(scope.cx(), tenant, invite).await? {
            Invited::Member(member) => InviteMemberPayload {
                membership: Some(Membership::of_member(scope, member, None)),
                invitation: None,
            },
            Invited::Pending(row) => InviteMemberPayload {
                membership: None,
                invitation: Some(Invitation::new(scope, row)),
            },
        })
    }

    /// Sends a pending invitation again, with a new link and a new deadline; the older link no longer
    /// works. Needs `INVITE_MEMBERS`.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ResendInvitationInput,
    ) -> Result<ResendInvitationPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let ResendInvitationInput {
            tenant_id,
            invitation_id,
            idempotency_key,
        } = input;
        let (tenant, id, key) = invitation(tenant_id, &invitation_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let row = members::resend_invitation(scope.cx(), tenant, id).await?;
        Ok(ResendInvitationPayload {
            invitation: Invitation::new(scope, row),
        })
    }

    /// Takes a pending invitation back; its link no longer works. Needs `INVITE_MEMBERS`.
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeInvitationInput,
    ) -> Result<RevokeInvitationPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let RevokeInvitationInput {
            tenant_id,
            invitation_id,
            idempotency_key,
        } = input;
        let (tenant, id, key) = invitation(tenant_id, &invitation_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let row = members::revoke_invitation(scope.cx(), tenant, id).await?;
        Ok(RevokeInvitationPayload {
            invitation: Invitation::new(scope, row),
        })
    }

    /// Joins a tenant by the token of a mailed link. Public: the token is the permission.
    ///
    /// Signed in with the invited address, you join. Without an access token and with a password, an
    /// account is made for the invited address, joins and is signed in. `CONFLICT` with reason
    /// `ACCOUNT_EXISTS` when the address has an account (sign in first), `INVITATION_FOR_OTHER` when
    /// you are signed in with another address, `INVITATION_USED`, `INVITATION_EXPIRED` or
    /// `INVITATION_REVOKED`; `LIMIT_REACHED` when the plan has no seat left; `PAYMENT_REQUIRED` when
    /// the subscription has expired or the tenant is suspended.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and how.")] input: AcceptInvitationInput,
    ) -> Result<AcceptInvitationPayload> {
        let (accept, key) = input.read()?;
        let scope = &Scope::anew(ctx).keyed(key);
        let accepted = members::accept_invitation(scope.cx(), accept).await?;
        Ok(AcceptInvitationPayload::of(scope, accepted))
    }
}
