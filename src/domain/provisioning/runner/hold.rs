//! Which job a worker has in its hands, and under which number.

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job, site, tenant,
};

use crate::ports::provisioner::Moment;

/// A job in this worker's hands. Everything that is written of it is written under this number; once
/// somebody else has taken the job over, nothing more is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The job.
    pub job_id: ProvisioningJobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The number.
    pub fence: i64,
}

/// A job that was just claimed, and what it is about.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The job, as it is now.
    pub job: provisioning_job::Model,
    /// Whose it is.
    pub tenant: tenant::Model,
    /// The tenant's site, if it has one.
    pub site: Option<site::Model>,
    /// Whether somebody began it before and did not end it.
    pub taken_over: bool,
    /// When we were about to claim it: the lease began no earlier.
    pub asked_at: Moment,
}

impl Claimed {
    /// The proof with which it is written.
    pub fn hold(&self) -> Hold {
        Hold {
            job_id: self.job.id,
            tenant_id: self.job.tenant_id,
            fence: self.job.fence,
        }
    }
}
