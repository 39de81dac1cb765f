//! The end of a job, in one transaction under the tenant's lock: the job, the ledger's last word, the
//! site, the tenant, the backup, what listeners hear, and the call for the tenant's next job.

use entity::{
    Timestamp, backup,
    provisioning_job::{self, JobStatus, JobType},
    provisioning_log_line::LogLevel,
    site, tenant,
};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{
    claim::settle_tenant,
    claim_store,
    control::{Halt, Patience, Phase},
    finish_store as store,
    hold::Claimed,
    ledger::Ledger,
    ledger_store,
    outcome::Observed,
    run::{Ending, Run, Told},
    site_store,
};
use crate::{
    domain::{
        cx::Cx,
        event::DomainEvent,
        job::Job,
        provisioning::{
            Parameters, facts,
            lifecycle::{Happening, site_after, tenant_after},
        },
        tenants,
        unit::UnitOfWork,
    },
    error::{Error, Result},
    ports::provisioner::{Failure, MadeBackup},
};

/// How a job ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It is done, and this was observed.
    Completed(Observed),
    /// It was given up.
    Failed(Failure),
}

/// Writes the end of a job; whoever called it off meanwhile was first.
pub(super) async fn write(run: &Run, (end, ledger): Told) -> Result<Ending, Halt> {
    let (level, text) = match &end {
        End::Completed(_) => (LogLevel::Info, completed(run)),
        End::Failed(_) => (LogLevel::Error, "Failed".to_owned()),
    };
    run.journal.enter(None);
    run.journal.say(level, &text);
    let mut patience = Patience::new(&run.control, Phase::Doing, "the job's end");
    // Whoever sees the end sees the log up to it.
    while let Err(error) = run.journal.flush().await {
        patience.after(error).await?;
    }
    loop {
        match try_to_write(run, &end, ledger.as_ref()).await {
            Ok(true) => break,
            Ok(false) => return Err(run.control.lost_or_cancelled().await),
            Err(error) => patience.after(error).await?,
        }
    }
    Ok(match end {
        End::Completed(_) => Ending::Completed,
        End::Failed(_) => Ending::Failed,
    })
}

/// How a job ends of which the database does not take what was observed.
pub(super) fn unrecorded() -> Failure {
    Failure::lasting("What the provisioner reported could not be recorded.").advice(
        "The operator finds in the worker's log what the database refuses. What was done stays done.",
    )
}

async fn try_to_write(run: &Run, end: &End, ledger: Option<&Ledger>) -> Result<bool> {
    let cx = run.cx();
    let hold = run.control.hold();
    let mut unit = cx.begin().await?;
    let tenant = tenants::store::lock(&*unit, hold.tenant_id).await?;
    let site = site_store::live(&*unit, hold.tenant_id).await?;
    let mut place = Place::of(tenant, site);
    let made = match end {
        End::Completed(observed) => observed.backup.clone(),
        // What was made before it failed is there, and may be what people need now.
        End::Failed(_) => ledger.and_then(|ledger| Observed::of_done(ledger.steps()).backup),
    };
    let attempt = run.claimed.job.attempt;
    let made = made.zip(place.site.as_ref());
    let backup = made.map(|(made, site)| backup_of(run, attempt, &made, site));
    place.change(run, end);
    let job = ended(run, end, &place, backup.as_ref());
    if !store::end(&*unit, hold, &job).await? {
        return Ok(false);
    }
    match (ledger.and_then(Ledger::unwritten), end) {
        (Some(step), _) => ledger_store::update(&*unit, step).await?,
        (None, End::Failed(failure)) => {
            let why = (failure.message.as_str(), cx.now());
            ledger_store::fail_open(&*unit, hold, attempt, why).await?;
        }
        (None, End::Completed(_)) => {}
    }
    if let Some(backup) = backup {
        site_store::insert_backup(&*unit, backup).await?;
    }
    let site_url = place.tenant.erpnext_site_url.clone();
    place.write(cx, &mut unit).await?;
    unit.emit(match end {
        End::Completed(_) => DomainEvent::JobCompleted {
            job: facts(&job),
            site_url,
            result: job.result.clone(),
        },
        End::Failed(failure) => DomainEvent::JobFailed {
            job: facts(&job),
            error: failure.message.clone(),
        },
    });
    wake_next(&mut unit, hold).await?;
    unit.commit().await?;
    Ok(true)
}

/// A tenant and its site, before and after.
pub(super) struct Place {
    before: (tenant::Model, Option<site::Model>),
    pub tenant: tenant::Model,
    pub site: Option<site::Model>,
}

impl Place {
    pub(super) fn of(tenant: tenant::Model, site: Option<site::Model>) -> Self {
        Self {
            before: (tenant.clone(), site.clone()),
            tenant,
            site,
        }
    }

    /// How both stand after something has happened to a job.
    pub(super) fn after(&mut self, now: Timestamp, job: JobType, happening: Happening) {
        self.tenant.status = tenant_after(self.tenant.status, job, happening);
        if let Some(site) = &mut self.site {
            site.status = site_after(site.status, job, happening);
            if site.status == site::SiteStatus::Deleted {
                site.deleted_at = Some(now);
                self.tenant.erpnext_site_url = None;
            }
        }
    }

    /// What the end of a job means for them.
    fn change(&mut self, run: &Run, end: &End) {
        let (now, job_type) = (run.cx().now(), run.claimed.job.job_type);
        match end {
            End::Failed(_) => self.after(now, job_type, Happening::Failed),
            End::Completed(observed) => self.completed(run, observed),
        }
    }

    /// What it means for them that a job is done.
    pub(super) fn completed(&mut self, run: &Run, observed: &Observed) {
        let (now, job_type) = (run.cx().now(), run.claimed.job.job_type);
        if let (Some(site), true) = (&mut self.site, job_type != JobType::Delete) {
            if job_type == JobType::Create && !observed.already_exists {
                let by = run.performer();
                site.provisioner = Some(by.name.to_owned());
                site.simulated = by.simulated;
                let scheme = run.cx().app().config.server.public_url.scheme();
                let expected = format!("{scheme}://{}", site.host);
                site.url = site.url.take().or(Some(expected));
            }
            if let Some(url) = &observed.url {
                site.url = Some(url.clone());
            }
            if !observed.apps.is_empty() {
                site.apps = json!(observed.apps);
            }
            self.tenant.erpnext_site_url.clone_from(&site.url);
        }
        self.after(now, job_type, Happening::Completed);
    }

    /// Writes what is new.
    pub(super) async fn write(mut self, cx: &Cx, unit: &mut UnitOfWork) -> Result<()> {
        let (tenant_before, site_before) = self.before;
        if let Some(site) = &mut self.site
            && site_before.as_ref() != Some(site)
        {
            site.updated_at = cx.now();
            site_store::update(&**unit, site).await?;
        }
        settle_tenant(cx, unit, &tenant_before, &mut self.tenant).await
    }
}

/// Remembers a backup that a job has left which was called off.
pub(super) async fn remember_backup(
    run: &Run,
    db: &impl ConnectionTrait,
    attempt: i32,
    made: Option<&MadeBackup>,
    site: &site::Model,
) -> Result<()> {
    match made {
        Some(made) => site_store::insert_backup(db, backup_of(run, attempt, made, site)).await,
        None => Ok(()),
    }
}

/// The backup that an attempt at a job has left.
fn backup_of(run: &Run, attempt: i32, made: &MadeBackup, site: &site::Model) -> backup::Model {
    let (cx, job) = (run.cx(), &run.claimed.job);
    backup::Model {
        id: cx.new_id(),
        tenant_id: job.tenant_id,
        site_id: site.id,
        job_id: Some(job.id),
        attempt,
        reference: made.reference.clone(),
        size_bytes: made.size_bytes,
        files: json!(made.files),
        simulated: run.driver.is_simulated(),
        created_at: cx.now(),
    }
}

/// What is told of a job that is done; also that a name was asked for which the site did not get.
fn completed(run: &Run) -> String {
    let Claimed { job, site, .. } = &run.claimed;
    let asked = Parameters::of(job).site_name;
    match (asked, site) {
        (Some(asked), Some(site)) if asked != site.name => format!(
            "Completed. The site keeps its name `{}`: the name `{asked}` that was asked for was not \
             used, because there was a site already.",
            site.name
        ),
        _ => "Completed".to_owned(),
    }
}

/// The job as it ends.
fn ended(
    run: &Run,
    end: &End,
    place: &Place,
    backup: Option<&backup::Model>,
) -> provisioning_job::Model {
    let now = run.cx().now();
    let mut job = run.claimed.job.clone();
    job.completed_at = Some(now);
    job.updated_at = now;
    match end {
        End::Completed(observed) => {
            job.status = JobStatus::Completed;
            job.progress = 100;
            job.message = completed(run);
            let id = backup.map(|backup| backup.id);
            job.result = Some(observed.result(run.performer(), place.site.as_ref(), id));
            (job.error, job.error_class, job.error_advice) = (None, None, None);
        }
        End::Failed(failure) => {
            job.status = JobStatus::Failed;
            job.progress = run.journal.reach(0);
            "Failed".clone_into(&mut job.message);
            job.result = None;
            job.error = Some(failure.message.clone());
            job.error_class = Some(failure.class);
            job.error_advice.clone_from(&failure.advice);
        }
    }
    job
}

/// Calls for the tenant's next job, now that none is under way.
pub(super) async fn wake_next(unit: &mut UnitOfWork, hold: super::hold::Hold) -> Result<()> {
    if let Some(job_id) = claim_store::next_id(&**unit, hold.tenant_id).await? {
        unit.enqueue(Job::Provision { job_id });
    }
    Ok(())
}

/// Gives the job back, so that another worker goes on at once.
pub(super) async fn give_back(run: &Run) -> Ending {
    if let Err(error) = run.journal.flush().await {
        tracing::warn!(%error, "the last lines of a provisioning job's log are lost");
    }
    match try_to_give_back(run).await {
        Ok(true) => Ending::GivenBack,
        Ok(false) => Ending::Lost,
        Err(error) => {
            tracing::warn!(%error, "a provisioning job rests until its lease has lapsed");
            Ending::Lost
        }
    }
}

async fn try_to_give_back(run: &Run) -> Result<bool> {
    let cx = run.cx();
    let hold = run.control.hold();
    let mut unit = cx.begin().await?;
    let given = claim_store::give_back(&*unit, hold, cx.now()).await?;
    if given {
        unit.enqueue(Job::Provision {
            job_id: hold.job_id,
        });
        unit.commit().await?;
    }
    Ok(given)
}

/// So much later.
pub(super) fn later(cx: &Cx, by: std::time::Duration) -> Result<Timestamp> {
    let by = chrono::Duration::from_std(by).map_err(Error::internal)?;
    Ok(cx.now() + by)
}
