//! Offers to join a tenant.

use entity::invitation::{self, InvitationStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Membership, Role, Session, Tenant, Time, Tokens, User};
use crate::domain::{members, tenants::TenantMembership};

/// What became of an invitation.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Waiting for an answer; see `expires_at` for how long.
    Pending,
    /// The invited person joined.
    Accepted,
    /// Taken back.
    Revoked,
}

impl From<InvitationStatus> for InvitationState {
    fn from(status: InvitationStatus) -> Self {
        match status {
            InvitationStatus::Pending => Self::Pending,
            InvitationStatus::Accepted => Self::Accepted,
            InvitationStatus::Revoked => Self::Revoked,
        }
    }
}

/// An offer to join a tenant. Its link is in the letter only.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invitation {
    id: Uuid,
    tenant_id: Uuid,
    #[schema(format = "email", example = "bob@example.com")]
    email: String,
    role: Role,
    #[schema(inline)]
    status: InvitationState,
    /// Until when the link works.
    expires_at: Time,
    created_at: Time,
    /// When it was last sent or changed.
    updated_at: Time,
}

impl From<&invitation::Model> for Invitation {
    fn from(of: &invitation::Model) -> Self {
        Self {
            id: of.id.0,
            tenant_id: of.tenant_id.0,
            email: of.email.clone(),
            role: of.role.into(),
            status: of.status.into(),
            expires_at: of.expires_at.into(),
            created_at: of.created_at.into(),
            updated_at: of.updated_at.into(),
        }
    }
}

/// What an invite led to: a membership at once, or a letter with a link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sent {
    /// The new member; null as long as the invited person has no account.
    #[schema(required)]
    user_id: Option<Uuid>,
    #[schema(format = "email", example = "bob@example.com")]
    email: String,
    role: Role,
    /// The invitation that waits for an answer; null when the person is a member already.
    #[schema(required)]
    invitation: Option<Invitation>,
}

impl From<members::Invited> for Sent {
    fn from(invited: members::Invited) -> Self {
        match invited {
            members::Invited::Member(member) => Self {
                user_id: Some(member.user.id.0),
                email: member.user.email,
                role: member.membership.role.into(),
                invitation: None,
            },
            members::Invited::Pending(invitation) => Self {
                user_id: None,
                role: invitation.role.into(),
                invitation: Some(Invitation::from(&invitation)),
                email: invitation.email,
            },
        }
    }
}

/// What an accepted invitation led to. When an account was made on the way, it is signed in, and
/// the last keys hold what a login answers; else they are null.
#[derive(Debug, Serialize, ToSchema)]
pub struct Joined {
    /// The company that was joined.
    tenant: Tenant,
    /// The role in it.
    role: Role,
    /// The new membership.
    membership: Membership,
    #[schema(required)]
    access_token: Option<String>,
    #[schema(required)]
    refresh_token: Option<String>,
    /// `bearer`, with the tokens.
    #[schema(required)]
    token_type: Option<&'static str>,
    /// Seconds until the access token expires.
    #[schema(required)]
    expires_in: Option<u64>,
    /// The new account.
    #[schema(required)]
    user: Option<User>,
    #[schema(required)]
    tenants: Option<Vec<Membership>>,
    #[schema(required)]
    current_tenant: Option<Tenant>,
}

impl From<members::Accepted> for Joined {
    fn from(accepted: members::Accepted) -> Self {
        let members::Accepted {
            member,
            tenant,
            signed_in,
        } = accepted;
        let place = TenantMembership {
            tenant,
            membership: member.membership,
        };
        let joined = Self {
            tenant: Tenant::from(&place),
            role: place.membership.role.into(),
            membership: Membership::from(&place),
            access_token: None,
            refresh_token: None,
            token_type: None,
            expires_in: None,
            user: None,
            tenants: None,
            current_tenant: None,
        };
        let Some(signed_in) = signed_in else {
            return joined;
        };
        let Session {
            tokens,
            user,
            tenants,
            current_tenant,
        } = signed_in.into();
        let Tokens {
            access_token,
            refresh_token,
            token_type,
            expires_in,
        } = tokens;
        Self {
            access_token: Some(access_token),
            refresh_token: Some(refresh_token),
            token_type: Some(token_type),
            expires_in: Some(expires_in),
            user: Some(user),
            tenants: Some(tenants),
            current_tenant,
            ..joined
        }
    }
}
