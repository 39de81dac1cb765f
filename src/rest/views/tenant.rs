//! Companies, and the caller's place in them.

use entity::tenant::TenantStatus;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Limits, Role, Subscription, Time};
use crate::domain::tenants::TenantMembership;

/// Where a tenant stands in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing has been asked for yet.
    Pending,
    /// A site is being made; also the state of a new tenant.
    Provisioning,
    /// The site works.
    Active,
    /// Access is withheld.
    Suspended,
    /// The tenant has left.
    Cancelled,
}

impl From<TenantStatus> for Status {
    fn from(status: TenantStatus) -> Self {
        match status {
            TenantStatus::Pending => Self::Pending,
            TenantStatus::Provisioning => Self::Provisioning,
            TenantStatus::Active => Self::Active,
            TenantStatus::Suspended => Self::Suspended,
            TenantStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A company, as one of its members sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tenant {
    id: Uuid,
    #[schema(example = "Acme")]
    name: String,
    /// URL-friendly name, unique.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "acme")]
    slug: String,
    #[schema(inline)]
    status: Status,
    /// The caller's role in it.
    role: Role,
    /// Address of its ERPNext site once there is one: as reported, or else as expected.
    #[schema(required)]
    erpnext_site_url: Option<String>,
    /// An object that belongs to the tenant.
    #[schema(value_type = Object)]
    settings: Value,
    created_at: Time,
    updated_at: Time,
}

impl From<&TenantMembership> for Tenant {
    fn from(of: &TenantMembership) -> Self {
        let TenantMembership { tenant, membership } = of;
        Self {
            id: tenant.id.0,
            name: tenant.name.clone(),
            slug: tenant.slug.clone(),
            status: tenant.status.into(),
            role: membership.role.into(),
            erpnext_site_url: tenant.erpnext_site_url.clone(),
            settings: tenant.settings.clone(),
            created_at: tenant.created_at.into(),
            updated_at: tenant.updated_at.into(),
        }
    }
}

/// The tenant of the token, with what it pays for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentTenant {
    #[serde(flatten)]
    tenant: Tenant,
    /// Null when the tenant has none.
    #[schema(required)]
    subscription: Option<Subscription>,
    /// What the plan includes; null without a subscription.
    #[schema(required)]
    limits: Option<Limits>,
}

impl CurrentTenant {
    /// Shows a tenant with what it pays for.
    pub fn new(of: &TenantMembership, paid: Option<(Subscription, Limits)>) -> Self {
        let (subscription, limits) = paid.unzip();
        Self {
            tenant: of.into(),
            subscription,
            limits,
        }
    }
}

/// One of a person's companies, as sign-in lists them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Membership {
    /// The same as `tenant_id`.
    id: Uuid,
    /// The same as `tenant_name`.
    #[schema(example = "Acme")]
    name: String,
    #[schema(example = "acme")]
    slug: String,
    tenant_id: Uuid,
    #[schema(example = "Acme")]
    tenant_name: String,
    role: Role,
    /// Whether sign-in lands here.
    is_default: bool,
}

impl From<&TenantMembership> for Membership {
    fn from(of: &TenantMembership) -> Self {
        let TenantMembership { tenant, membership } = of;
        Self {
            id: tenant.id.0,
            name: tenant.name.clone(),
            slug: tenant.slug.clone(),
            tenant_id: tenant.id.0,
            tenant_name: tenant.name.clone(),
            role: membership.role.into(),
            is_default: membership.is_default,
        }
    }
}
