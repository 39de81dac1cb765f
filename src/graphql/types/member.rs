//! A person's place in a tenant.

use std::sync::Arc;

use async_graphql::{ID, Object};
use entity::{membership, user};

use super::{access::TenantRole, id, scalars::DateTime, tenant::Tenant, user::User};
use crate::{
    domain::{
        members::Member,
        tenants::{self, TenantMembership},
    },
    graphql::{context::Scope, error::Result, in_place::InPlace},
};

/// A person's place in a tenant, with both ends as far as they came along.
pub struct Membership {
    scope: Scope,
    model: membership::Model,
    user: Arc<user::Model>,
    tenant: Option<Tenant>,
}

impl Membership {
    /// The place of the person who asks.
    pub fn of_viewer(scope: &Scope, user: Arc<user::Model>, place: Arc<TenantMembership>) -> Self {
        let model = place.membership.clone();
        let tenant = Some(Tenant::of_viewer(scope, place));
        Self {
            scope: scope.clone(),
            model,
            user,
            tenant,
        }
    }

    /// Somebody's place in a tenant; the tenant is loaded when it is asked for, unless it is known.
    pub fn of_member(scope: &Scope, member: Member, tenant: Option<Tenant>) -> Self {
        let Member {
            user,
            membership: model,
        } = member;
        Self {
            scope: scope.clone(),
            model,
            user: Arc::new(user),
            tenant,
        }
    }
}

/// A person's place in a tenant.
#[Object]
impl Membership {
    /// The id of this membership, for client caches.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// Who.
    async fn user(&self) -> InPlace<User> {
        InPlace(User::new(self.scope.clone(), Arc::clone(&self.user)))
    }

    /// Where.
    async fn tenant(&self) -> Result<InPlace<Tenant>> {
        if let Some(tenant) = &self.tenant {
            return Ok(InPlace(tenant.clone()));
        }
        let place = tenants::get(self.scope.cx(), self.model.tenant_id).await?;
        Ok(InPlace(Tenant::of_viewer(&self.scope, place)))
    }

    /// As what.
    async fn role(&self) -> TenantRole {
        self.model.role.into()
    }

    /// Whether the person's sign-in lands in this tenant.
    async fn is_default(&self) -> bool {
        self.model.is_default
    }

    /// Since when.
    async fn joined_at(&self) -> DateTime {
        self.model.joined_at.into()
    }
}
