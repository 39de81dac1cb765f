//! Call a job off (rulings 3 and 18).

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{JobStatus, JobType, Model},
};
use serde_json::json;

use super::{
    create, facts,
    opening::{Opening, open_job},
    store::{jobs, sites},
};
use crate::{
    domain::{
        audit::Action, cx::Cx, event::DomainEvent, idempotency::once, job::Job, throttle::Attempt,
    },
    error::Result,
};

/// Calls a job off at once and for good. What it had begun is undone afterwards, before the tenant's
/// next job begins. One that has ended is left as it is.
pub async fn cancel(cx: &Cx, tenant: TenantId, id: ProvisioningJobId) -> Result<Model> {
    cx.throttle(Attempt::ProvisioningChange).await?;
    once(cx, "provisioning.cancel", json!([tenant, id]), |cx| {
        call_off(cx, tenant, id)
    })
    .await
}

async fn call_off(cx: Cx, tenant: TenantId, id: ProvisioningJobId) -> Result<Model> {
    let cx = &cx;
    let (Opening { mut unit, .. }, mut job) = open_job(cx, tenant, id).await?;
    let was = job.status;
    match was {
        JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => {
            return unit.commit_with(job).await;
        }
        JobStatus::InProgress => job.undo_attempt = Some(job.attempt),
        JobStatus::Pending => {
            if job.job_type == JobType::Create
                && !jobs::another_makes_the_site(&*unit, &job).await?
            {
                sites::release(&*unit, job.tenant_id).await?;
            }
        }
    }
    let now = cx.now();
    job.status = JobStatus::Cancelled;
    job.progress = 0;
    "Cancelled".clone_into(&mut job.message);
    job.error = Some("Cancelled by user".to_owned());
    job.completed_at = Some(now);
    job.updated_at = now;
    jobs::call_off(&*unit, &job, was).await?;
    // For what is to be undone, and for the tenant's next job.
    unit.enqueue(Job::Provision { job_id: job.id });
    unit.emit(DomainEvent::JobCancelled(facts(&job)));
    unit.audit(create::deed(&job, Action::JobCancelled));
    unit.commit_with(job).await
}
