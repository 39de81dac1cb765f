//! What was called off is undone: in reverse, every step that can be undone and that we have begun for
//! this site, in this attempt or an earlier one. What cannot be undone is looked at: a job of which
//! everything is done has its consequences, though it stays called off.
//!
//! What fails now is tried again later, after pauses that double, for as long as the settings say, unless
//! the provisioner says that this does not help. Then it is given up, said so in the log, and the site is
//! left as an attempt that failed leaves it: its name stays taken, and the next job that makes the site
//! finds what is there.

use std::{collections::HashSet, time::Duration};

use entity::{
    provisioning_job::{ErrorClass, JobType},
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
};
use tokio::time::Instant;

use super::{
    claim_store,
    control::{Halt, Patience, Phase},
    finish::{self, Place},
    finish_store, journal_store, ledger_store as store, order,
    outcome::Observed,
    remains::{Lasting, Outcome},
    run::{Ending, Run},
    site_store,
    step::backoff,
    wire::{Attendant, Ended, Wire},
};
use crate::{
    domain::{provisioning::lifecycle::Happening, tenants},
    error::Result,
    ports::provisioner::{Failure, Order},
};

/// Undoes an attempt, as far as that can be done now.
pub(super) async fn through(run: &Run, attempt: i32) -> Result<Ending, Halt> {
    let mut patience = Patience::new(&run.control, Phase::Undoing);
    let begun = loop {
        match begun(run, attempt).await {
            Ok(begun) => break begun,
            Err(error) => patience.after(error).await?,
        }
    };
    run.journal.enter(None);
    let Some(mut begun) = begun else {
        return end(run, (Happening::Undone, Observed::default())).await;
    };
    let (site, job_type) = (run.claimed.site.as_ref(), run.claimed.job.job_type);
    if let Some(other) = site.and_then(|site| order::other_world(job_type, site, run.performer())) {
        run.journal.say(LogLevel::Error, &other.message);
        return later(run, &other).await;
    }
    let text = if begun.steps.is_empty() {
        "The job was called off; what was done of it cannot be undone, and is looked at."
    } else {
        "The job was called off and is undone."
    };
    run.journal.say(LogLevel::Info, text);
    match begun.take_back(run).await? {
        Ok(outcome) => end(run, outcome).await,
        Err(failure) if failure.class == ErrorClass::Final => give_up(run, "", &failure).await,
        Err(failure) => later(run, &failure).await,
    }
}

/// What was begun of a job.
struct Begun {
    order: Order,
    /// What is to be undone, the last step first.
    steps: Vec<Model>,
    /// What cannot be.
    lasting: Lasting,
}

impl Begun {
    /// Undoes what can be undone, and sees what stands.
    async fn take_back(&mut self, run: &Run) -> Result<Result<Outcome, Failure>, Halt> {
        let Self {
            order,
            steps,
            lasting,
        } = self;
        let mut looked = None;
        if order.job_type == JobType::Delete {
            // Of a site that is gone nothing is taken back.
            match lasting.look(run, order).await? {
                Ok(outcome) if outcome.0 != Happening::Completed => looked = Some(outcome),
                ended => return Ok(ended),
            }
        }
        for step in steps {
            if let Err(failure) = one(run, order, step).await? {
                return Ok(Err(failure));
            }
        }
        match looked {
            Some(outcome) => Ok(Ok(outcome)),
            None => lasting.look(run, order).await,
        }
    }
}

/// What was begun of it, in this attempt or an earlier one; none when that is nothing.
async fn begun(run: &Run, attempt: i32) -> Result<Option<Begun>> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let Some(site) = &run.claimed.site else {
        return Ok(None);
    };
    let mut steps = store::steps(cx.db(), hold, attempt).await?;
    let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
    let kind = (run.claimed.job.job_type, attempt);
    let before = store::begun_before(cx.db(), hold, kind, site.created_at, &names).await?;
    let before: HashSet<_> = before.into_iter().collect();
    let is_begun = |step: &Model| step.tries > 0 || before.contains(&step.name);
    let lasting = Lasting::of(run.claimed.job.job_type, &steps, is_begun);
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
    }))
}

/// Undoes a step, several times if need be.
async fn one(run: &Run, order: &Order, step: &mut Model) -> Result<Result<(), Failure>, Halt> {
    let settings = &run.cx().app().config.provisioning;
    let mut failed = 0;
    step.status = StepStatus::Undoing;
    write(run, step).await?;
    loop {
        let limit = Duration::from_millis(u64::try_from(step.limit_ms).unwrap_or(1));
        let (wire, heard) = Wire::new();
        let call = run.driver.undo(&step.name, wire.call(order));
        let attendant = Attendant {
            control: &run.control,
            phase: Phase::Undoing,
            journal: &run.journal,
            until: Instant::now() + limit,
        };
        let failure = match attendant.attend(&wire, heard, call).await {
            Ok(()) => {
                step.status = StepStatus::Undone;
                step.error = None;
                let text = format!("{}: undone", step.title);
                run.journal.say(LogLevel::Info, &text);
                write(run, step).await?;
                return Ok(Ok(()));
            }
            Err(Ended::Halted(halt)) => return Err(halt),
            Err(Ended::Failed(failure) | Ended::TimedOut(failure)) => failure,
        };
        failed += 1;
        let text = format!("{}: cannot be undone: {}", step.title, failure.message);
        run.journal.say(LogLevel::Error, &text);
        if failure.class == ErrorClass::Final || failed >= settings.step_tries {
            step.error = Some(super::step::kept(&step.title, &failure).message);
            write(run, step).await?;
            return Ok(Err(failure));
        }
        let pause = backoff(settings.step_backoff, failed);
        run.control.pause(Phase::Undoing, pause).await?;
    }
}

/// Writes how a step stands.
async fn write(run: &Run, step: &Model) -> Result<(), Halt> {
    let mut patience = Patience::new(&run.control, Phase::Undoing);
    loop {
        match try_to_write(run, step).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(run.control.lost_or_cancelled().await),
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn try_to_write(run: &Run, step: &Model) -> Result<bool> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let unit = cx.begin().await?;
    let ours = journal_store::touch(cx, &*unit, hold, Phase::Undoing, None).await?;
    if ours {
        store::update(&*unit, step).await?;
        unit.commit().await?;
    }
    Ok(ours)
}

/// Leaves the rest for later, or gives it up when that was done for long enough.
async fn later(run: &Run, failure: &Failure) -> Result<Ending, Halt> {
    let (cx, job) = (run.cx(), &run.claimed.job);
    let settings = &cx.app().config.provisioning;
    let since = job.completed_at.unwrap_or(job.queued_at);
    let tried_for = (cx.now() - since).to_std().unwrap_or_default();
    if tried_for >= settings.undo_patience {
        let after = format!(", after {} min of trying", tried_for.as_secs() / 60);
        return give_up(run, &after, failure).await;
    }
    let pause = tried_for.max(settings.lease);
    let text = format!("It is tried again in {} s.", pause.as_secs());
    run.journal.say(LogLevel::Warning, &text);
    let mut patience = Patience::new(&run.control, Phase::Undoing);
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
async fn give_up(run: &Run, after: &str, failure: &Failure) -> Result<Ending, Halt> {
    let job = &run.claimed.job;
    let text = format!("It is left as it is{after}: {}", failure.message);
    run.journal.say(LogLevel::Error, &text);
    tracing::error!(
        provisioning.job = %job.id, tenant.id = %job.tenant_id, error = failure.message,
        "a provisioning job that was called off cannot be undone; somebody has to look at it"
    );
    end(run, (Happening::Failed, Observed::default())).await
}

/// Writes that nothing more is undone, and what that means.
async fn end(run: &Run, outcome: Outcome) -> Result<Ending, Halt> {
    let mut patience = Patience::new(&run.control, Phase::Undoing);
    while let Err(error) = run.journal.flush().await {
        patience.after(error).await?;
    }
    loop {
        match try_to_end(run, &outcome).await {
            Ok(true) => return Ok(Ending::Undone),
            Ok(false) => return Ok(Ending::Lost),
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn try_to_end(run: &Run, (happening, observed): &Outcome) -> Result<bool> {
    let (cx, hold) = (run.cx(), run.control.hold());
    let mut unit = cx.begin().await?;
    let tenant = tenants::store::lock(&*unit, hold.tenant_id).await?;
    let site = site_store::live(&*unit, hold.tenant_id).await?;
    if !finish_store::end_undo(&*unit, hold, cx.now()).await? {
        return Ok(false);
    }
    let mut place = Place::of(tenant, site);
    match happening {
        Happening::Completed => place.completed(run, observed),
        happening => place.after(cx.now(), run.claimed.job.job_type, *happening),
    }
    place.write(cx, &mut unit).await?;
    finish::wake_next(&mut unit, hold).await?;
    unit.commit().await?;
    Ok(true)
}
