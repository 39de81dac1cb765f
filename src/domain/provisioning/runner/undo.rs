//! What was called off is undone: in reverse, every step that can be undone and that we have begun for
//! this site, in this attempt or an earlier one. What cannot be undone is looked at first: a job of which
//! everything is done has its consequences, though it stays called off; and where something is half done,
//! a site that was closed for it stays closed.
//!
//! What fails now is tried again later, after pauses that double, for as long as the settings say, unless
//! the provisioner says that this does not help. Then it is given up, said so in the log, and the site is
//! left as an attempt that failed leaves it: its name stays taken, and the next job that makes the site
//! finds what is there.

use entity::{
    provisioning_job::{ErrorClass, JobType},
    provisioning_log_line::LogLevel,
};

use super::{
    begun::{Begun, begun},
    claim_store,
    control::{Halt, Patience, Phase},
    finish::{self, Place},
    finish_store, ledger_store as store, order,
    outcome::Observed,
    remains::{Outcome, Remains},
    run::{Ending, Run},
    setback, site_store, take_back,
};
use crate::{
    domain::{provisioning::lifecycle::Happening, tenants},
    error::Result,
    ports::provisioner::Failure,
};

/// Undoes an attempt, as far as that can be done now.
pub(super) async fn through(run: &Run, attempt: i32) -> Result<Ending, Halt> {
    let mut patience = Patience::new(&run.control, Phase::Undoing, "what was begun");
    let begun = loop {
        match begun(run, attempt).await {
            Ok(begun) => break begun,
            Err(error) => patience.after(error).await?,
        }
    };
    run.journal.enter(None);
    let Some(mut begun) = begun else {
        let nothing = (Happening::Undone, Observed::default());
        return end(run, (attempt, Recorded(true)), nothing).await;
    };
    let (site, job_type) = (run.claimed.site.as_ref(), run.claimed.job.job_type);
    if let Some(other) = site.and_then(|site| order::other_world(job_type, site, run.performer())) {
        run.journal.say(LogLevel::Error, &other.message);
        return later(run, attempt, &other).await;
    }
    let text = if begun.steps.is_empty() {
        "The job was called off; what was done of it cannot be undone, and is looked at."
    } else {
        "The job was called off and is undone."
    };
    run.journal.say(LogLevel::Info, text);
    match begun.take_back(run).await? {
        Ok(outcome) => end(run, (attempt, Recorded(true)), outcome).await,
        Err(failure) if failure.class == ErrorClass::Final => {
            give_up(run, (attempt, Recorded(true)), "", &failure).await
        }
        Err(failure) => later(run, attempt, &failure).await,
    }
}

/// Ends an undoing of which nothing more can be recorded.
pub(super) async fn unrecorded(run: &Run, attempt: i32) -> Result<Ending, Halt> {
    let failure = finish::unrecorded();
    give_up(run, (attempt, Recorded(false)), "", &failure).await
}

/// Whether what the driver has told of the steps can be recorded.
#[derive(Clone, Copy)]
struct Recorded(bool);

impl Begun {
    /// Undoes what can be undone, and sees what stands.
    async fn take_back(&mut self, run: &Run) -> Result<Result<Outcome, Failure>, Halt> {
        // First what stays: of a site that is gone nothing is taken back, and what is half done is left
        // closed.
        let Remains { outcome, broken } = match self.lasting.look(run, &self.order).await? {
            Ok(remains) => remains,
            Err(failure) => return Ok(Err(failure)),
        };
        if outcome.0 == Happening::Completed {
            return Ok(Ok(outcome));
        }
        let makes_the_site = self.order.job_type == JobType::Create;
        if !makes_the_site && !self.steps.is_empty() && (broken || self.unfinished) {
            let text = "What is half done cannot be undone, so what was done before it stays, too.";
            run.journal.say(LogLevel::Warning, text);
            return Ok(Ok((Happening::Failed, outcome.1)));
        }
        for step in &mut self.steps {
            if let Err(failure) = take_back::one(run, Phase::Undoing, &self.order, step).await? {
                return Ok(Err(failure));
            }
        }
        Ok(Ok(outcome))
    }
}

/// Leaves the rest for later, or gives it up when that was done for long enough.
async fn later(run: &Run, attempt: i32, failure: &Failure) -> Result<Ending, Halt> {
    let (cx, job) = (run.cx(), &run.claimed.job);
    let settings = &cx.app().config.provisioning;
    let since = job.completed_at.unwrap_or(job.queued_at);
    let tried_for = (cx.now() - since).to_std().unwrap_or_default();
    if tried_for >= settings.undo_patience {
        let after = format!(", after {} min of trying", tried_for.as_secs() / 60);
        return give_up(run, (attempt, Recorded(true)), &after, failure).await;
    }
    let pause = tried_for.max(settings.lease);
    let text = format!("It is tried again in {} s.", pause.as_secs());
    run.journal.say(LogLevel::Warning, &text);
    let mut patience = Patience::new(&run.control, Phase::Undoing, "that it is undone later");
    loop {
        let given = async {
            run.journal.flush().await?;
            let free_from = finish::later(cx, pause)?;
            claim_store::give_back(cx.db(), run.control.hold(), free_from).await
        };
        match given.await {
            Ok(true) => return Ok(Ending::UndoneLater),
            Ok(false) => return Ok(Ending::Lost),
            Err(error) => patience.after(error).await?,
        }
    }
}

/// Leaves the rest to people.
async fn give_up(
    run: &Run,
    which: (i32, Recorded),
    after: &str,
    failure: &Failure,
) -> Result<Ending, Halt> {
    let job = &run.claimed.job;
    let text = format!("It is left as it is{after}: {}", failure.message);
    run.journal.say(LogLevel::Error, &text);
    tracing::error!(
        provisioning.job = %job.id, tenant.id = %job.tenant_id, error = failure.message,
        "a provisioning job that was called off cannot be undone; somebody has to look at it"
    );
    end(run, which, (Happening::Failed, Observed::default())).await
}

/// Writes that nothing more is undone, and what that means.
async fn end(run: &Run, which: (i32, Recorded), outcome: Outcome) -> Result<Ending, Halt> {
    let mut patience = Patience::new(&run.control, Phase::Undoing, "the end of undoing");
    while let Err(error) = run.journal.flush().await {
        patience.after(error).await?;
    }
    loop {
        match try_to_end(run, which, &outcome).await {
            Ok(true) => return Ok(Ending::Undone),
            Ok(false) => return Ok(Ending::Lost),
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn try_to_end(
    run: &Run,
    (attempt, Recorded(recorded)): (i32, Recorded),
    (happening, observed): &Outcome,
) -> Result<bool> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let mut unit = cx.begin().await?;
    let tenant = tenants::store::lock(&*unit, hold.tenant_id).await?;
    let site = site_store::live(&*unit, hold.tenant_id).await?;
    if !finish_store::end_undo(&*unit, hold, cx.now()).await? {
        return Ok(false);
    }
    let job_type = run.claimed.job.job_type;
    let site_is_gone = job_type == JobType::Create && *happening == Happening::Undone;
    store::close(&*unit, hold, attempt, site_is_gone).await?;
    let left = Observed::of_done(&store::steps(&*unit, hold, attempt).await?);
    if let Some(site) = &site {
        let backup = left.backup.as_ref().filter(|_| recorded);
        finish::remember_backup(run, &*unit, attempt, backup, site).await?;
        if let Some(said) = setback::left_standing(job_type, left.serving, site) {
            finish_store::advise(&*unit, hold, &said).await?;
        }
    }
    let mut place = Place::of(tenant, site);
    match happening {
        Happening::Completed => place.completed(run, observed),
        happening => place.after(cx.now(), job_type, *happening),
    }
    place.write(cx, &mut unit).await?;
    finish::wake_next(&mut unit, hold).await?;
    unit.commit().await?;
    Ok(true)
}
