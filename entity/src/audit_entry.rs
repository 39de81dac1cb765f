//! `audit_log`: who did what, when, from where.

use sea_orm::entity::prelude::*;

use crate::{
    Timestamp,
    ids::{AuditEntryId, TenantId, UserId},
};

/// One deed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    /// In which tenant, if in one. No foreign key: the record outlives what it tells of.
    pub tenant_id: Option<TenantId>,
    /// Which user did it; `None` for the system and for visitors.
    pub actor_id: Option<UserId>,
    /// `user`, `anonymous`, or the system's part, e.g. `worker`.
    pub actor: String,
    /// What was done, e.g. `member.invited`.
    pub action: String,
    /// What it was done to: `user`, `tenant`, `invitation`, `session`.
    pub target_kind: String,
    /// The id of that.
    pub target_id: Option<Uuid>,
    /// Facts that explain the deed; no secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json,
    /// The request it happened in.
    pub request_id: String,
    /// The address it came from.
    pub ip_address: Option<String>,
    /// When.
    pub occurred_at: Timestamp,
}

/// How the table relates to others: it stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
