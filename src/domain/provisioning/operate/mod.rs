//! What an operator sees of jobs, of any tenant. No caller from outside may: the command line comes as
//! the system.

mod store;

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{self, JobStatus},
    provisioning_log_line, provisioning_step, tenant,
};

use crate::{
    domain::cx::Cx,
    error::{Error, Result, Subject},
};

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of the tenant with this slug.
    pub tenant: Option<String>,
    /// Those that stand there.
    pub status: Option<JobStatus>,
}

/// A job, and whose it is.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The job.
    pub job: provisioning_job::Model,
    /// Whose it is.
    pub tenant: tenant::Model,
}

/// Some jobs.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// The newest that match.
    pub jobs: Vec<Shown>,
    /// Whether more match.
    pub more: bool,
}

/// How a job stands, and what it has said.
#[derive(Clone, Debug)]
pub struct View {
    /// The job, and whose it is.
    pub shown: Shown,
    /// The ledger of the attempt that is being undone, else of the present one.
    pub steps: Vec<provisioning_step::Model>,
    /// Lines of the log, in order.
    pub lines: Vec<provisioning_log_line::Model>,
    /// Whether lines before these are not shown.
    pub cut: bool,
}

/// Which lines of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The last ones, so many at most.
    Last(u64),
    /// Those behind this number, so many at most.
    Behind(i64, u64),
}

/// The newest jobs that match, so many at most.
pub async fn list(cx: &Cx, filter: &Filter, limit: u64) -> Result<Jobs> {
    let access = cx.system_access()?;
    if let Some(slug) = &filter.tenant
        && !store::has_tenant(cx.db(), access, slug).await?
    {
        return Err(Error::NotFound(Subject::Tenant));
    }
    let mut jobs = store::list(cx.db(), access, filter, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = jobs.len() > shown;
    jobs.truncate(shown);
    let jobs = jobs.into_iter();
    let jobs = jobs.map(|(job, tenant)| Shown { job, tenant }).collect();
    Ok(Jobs { jobs, more })
}

/// A job with its ledger and these lines of its log.
pub async fn view(cx: &Cx, id: ProvisioningJobId, lines: Lines) -> Result<View> {
    let access = cx.system_access()?;
    let found = store::find(cx.db(), access, id).await?;
    let (job, tenant) = found.ok_or(Error::NotFound(Subject::Job))?;
    let attempt = job.undo_attempt.unwrap_or(job.attempt);
    let steps = store::steps(cx.db(), access, id, attempt).await?;
    let (lines, cut) = store::lines(cx.db(), access, id, lines).await?;
    Ok(View {
        shown: Shown { job, tenant },
        steps,
        lines,
        cut,
    })
}
