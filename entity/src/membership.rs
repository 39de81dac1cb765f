//! `user_tenants`: who is in which tenant, and as what (the specification's `TenantUser`).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{MembershipId, TenantId, UserId},
};

/// What a user is in a tenant (spec section 5.2), weakest last.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum TenantRole {
    /// May do everything, and hand out ownership.
    Owner,
    /// Manages the tenant and its people, not its owners.
    Admin,
    /// Uses the tenant.
    Member,
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "user_tenants")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    /// Who.
    pub user_id: UserId,
    /// Where; unique together with the user.
    pub tenant_id: TenantId,
    /// As what.
    pub role: TenantRole,
    /// Whether sign-in lands in this tenant; at most one per user.
    pub is_default: bool,
    /// Since when.
    pub joined_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id",
        on_delete = "Cascade"
    )]
    User,
    /// Where.
    #[sea_orm(
        belongs_to = "super::tenant::Entity",
        from = "Column::TenantId",
        to = "super::tenant::Column::Id",
        on_delete = "Cascade"
    )]
    Tenant,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::tenant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tenant.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!("user_tenants": id, user_id, tenant_id, role, is_default, joined_at);
crate::row::words!(TenantRole);
