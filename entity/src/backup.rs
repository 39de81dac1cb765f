//! `backups`: what backup jobs have left.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{BackupId, ProvisioningJobId, SiteId, TenantId},
};

/// A backup of a site.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "backups")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BackupId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Of which site.
    pub site_id: SiteId,
    /// The job that made it, as long as that is known; one backup per job and attempt.
    pub job_id: Option<ProvisioningJobId>,
    /// Which attempt of that job.
    pub attempt: i32,
    /// By what the driver finds it again.
    pub reference: String,
    /// How large it is, in bytes, if the driver said so.
    pub size_bytes: Option<i64>,
    /// What it consists of: a list of file names.
    #[sea_orm(column_type = "JsonBinary")]
    pub files: Json,
    /// Whether it only pretends to be there.
    pub simulated: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The site.
    #[sea_orm(
        belongs_to = "super::site::Entity",
        from = "Column::SiteId",
        to = "super::site::Column::Id",
        on_delete = "Cascade"
    )]
    Site,
}

impl Related<super::site::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Site.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "backups":
    id, tenant_id, site_id, job_id, attempt, reference, size_bytes, files, simulated, created_at
);
