//! A person's account as others see it.

use std::sync::Arc;

use async_graphql::{ID, Object};
use entity::user;

use super::{id, scalars::DateTime};
use crate::graphql::{context::Scope, error::Result};

/// A person with an account.
pub struct User {
    scope: Scope,
    model: Arc<user::Model>,
}

impl User {
    /// Wraps a row.
    pub fn new(scope: Scope, model: impl Into<Arc<user::Model>>) -> Self {
        let model = model.into();
        Self { scope, model }
    }
}

/// A person with an account.
#[Object]
impl User {
    /// The user's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// The e-mail address as the person wrote it.
    async fn email(&self) -> &str {
        &self.model.email
    }

    /// The person's display name.
    async fn full_name(&self) -> &str {
        &self.model.full_name
    }

    /// False when the account is disabled and cannot sign in.
    async fn is_active(&self) -> bool {
        self.model.is_active
    }

    /// Whether the person operates the whole platform. No role in any tenant follows from it.
    async fn is_superuser(&self) -> bool {
        self.model.is_superuser
    }

    /// The tenant that the person's sign-in lands in. Told only to the person; null for others.
    async fn default_tenant_id(&self) -> Result<Option<ID>> {
        let viewer = self.scope.cx().identity().await?.user.id;
        if self.model.id != viewer {
            return Ok(None);
        }
        Ok(self.scope.default_tenant().await?.map(id))
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// When the account last changed.
    async fn updated_at(&self) -> DateTime {
        self.model.updated_at.into()
    }
}
