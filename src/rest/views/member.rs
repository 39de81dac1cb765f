//! People of a tenant and their roles.

use entity::membership::TenantRole;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;
use crate::domain::members;

/// What a user is in a tenant.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything, and hand out ownership.
    Owner,
    /// Manages the tenant and its people, not its owners.
    Admin,
    /// Uses the tenant.
    Member,
}

impl From<TenantRole> for Role {
    fn from(role: TenantRole) -> Self {
        match role {
            TenantRole::Owner => Self::Owner,
            TenantRole::Admin => Self::Admin,
            TenantRole::Member => Self::Member,
        }
    }
}

/// Somebody in a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    user_id: Uuid,
    #[schema(format = "email", example = "bob@example.com")]
    email: String,
    #[schema(example = "Bob Ray")]
    full_name: String,
    role: Role,
    /// Whether this person's sign-in lands in this tenant.
    is_default: bool,
    joined_at: Time,
}

impl From<members::Member> for Member {
    fn from(member: members::Member) -> Self {
        let members::Member { user, membership } = member;
        Self {
            user_id: user.id.0,
            email: user.email,
            full_name: user.full_name,
            role: membership.role.into(),
            is_default: membership.is_default,
            joined_at: membership.joined_at.into(),
        }
    }
}
