//! Ask for something to be done to a tenant's site.

use entity::{
    ids::{BackupId, TenantId, UserId},
    provisioning_job::{JobSpelling, JobStatus, JobType, Model},
    tenant,
};
use serde_json::json;

use super::{
    Parameters, facts,
    opening::{Opening, open},
    reserve, standing,
    store::{backups, jobs},
};
use crate::{
    config::ProvisionerKind,
    domain::{
        audit::{Action, Deed, Target},
        cx::Cx,
        event::DomainEvent,
        fields::Fields,
        idempotency::once,
        job::Job,
        throttle::Attempt,
        unit::UnitOfWork,
        values::SiteName,
    },
    error::{Error, FieldError, Reason, Result, Subject},
};

/// Something to be done to a site.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What.
    pub job_type: JobType,
    /// How the client spells it.
    pub spelling: JobSpelling,
    /// Under which name a site is to be made; it gets one like the tenant's when left out.
    pub site_name: Option<SiteName>,
    /// To which backup a site is to be put back.
    pub backup_id: Option<BackupId>,
}

impl NewJob {
    /// `INVALID_INPUT` for what this type of job does not take, or needs.
    fn check(&self) -> Result<()> {
        let Self {
            job_type,
            spelling: _,
            site_name,
            backup_id,
        } = self;
        let mut fields = Fields::new();
        if site_name.is_some() && *job_type != JobType::Create {
            fields.push(FieldError::new("site_name", Reason::NotForThisJobType));
        }
        match (job_type, backup_id) {
            (JobType::Restore, None) => {
                fields.push(FieldError::new("backup_id", Reason::Required));
            }
            (JobType::Restore, Some(_)) | (_, None) => {}
            (_, Some(_)) => {
                fields.push(FieldError::new("backup_id", Reason::NotForThisJobType));
            }
        }
        fields.finish()
    }

    fn parameters(&self) -> Parameters {
        Parameters {
            site_name: self.site_name.as_ref().map(|name| name.as_str().to_owned()),
            backup_id: self.backup_id,
        }
    }
}

/// Accepts a job of any type at any time (ruling 49): what cannot be done is told by its failure.
pub async fn create(cx: &Cx, tenant: TenantId, new: NewJob) -> Result<Model> {
    cx.throttle(Attempt::ProvisioningChange).await?;
    new.check()?;
    let asked = json!([tenant, new.job_type, new.spelling, new.parameters()]);
    once(cx, "provisioning.create", asked, |cx| {
        accept(cx, tenant, new.clone())
    })
    .await
}

async fn accept(cx: Cx, tenant: TenantId, new: NewJob) -> Result<Model> {
    let cx = &cx;
    let Opening {
        mut unit,
        tenant,
        access,
    } = open(cx, tenant).await?;
    if let Some(backup) = new.backup_id {
        let found = backups::backup(&*unit, &access, backup).await?;
        found.ok_or(Error::NotFound(Subject::Backup))?;
    }
    room_for_one_more(cx, &unit, &tenant).await?;
    if new.job_type == JobType::Create {
        reserve::hold(cx, &mut unit, &tenant, new.site_name.as_ref()).await?;
    }
    standing::allows(cx, &unit, &tenant, new.job_type).await?;
    let job = queue(cx, &mut unit, &tenant, &new, Some(access.user_id())).await?;
    unit.commit_with(job).await
}

/// Asks for the site of a company that is just being founded, if the settings say so.
pub(in crate::domain) async fn at_sign_up(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant: &tenant::Model,
) -> Result<()> {
    if !cx.app().config.provisioning.on_signup {
        return Ok(());
    }
    reserve::hold(cx, unit, tenant, None).await?;
    let first = NewJob {
        job_type: JobType::Create,
        spelling: JobSpelling::Instance,
        site_name: None,
        backup_id: None,
    };
    queue(cx, unit, tenant, &first, None).await?;
    Ok(())
}

/// `TOO_MANY_JOBS` when as many wait as may; the tenant's row is locked.
pub(super) async fn room_for_one_more(
    cx: &Cx,
    unit: &UnitOfWork,
    tenant: &tenant::Model,
) -> Result<()> {
    let waiting = jobs::count_pending(&**unit, tenant.id).await?;
    if waiting >= cx.app().config.provisioning.max_pending {
        return Err(Error::Conflict(Reason::TooManyJobs));
    }
    Ok(())
}

/// What a job that waits tells: also why, where nobody will come for it.
pub(super) fn waiting(cx: &Cx) -> &'static str {
    match cx.app().config.provisioning.provisioner {
        ProvisionerKind::Off => {
            "Queued. It waits until somebody makes sites: no provisioner is configured."
        }
        ProvisionerKind::DryRun | ProvisionerKind::Command => "Queued",
    }
}

async fn queue(
    cx: &Cx,
    unit: &mut UnitOfWork,
    tenant: &tenant::Model,
    new: &NewJob,
    requested_by: Option<UserId>,
) -> Result<Model> {
    let now = cx.now();
    let job = Model {
        id: cx.new_id(),
        tenant_id: tenant.id,
        job_type: new.job_type,
        spelling: new.spelling,
        status: JobStatus::Pending,
        attempt: 1,
        progress: 0,
        message: waiting(cx).to_owned(),
        error: None,
        error_class: None,
        error_advice: None,
        parameters: serde_json::to_value(new.parameters()).map_err(Error::internal)?,
        result: None,
        requested_by,
        fence: 0,
        claimed_by: None,
        lease_until: None,
        undo_attempt: None,
        queued_at: now,
        created_at: now,
        started_at: None,
        completed_at: None,
        updated_at: now,
    };
    jobs::insert(&**unit, job.clone()).await?;
    announce(unit, &job, Action::JobRequested);
    Ok(job)
}

/// Tells of a job that waits, and has somebody come for it.
pub(super) fn announce(unit: &mut UnitOfWork, job: &Model, action: Action) {
    unit.enqueue(Job::Provision { job_id: job.id });
    unit.emit(DomainEvent::JobQueued(facts(job)));
    unit.audit(deed(job, action));
}

/// What was done to a job, for the audit log.
pub(super) fn deed(job: &Model, action: Action) -> Deed {
    Deed::new(action, Target::Job(job.id))
        .within(job.tenant_id)
        .details(json!({"job_type": job.job_type, "attempt": job.attempt}))
}
