//! `provisioning_steps`: the ledger of a job's attempt, written before and after each step.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{ProvisioningJobId, ProvisioningStepId},
};

/// Where a step stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Not begun.
    Pending,
    /// Begun; whether it had an effect is found out by looking.
    Running,
    /// Its effect was observed.
    Completed,
    /// Given up.
    Failed,
    /// Being undone.
    Undoing,
    /// Nothing of its effect is there: it was taken back, or stopped before it had one.
    Undone,
}

/// A step of a job's attempt.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "provisioning_steps")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProvisioningStepId,
    /// Of which job.
    pub job_id: ProvisioningJobId,
    /// Of which of its attempts.
    pub attempt: i32,
    /// Its place, from 0.
    pub position: i32,
    /// The driver's name for it, e.g. `new-site`.
    pub name: String,
    /// What it does, for people.
    pub title: String,
    /// Where it stands.
    pub status: StepStatus,
    /// How far it is by itself, in percent.
    pub progress: i32,
    /// Whether its effect was there already, so that nothing was done.
    pub found: bool,
    /// Whether a job that is called off undoes it.
    pub undoable: bool,
    /// Whether it changes nothing at the site.
    pub harmless: bool,
    /// How often it was begun.
    pub tries: i32,
    /// Its share of the job's progress: the milliseconds it usually takes.
    pub weight_ms: i64,
    /// After how many milliseconds it is stopped.
    pub limit_ms: i64,
    /// What it observed and others may need.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub facts: Option<Json>,
    /// Why it failed last.
    pub error: Option<String>,
    /// When it first began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The job.
    #[sea_orm(
        belongs_to = "super::provisioning_job::Entity",
        from = "Column::JobId",
        to = "super::provisioning_job::Column::Id",
        on_delete = "Cascade"
    )]
    Job,
}

impl Related<super::provisioning_job::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Job.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "provisioning_steps":
    id, job_id, attempt, position, name, title, status, progress, found, undoable,
    harmless, tries, weight_ms, limit_ms, facts, error, started_at, completed_at
);
crate::row::words!(StepStatus);
