//! What is done to tenants' sites: jobs, asked for by people and done by workers.
//!
//! The rows are the truth and messages only wake: whoever is woken sees, under the tenant's lock, what
//! of the tenant's jobs can be done now. People's side (ask, list, retry, cancel) and the workers' side
//! (claim, steps, undo) meet in the job's row, whose status changes by compare-and-set only.

mod cancel;
mod create;
mod ledger;
pub mod lifecycle;
mod list;
mod opening;
pub mod operate;
mod people;
pub(super) mod reserve;
mod retry;
mod runner;
mod sites;
pub mod spelling;
mod standing;
pub(super) mod store;
mod watch;

use entity::{ids::BackupId, provisioning_job};
use serde::{Deserialize, Serialize};

use super::event::JobFacts;

pub(super) use create::at_sign_up;
pub use {
    cancel::cancel,
    create::{NewJob, create},
    ledger::{Log, LogCursor, LogWindow, count_lines, logs, steps, time_left},
    list::{JobFilter, count, count_each, find, get, list, list_each, list_with_total},
    people::requesters,
    retry::retry,
    runner::{stranded, wake},
    sites::{
        App, BackupFilter, apps, backups, backups_each, count_backups, count_backups_each,
        is_restorable, site_of_each,
    },
    watch::{Said, said, under_way},
};

/// What was asked for beside a job's type: the content of its `parameters`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameters {
    /// Under which name the site was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// To which backup the site is put back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_id: Option<BackupId>,
}

impl Parameters {
    /// Those of a job.
    pub fn of(job: &provisioning_job::Model) -> Self {
        // Written by ourselves; whoever changed it by hand has asked for nothing.
        serde_json::from_value(job.parameters.clone()).unwrap_or_default()
    }
}

/// What the events of a job tell of it.
pub fn facts(job: &provisioning_job::Model) -> JobFacts {
    JobFacts {
        tenant_id: job.tenant_id,
        job_id: job.id,
        job_type: job.job_type,
        spelling: job.spelling,
        attempt: job.attempt,
        progress: job.progress,
        message: job.message.clone(),
        requested_by: job.requested_by,
    }
}
