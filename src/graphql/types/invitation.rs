//! A mailed offer to join a tenant.

use async_graphql::{Enum, ID, Object};
use entity::invitation;

use super::{access::TenantRole, id, scalars::DateTime};
use crate::graphql::context::Scope;

/// What became of an invitation. An expired one is still `PENDING`: see `isExpired`.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "invitation::InvitationStatus")]
pub enum InvitationStatus {
    /// Waiting for an answer.
    Pending,
    /// The invited person joined.
    Accepted,
    /// Taken back.
    Revoked,
}

/// A mailed offer to join a tenant.
pub struct Invitation {
    scope: Scope,
    model: invitation::Model,
}

impl Invitation {
    /// Wraps a row.
    pub fn new(scope: &Scope, model: invitation::Model) -> Self {
        Self {
            scope: scope.clone(),
            model,
        }
    }
}

/// A mailed offer to join a tenant. It takes no seat and gives no access until it is accepted.
#[Object]
impl Invitation {
    /// The invitation's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// The address it was sent to.
    async fn email(&self) -> &str {
        &self.model.email
    }

    /// The role the person will have.
    async fn role(&self) -> TenantRole {
        self.model.role.into()
    }

    /// What became of it.
    async fn status(&self) -> InvitationStatus {
        self.model.status.into()
    }

    /// Whether its link has run out while it was waiting; resend it to renew the link.
    async fn is_expired(&self) -> bool {
        self.model.status == invitation::InvitationStatus::Pending
            && self.model.expires_at <= self.scope.cx().now()
    }

    /// Until when the link works.
    async fn expires_at(&self) -> DateTime {
        self.model.expires_at.into()
    }

    /// The id of the tenant that invites.
    async fn tenant_id(&self) -> ID {
        id(self.model.tenant_id)
    }

    /// The id of the user who sent it, as long as that account exists.
    async fn invited_by_id(&self) -> Option<ID> {
        self.model.invited_by.map(id)
    }

    /// When it was first sent.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// When it was last sent or changed.
    async fn updated_at(&self) -> DateTime {
        self.model.updated_at.into()
    }
}
