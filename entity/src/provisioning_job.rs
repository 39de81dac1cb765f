//! `provisioning_jobs`: what is to be done, is being done or was done to a tenant's site.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{ProvisioningJobId, TenantId, UserId},
};

/// What is to be done; each door has words of its own for it (ruling 2).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum JobType {
    /// Make the site.
    Create,
    /// Bring the site to the current release.
    Update,
    /// Remove the site.
    Delete,
    /// Back the site up.
    Backup,
    /// Put the site back to a backup.
    Restore,
    /// Stop serving the site.
    Suspend,
    /// Serve the site again.
    Resume,
}

impl JobType {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Backup,
        Self::Restore,
        Self::Suspend,
        Self::Resume,
    ];

    /// The one word that says it, e.g. `create`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }
}

/// Where a job stands (ruling 3).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits its turn.
    Pending,
    /// A worker is at it; at most one of a tenant's (ruling 49).
    InProgress,
    /// Done.
    Completed,
    /// Given up.
    Failed,
    /// Called off by a person.
    Cancelled,
}

impl JobStatus {
    /// Whether nothing more happens to it by itself.
    pub fn is_finished(self) -> bool {
        match self {
            Self::Pending | Self::InProgress => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// The words in which a REST client spells job types, and hears them back (ruling 2).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum JobSpelling {
    /// `create_instance`; also of jobs that were not made over REST.
    Instance,
    /// `create_site`.
    Site,
    /// `createSite`.
    CamelSite,
    /// `createInstance`.
    CamelInstance,
}

/// Whether it may help to try again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// It may go better next time.
    Retryable,
    /// Something must be changed first.
    Final,
}

/// A job.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "provisioning_jobs")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProvisioningJobId,
    /// Whose site.
    pub tenant_id: TenantId,
    /// What is to be done.
    pub job_type: JobType,
    /// How the client that asked spells it.
    pub spelling: JobSpelling,
    /// Where it stands.
    pub status: JobStatus,
    /// Which try this is, from 1; a person's retry raises it.
    pub attempt: i32,
    /// In percent.
    pub progress: i32,
    /// What is happening, for people.
    pub message: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether trying again may help.
    pub error_class: Option<ErrorClass>,
    /// What to do about it.
    pub error_advice: Option<String>,
    /// What was asked for beside the type, e.g. which backup.
    #[sea_orm(column_type = "JsonBinary")]
    pub parameters: Json,
    /// What was observed when it completed.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub result: Option<Json>,
    /// Who asked, as long as that account exists; nobody, where the system did.
    pub requested_by: Option<UserId>,
    /// Raised by every claim: what is written under an older number is refused.
    pub fence: i64,
    /// Which worker has it.
    pub claimed_by: Option<String>,
    /// Until when it belongs to that worker, unless renewed.
    pub lease_until: Option<Timestamp>,
    /// The attempt that was called off when some of its steps had begun, until they are undone.
    pub undo_attempt: Option<i32>,
    /// Since when it waits; a tenant's jobs run in this order.
    pub queued_at: Timestamp,
    /// When it was asked for first.
    pub created_at: Timestamp,
    /// When the present attempt began.
    pub started_at: Option<Timestamp>,
    /// When the present attempt ended.
    pub completed_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tenant whose site it is.
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
    "provisioning_jobs":
    id, tenant_id, job_type, spelling, status, attempt, progress, message, error, error_class,
    error_advice, parameters, result, requested_by, fence, claimed_by, lease_until, undo_attempt,
    queued_at, created_at, started_at, completed_at, updated_at
);
crate::row::words!(JobType, JobStatus, JobSpelling, ErrorClass);
