//! Take a job: under the tenant's lock, what of the tenant's can be done now.

use entity::{
    ids::ProvisioningJobId,
    provisioning_job::{self, JobStatus, JobType},
    site::SiteStatus,
    tenant,
};

use super::{claim_store, hold::Claimed, outcome::Performer, site_store};
use crate::{
    domain::{
        cx::Cx,
        event::DomainEvent,
        provisioning::{
            Parameters, facts,
            lifecycle::{Happening, site_after, tenant_after},
            reserve,
        },
        tenants,
        unit::UnitOfWork,
    },
    error::{Error, Result},
    ports::provisioner::Moment,
};

/// What a job says that somebody has begun with.
const STARTED: &str = "Started";

/// Takes what can be done now in the tenant of this job; nothing while somebody is at it.
pub(super) async fn claim(
    cx: &Cx,
    woken: ProvisioningJobId,
    by: Performer,
) -> Result<Option<Claimed>> {
    let access = cx.system_access()?;
    let Some(tenant) = claim_store::tenant_of(cx.db(), access, woken).await? else {
        return Ok(None);
    };
    let mut unit = cx.begin().await?;
    let tenant = match tenants::store::lock(&*unit, tenant).await {
        Ok(tenant) => tenant,
        // Gone meanwhile, and its jobs with it.
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let active = claim_store::active(&*unit, access, tenant.id).await?;
    let found = match active {
        Some(job) if job.lease_until.is_some_and(|until| until > cx.now()) => return Ok(None),
        Some(job) => Some((job, true)),
        None => {
            let next = claim_store::next(&*unit, access, tenant.id).await?;
            next.map(|job| (job, false))
        }
    };
    let Some((before, taken_over)) = found else {
        return Ok(None);
    };
    let asked_at = Moment::now();
    let job = claimed(cx, before.clone(), taken_over)?;
    if !claim_store::take(&*unit, access, &before, &job).await? {
        return Ok(None);
    }
    let site = site_store::live(&*unit, tenant.id).await?;
    let mut claimed = Claimed {
        job,
        tenant,
        site,
        taken_over,
        asked_at,
    };
    if !taken_over {
        start(cx, &mut unit, &mut claimed, by).await?;
    }
    unit.commit().await?;
    Ok(Some(claimed))
}

/// The job as it is in our hands.
fn claimed(
    cx: &Cx,
    before: provisioning_job::Model,
    taken_over: bool,
) -> Result<provisioning_job::Model> {
    let lease = cx.app().config.provisioning.lease;
    let lease = chrono::Duration::from_std(lease).map_err(Error::internal)?;
    let mut job = provisioning_job::Model {
        fence: before.fence + 1,
        claimed_by: Some(super::worker_name()),
        lease_until: Some(cx.now() + lease),
        updated_at: cx.now(),
        ..before
    };
    if !taken_over {
        job.status = JobStatus::InProgress;
        job.progress = 0;
        STARTED.clone_into(&mut job.message);
        job.started_at = Some(cx.now());
    }
    Ok(job)
}

/// Writes what a beginning means for tenant and site, and tells of it.
async fn start(cx: &Cx, unit: &mut UnitOfWork, claimed: &mut Claimed, by: Performer) -> Result<()> {
    let Claimed {
        job, tenant, site, ..
    } = claimed;
    if job.job_type == JobType::Create && site.is_none() {
        // The one that the job was asked for is gone: removed by the job before it, or undone.
        let asked = Parameters::of(job).site_name;
        *site = reserve::again(cx, unit, tenant, asked.as_deref()).await?;
    }
    let tenant_before = tenant.clone();
    tenant.status = tenant_after(tenant.status, job.job_type, Happening::Started);
    settle_tenant(cx, unit, &tenant_before, tenant).await?;
    if let Some(site) = site {
        let before = site.clone();
        site.status = site_after(site.status, job.job_type, Happening::Started);
        let begun = site.status == SiteStatus::Creating && job.job_type == JobType::Create;
        // Whoever began it knows what of it is there.
        if begun && site.provisioner.is_none() {
            site.provisioner = Some(by.name.to_owned());
            site.simulated = by.simulated;
        }
        if *site != before {
            site.updated_at = cx.now();
            site_store::update(&**unit, site).await?;
        }
    }
    unit.emit(DomainEvent::JobStarted(facts(job)));
    Ok(())
}

/// Writes how the tenant stands now, if that is new.
pub(super) async fn settle_tenant(
    cx: &Cx,
    unit: &mut UnitOfWork,
    before: &tenant::Model,
    after: &mut tenant::Model,
) -> Result<()> {
    if after == before {
        return Ok(());
    }
    after.updated_at = cx.now();
    site_store::update_tenant(&**unit, after).await?;
    unit.emit(DomainEvent::TenantUpdated {
        tenant_id: after.id,
    });
    Ok(())
}
