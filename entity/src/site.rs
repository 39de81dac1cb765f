//! `sites`: the `ERPNext` sites of tenants; a tenant has at most one that is not gone.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{SiteId, TenantId},
};

/// Where a site stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum SiteStatus {
    /// Its name is taken, nothing was begun.
    Reserved,
    /// Being made, or left half-made by an attempt that failed.
    Creating,
    /// It was seen to work.
    Active,
    /// It is there and not served.
    Suspended,
    /// It is gone, and its name is free again.
    Deleted,
}

/// A site.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "sites")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SiteId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its label below the domain of sites, e.g. `acme`; unique among those that are not gone.
    pub name: String,
    /// Its host name, e.g. `acme.example.com`.
    pub host: String,
    /// Its address, once it was seen to work.
    pub url: Option<String>,
    /// Where it stands.
    pub status: SiteStatus,
    /// The driver that made it, e.g. `dry-run`.
    pub provisioner: Option<String>,
    /// Whether it only pretends to be there.
    pub simulated: bool,
    /// What is installed, as observed: a list of `{name, version}`.
    #[sea_orm(column_type = "JsonBinary")]
    pub apps: Json,
    /// When its name was taken.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Whose it is.
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

crate::row::row!(
    "sites":
    id, tenant_id, name, host, url, status, provisioner, simulated, apps, created_at, updated_at,
    deleted_at
);
crate::row::words!(SiteStatus);
