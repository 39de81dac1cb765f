//! A person's account.

use entity::{ids::TenantId, user};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// A person's account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    id: Uuid,
    /// The address as typed.
    #[schema(format = "email", example = "ann@example.com")]
    email: String,
    #[schema(example = "Ann Lee")]
    full_name: String,
    /// A disabled account cannot sign in.
    is_active: bool,
    /// Whether the person operates this service.
    is_superuser: bool,
    /// Where sign-in lands; null for somebody who is in no tenant.
    #[schema(required)]
    default_tenant_id: Option<Uuid>,
    created_at: Time,
    updated_at: Time,
}

impl User {
    /// Shows an account and where its sign-in lands.
    pub fn new(user: &user::Model, default_tenant: Option<TenantId>) -> Self {
        Self {
            id: user.id.0,
            email: user.email.clone(),
            full_name: user.full_name.clone(),
            is_active: user.is_active,
            is_superuser: user.is_superuser,
            default_tenant_id: default_tenant.map(|id| id.0),
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
        }
    }
}
