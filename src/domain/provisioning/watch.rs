//! What a running job says, for the system, which tells it to those who may hear it.

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::JobStatus,
    provisioning_log_line,
};

use super::{facts, store::watch as store};
use crate::{
    domain::{cx::Cx, event::JobFacts},
    error::Result,
};

/// How a job stands, and what it has said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The job as it stands.
    pub job: JobFacts,
    /// Where it stands.
    pub status: JobStatus,
    /// What it has said since.
    pub lines: Vec<provisioning_log_line::Model>,
    /// The number of its last line; only where no lines were asked for.
    pub last_line: i64,
}

/// The tenant's job that is under way, its attempt and its last line.
pub async fn under_way(cx: &Cx, tenant: TenantId) -> Result<Option<(ProvisioningJobId, i32, i64)>> {
    let system = cx.system_access()?;
    let Some(job) = store::under_way(cx.db(), &system, tenant).await? else {
        return Ok(None);
    };
    let last = store::last_line(cx.db(), &system, job.id).await?;
    Ok(Some((job.id, job.attempt, last)))
}

/// How a job stands, and what it has said since a line of an attempt.
pub async fn said(
    cx: &Cx,
    id: ProvisioningJobId,
    since: (i32, i64),
    limit: u64,
) -> Result<Option<Said>> {
    let system = cx.system_access()?;
    let Some(job) = store::job(cx.db(), &system, id).await? else {
        return Ok(None);
    };
    let everything = since.1 == i64::MAX;
    let (lines, last_line) = if everything {
        (Vec::new(), store::last_line(cx.db(), &system, id).await?)
    } else {
        let lines = store::lines(cx.db(), &system, id, since, limit).await?;
        (lines, 0)
    };
    Ok(Some(Said {
        job: facts(&job),
        status: job.status,
        lines,
        last_line,
    }))
}
