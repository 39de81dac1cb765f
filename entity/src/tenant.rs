//! `tenants`: companies.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::TenantId};

/// Where a tenant stands in its life (spec section 4; the words are the legacy ones).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
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

/// A company.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    /// Display name.
    pub name: String,
    /// URL-friendly name, `[a-z0-9]+(-[a-z0-9]+)*`, unique (ruling 25).
    #[sea_orm(unique)]
    pub slug: String,
    /// Where the tenant stands.
    pub status: TenantStatus,
    /// Address of its ERPNext site once there is one.
    pub erpnext_site_url: Option<String>,
    /// A JSON object that belongs to the tenant; the service does not read it.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    /// Name and slug in lower case, for searching: databases do not fold all scripts alike.
    pub search_text: String,
    /// When the tenant signed up.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The people in the tenant.
    #[sea_orm(has_many = "super::membership::Entity")]
    Membership,
    /// Offers to join.
    #[sea_orm(has_many = "super::invitation::Entity")]
    Invitation,
    /// What is and was done to its site.
    #[sea_orm(has_many = "super::provisioning_job::Entity")]
    ProvisioningJob,
    /// What the tenant pays for.
    #[sea_orm(has_one = "super::subscription::Entity")]
    Subscription,
}

impl Related<super::membership::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Membership.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "tenants":
    id, name, slug, status, erpnext_site_url, settings, search_text, created_at, updated_at
);
crate::row::words!(TenantStatus);
