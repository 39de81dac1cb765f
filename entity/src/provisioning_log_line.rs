//! `provisioning_log_lines`: what drivers say while they work, bounded per line and per job.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{LogLineId, ProvisioningJobId},
};

/// How much a line matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What happens.
    Info,
    /// What may be wrong.
    Warning,
    /// What went wrong.
    Error,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provisioning_log_lines")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LogLineId,
    /// Of which job.
    pub job_id: ProvisioningJobId,
    /// Its place in the job's log, from 1; numbers of dropped lines are not used.
    pub seq: i64,
    /// In which attempt it was said.
    pub attempt: i32,
    /// In which step.
    pub step: Option<String>,
    /// How much it matters.
    pub level: LogLevel,
    /// The line, without control characters.
    pub text: String,
    /// When it was heard.
    pub at: Timestamp,
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
    "provisioning_log_lines":
    id, job_id, seq, attempt, step, level, text, at
);
crate::row::words!(LogLevel);
