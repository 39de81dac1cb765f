//! The root of reading, one file per feature.

mod access;
mod auth;
mod billing;
mod notifications;
mod provisioning;
mod tenants;

use async_graphql::MergedObject;

/// What can be read. Everything but `plans` needs an access token in the header
/// `Authorization: Bearer …`.
#[derive(Default, MergedObject)]
pub struct Query(
    access::AccessQuery,
    auth::AuthQuery,
    billing::BillingQuery,
    notifications::NotificationsQuery,
    provisioning::ProvisioningQuery,
    tenants::TenantsQuery,
);
