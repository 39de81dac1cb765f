//! What is done to tenants' sites: jobs, asked for by people and done by workers.
//!
//! The rows are the truth and messages only wake: whoever is woken sees, under the tenant's lock, what
//! of the tenant's jobs can be done now. People's side (ask, list, retry, cancel) and the workers' side
//! (claim, steps, undo) meet in the job's row, whose status changes by compare-and-set only.

pub mod lifecycle;

use entity::{ids::ProvisioningJobId, provisioning_job};

use super::{cx::Cx, event::JobFacts};
use crate::error::Result;

/// What the events of a job tell of it.
pub fn facts(job: &provisioning_job::Model) -> JobFacts {
    JobFacts {
        tenant_id: job.tenant_id,
        job_id: job.id,
        job_type: job.job_type,
        attempt: job.attempt,
        progress: job.progress,
        message: job.message.clone(),
    }
}

/// Sees what can be done now of what waits in the tenant of this job.
pub fn wake(cx: &Cx, _job: ProvisioningJobId) -> Result<()> {
    cx.system_access()?;
    Ok(())
}
