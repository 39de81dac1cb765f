//! The root of changing, one file per feature. Every mutation returns what it changed, so that a
//! client's cache updates itself.

mod auth;
mod invitations;
mod members;
mod notifications;
mod provisioning;
mod tenants;

use async_graphql::MergedObject;

/// What can be changed. `register`, `login`, `refreshToken` and `acceptInvitation` are public; the
/// others need an access token in the header `Authorization: Bearer …`, and name the permission they
/// need.
#[derive(Default, MergedObject)]
pub struct Mutation(
    auth::AuthMutation,
    invitations::InvitationsMutation,
    members::MembersMutation,
    notifications::NotificationsMutation,
    provisioning::ProvisioningMutation,
    tenants::TenantsMutation,
);
