//! What was begun of a job that is called off: by this attempt, or by an earlier one of which the site
//! still shows it.

use std::collections::HashSet;

use entity::provisioning_step::{Model, StepStatus};
use entity::{provisioning_job::JobType, site};

use super::{
    control::Phase, journal_store, ledger_store as store, order, remains::Lasting, run::Run,
    site_store,
};
use crate::{
    domain::provisioning::sites::works,
    error::{Error, Result},
    ports::provisioner::Order,
};

/// What was begun of a job.
pub(super) struct Begun {
    /// The job as its driver is told of it.
    pub order: Order,
    /// What is to be undone, the last step first.
    pub steps: Vec<Model>,
    /// What cannot be.
    pub lasting: Lasting,
    /// Whether an earlier attempt has left something unfinished at the site that cannot be undone.
    pub unfinished: bool,
}

/// What was begun of it; none when that is nothing.
pub(super) async fn begun(run: &Run, attempt: i32) -> Result<Option<Begun>> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let Some(site) = &run.claimed.site else {
        return Ok(None);
    };
    let job_type = run.claimed.job.job_type;
    let since = site_store::settled_at(cx.db(), hold, site.created_at).await?;
    let mut steps = ledger(run, attempt, site).await?;
    let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
    let kind = (job_type, attempt);
    let before = store::begun_before(cx.db(), hold, kind, since, &names).await?;
    let before: HashSet<_> = before.into_iter().collect();
    let is_begun = |step: &Model| step.tries > 0 || before.contains(&step.name);
    let lasting = Lasting::of(job_type, &steps, is_begun);
    steps.retain(|step| step.undoable && step.status != StepStatus::Undone && is_begun(step));
    if steps.is_empty() && lasting.is_empty() {
        return Ok(None);
    }
    steps.reverse();
    let order = order::compose(cx, &run.claimed, site).await?;
    // Whatever the job was missing, it is not needed to take things back.
    let order = order.unwrap_or_else(|_| order::bare(cx, &run.claimed, site));
    Ok(Some(Begun {
        order: Order { attempt, ..order },
        steps,
        lasting,
        unfinished: store::left_unfinished(cx.db(), hold, attempt, since).await?,
    }))
}

/// The attempt's ledger. One that was called off before its plan was written gets the plan of the attempt
/// before it, as that one may have left something.
async fn ledger(run: &Run, attempt: i32, site: &site::Model) -> Result<Vec<Model>> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let steps = store::steps(cx.db(), hold, attempt).await?;
    let job_type = run.claimed.job.job_type;
    // What made a site that works is not taken back because somebody asked for it once more.
    if !steps.is_empty() || job_type == JobType::Create && works(site) {
        return Ok(steps);
    }
    let since = site_store::settled_at(cx.db(), hold, site.created_at).await?;
    let before = store::plan_before(cx.db(), hold, (job_type, attempt), since).await?;
    let steps: Vec<_> = before
        .into_iter()
        .map(|step| Model {
            id: cx.new_id(),
            job_id: hold.job_id,
            attempt,
            status: StepStatus::Pending,
            progress: 0,
            found: false,
            tries: 0,
            facts: None,
            error: None,
            started_at: None,
            completed_at: None,
            ..step
        })
        .collect();
    if steps.is_empty() {
        return Ok(steps);
    }
    let unit = cx.begin().await?;
    if !journal_store::touch(cx, &*unit, hold, Phase::Undoing, None).await? {
        return Err(Error::internal("the job is somebody else's"));
    }
    store::insert(&*unit, &steps).await?;
    unit.commit().await?;
    Ok(steps)
}
