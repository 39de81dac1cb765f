//! `invitations`: mailed, single-use, expiring offers to join a tenant (ruling 7).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{InvitationId, TenantId, UserId},
    membership::TenantRole,
};

/// What became of an invitation. Expiry is not a state: it follows from `expires_at`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// Waiting for an answer.
    Pending,
    /// The invited person joined.
    Accepted,
    /// Taken back.
    Revoked,
}

/// An offer to join a tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    /// The tenant that invites.
    pub tenant_id: TenantId,
    /// The invited address as typed.
    pub email: String,
    /// The address in the form it is compared by; one pending invitation per tenant and address.
    pub email_normalized: String,
    /// The role the person will have.
    pub role: TenantRole,
    /// What became of it.
    pub status: InvitationStatus,
    /// Which letter is the valid one; every renewal raises it and so voids the older link.
    pub generation: i32,
    /// SHA-256 of the token in the valid link; the token itself is never stored.
    #[sea_orm(unique)]
    // Rows are written down elsewhere as answers to idempotency keys; this is not.
    #[serde(skip)]
    pub token_hash: Vec<u8>,
    /// Who sent it, as long as that account exists.
    pub invited_by: Option<UserId>,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// Who joined by it.
    pub accepted_by: Option<UserId>,
    /// When it was accepted or revoked.
    pub closed_at: Option<Timestamp>,
    /// When it was first sent.
    pub created_at: Timestamp,
    /// When it was last sent or changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tenant that invites.
    #[sea_orm(
        belongs_to = "super::tenant::Entity",
        from = "Column::TenantId",
        to = "super::tenant::Column::Id",
        on_delete = "Cascade"
    )]
    Tenant,
}

impl Related<super::tenant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tenant.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
