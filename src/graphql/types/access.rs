//! Permissions in GraphQL's words.

use async_graphql::Enum;
use entity::membership;

use crate::domain::access;

/// Something that a role in a tenant allows. Ask for permissions instead of deriving them from
/// roles: the table behind them may change.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::Permission")]
pub enum Permission {
    /// See the tenant, its limits and usage.
    ViewTenant,
    /// Change the tenant's name and settings.
    UpdateTenant,
    /// See who is in the tenant and who is invited.
    ViewMembers,
    /// Invite people, renew and take back invitations.
    InviteMembers,
    /// Make somebody an owner.
    GrantOwnership,
    /// Hand one's ownership over to another member.
    TransferOwnership,
    /// Change the roles of members.
    ChangeMemberRoles,
    /// Remove people from the tenant.
    RemoveMembers,
    /// See the subscription and its plan.
    ViewSubscription,
    /// See the site, its backups and what is done to it.
    ViewProvisioning,
    /// Have the site made, changed, backed up and removed.
    ManageProvisioning,
}

/// What a user is in a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "membership::TenantRole")]
pub enum TenantRole {
    /// May do everything, and makes others owners. A tenant always keeps at least one.
    Owner,
    /// Manages the tenant and its people, except owners.
    Admin,
    /// Uses the tenant.
    Member,
}

/// What a role allows.
pub fn permissions_of(role: membership::TenantRole) -> Vec<Permission> {
    access::permissions_of(role).map(Permission::from).collect()
}
