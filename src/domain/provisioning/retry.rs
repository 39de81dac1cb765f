//! Have a job tried again (ruling 17).

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{JobStatus, JobType, Model},
};
use serde_json::json;

use super::{
    Parameters, create,
    opening::{Opening, open_job},
    reserve, standing,
    store::jobs,
};
use crate::{
    domain::{audit::Action, cx::Cx, idempotency::once, throttle::Attempt, values::SiteName},
    error::{Error, Reason, Result},
};

/// Begins the next attempt at a job that has ended; one that waits is left as it is.
pub async fn retry(cx: &Cx, tenant: TenantId, id: ProvisioningJobId) -> Result<Model> {
    cx.throttle(Attempt::ProvisioningChange).await?;
    once(cx, "provisioning.retry", json!([tenant, id]), |cx| {
        again(cx, tenant, id)
    })
    .await
}

async fn again(cx: Cx, tenant: TenantId, id: ProvisioningJobId) -> Result<Model> {
    let cx = &cx;
    let (opening, mut job) = open_job(cx, tenant, id).await?;
    let Opening {
        mut unit, tenant, ..
    } = opening;
    let was = job.status;
    match was {
        JobStatus::Pending => return unit.commit_with(job).await,
        JobStatus::InProgress => return Err(Error::Conflict(Reason::JobRunning)),
        JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => {}
    }
    create::room_for_one_more(cx, &unit, &tenant).await?;
    if job.job_type == JobType::Create {
        // When the last attempt was called off and undone, its name was given back.
        let asked = Parameters::of(&job).site_name;
        let asked = asked.and_then(|name| SiteName::parse(&name).ok());
        reserve::hold(cx, &mut unit, &tenant, asked.as_ref()).await?;
    }
    standing::allows(cx, &unit, &tenant, job.job_type).await?;
    wait_again(cx, &mut job);
    jobs::requeue(&*unit, &job, was).await?;
    create::announce(&mut unit, &job, Action::JobRetried);
    unit.commit_with(job).await
}

fn wait_again(cx: &Cx, job: &mut Model) {
    let now = cx.now();
    job.status = JobStatus::Pending;
    job.attempt += 1;
    job.progress = 0;
    create::waiting(cx).clone_into(&mut job.message);
    job.error = None;
    job.error_class = None;
    job.error_advice = None;
    job.result = None;
    job.queued_at = now;
    job.started_at = None;
    job.completed_at = None;
    job.updated_at = now;
}
