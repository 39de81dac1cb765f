//! What is done for a site when a job about it is given up on its way: it is brought back to what it was
//! as long as that is safe, and people are told how it was left. What makes a site is left as it is: the
//! next attempt goes on from there.

use entity::{
    provisioning_job::JobType,
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
    site::{self, SiteStatus},
};

use super::{
    control::{Halt, Patience, Phase},
    ledger::Ledger,
    ledger_store as store,
    outcome::Observed,
    run::Run,
    site_store, take_back,
};
use crate::{
    error::Result,
    ports::provisioner::{Failure, Order},
};

/// Brings the site back, if that can be done; the failure, and how the site was left.
pub(super) async fn after(
    run: &Run,
    order: &Order,
    ledger: &mut Ledger,
    failure: Failure,
) -> Result<Failure, Halt> {
    let Some(site) = &run.claimed.site else {
        return Ok(failure);
    };
    if order.job_type == JobType::Create {
        return Ok(failure);
    }
    run.journal.enter(None);
    let brought_back = bring_back(run, order, ledger).await?;
    let serving = Observed::of_done(ledger.steps()).serving;
    let told = left(order.job_type, serving, site);
    Ok(match (brought_back, told) {
        (true, None) => with(failure, "What was done before was taken back.", ""),
        (_, Some(Left { what, advice })) => with(failure, what, &advice),
        (false, None) => {
            let stays = stays(ledger.steps());
            with(failure, &stays, "")
        }
    })
}

/// The failure of a job of which the database refuses more, and how the site was left by what is known.
pub(super) async fn unrecorded(run: &Run, failure: Failure) -> Result<Failure, Halt> {
    let job = &run.claimed.job;
    let (Some(site), false) = (&run.claimed.site, job.job_type == JobType::Create) else {
        return Ok(failure);
    };
    let mut patience = Patience::new(&run.control, Phase::Doing, "how steps stand");
    let steps = loop {
        match store::steps(run.cx().db(), run.control.hold(), job.attempt).await {
            Ok(steps) => break steps,
            Err(error) => patience.after(error).await?,
        }
    };
    let told = left(job.job_type, Observed::of_done(&steps).serving, site);
    Ok(match told {
        Some(Left { what, advice }) => with(failure, what, &advice),
        None => with(failure, &stays(&steps), ""),
    })
}

/// The failure of a job that has not begun anything, and how the site was left by those before it.
pub(super) async fn before_it_began(run: &Run, failure: Failure) -> Result<Failure, Halt> {
    let job_type = run.claimed.job.job_type;
    let (Some(site), false) = (&run.claimed.site, job_type == JobType::Create) else {
        return Ok(failure);
    };
    let mut patience = Patience::new(&run.control, Phase::Doing, "how the site was left");
    let before = loop {
        match last_word(run, site).await {
            Ok(steps) => break steps,
            Err(error) => patience.after(error).await?,
        }
    };
    let told = left(job_type, Observed::of_done(&before).serving, site);
    Ok(match told {
        Some(Left { what, advice }) => with(failure, what, &advice),
        None => failure,
    })
}

async fn last_word(run: &Run, site: &site::Model) -> Result<Vec<Model>> {
    let (db, hold) = (run.cx().db(), run.control.hold());
    let since = site_store::settled_at(db, hold, site.created_at).await?;
    store::last_word(db, hold, since).await
}

/// Takes back what this attempt has done, the last step first, unless something was begun that cannot be
/// taken back: then nobody knows what people would find at the site.
async fn bring_back(run: &Run, order: &Order, ledger: &mut Ledger) -> Result<bool, Halt> {
    let done = |step: &Model| {
        let ended = matches!(step.status, StepStatus::Completed | StepStatus::Failed);
        step.undoable && step.tries > 0 && ended
    };
    let changed = |step: &Model| !step.undoable && !step.harmless && step.tries > 0;
    let steps = ledger.steps();
    if !steps.iter().any(done) || steps.iter().any(changed) || unfinished(run).await? {
        return Ok(false);
    }
    let text = "What was done before it is taken back.";
    run.journal.say(LogLevel::Info, text);
    for at in (0..ledger.steps().len()).rev() {
        let mut step = ledger.step(at).clone();
        if !done(&step) {
            continue;
        }
        let failed = (step.status == StepStatus::Failed).then(|| step.clone());
        let undone = take_back::one(run, Phase::Doing, order, &mut step).await?;
        if undone.is_err() {
            step.status = StepStatus::Failed;
        }
        // A step that failed has failed, also when nothing of it is left.
        let step = failed.unwrap_or(step);
        take_back::write(run, Phase::Doing, &step).await?;
        ledger.replace(at, step);
        if undone.is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an earlier attempt has left something unfinished at the site.
async fn unfinished(run: &Run) -> Result<bool, Halt> {
    let mut patience = Patience::new(&run.control, Phase::Doing, "what is unfinished");
    loop {
        match ask_unfinished(run).await {
            Ok(found) => return Ok(found),
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn ask_unfinished(run: &Run) -> Result<bool> {
    let (db, hold, job) = (run.cx().db(), run.control.hold(), &run.claimed.job);
    let Some(site) = &run.claimed.site else {
        return Ok(false);
    };
    let since = site_store::settled_at(db, hold, site.created_at).await?;
    store::left_unfinished(db, hold, job.attempt, since).await
}

/// How a site was left that is not as its records say, and what people can do about it.
struct Left {
    what: &'static str,
    advice: String,
}

fn left(job_type: JobType, serving: Option<bool>, site: &site::Model) -> Option<Left> {
    match (serving, site.status) {
        (Some(false), SiteStatus::Active) => {
            let again = match job_type {
                JobType::Update | JobType::Restore => {
                    "retry this job, put the site back to a backup (RESTORE_INSTANCE)"
                }
                _ => "retry this job",
            };
            Some(Left {
                what: "The site is left in maintenance mode.",
                advice: format!(
                    "Nobody can use the site until it is opened again: {again}, or, if its data are \
                     known to be whole, open it as it is (RESUME_INSTANCE)."
                ),
            })
        }
        (Some(true), SiteStatus::Suspended) => Some(Left {
            what: "The site is open, though it counts as suspended.",
            advice: "Retry this job, or suspend the site once more (SUSPEND_INSTANCE).".to_owned(),
        }),
        _ => None,
    }
}

/// How a job that was called off has left its site, where people have to do something about it.
pub(super) fn left_standing(
    job_type: JobType,
    serving: Option<bool>,
    site: &site::Model,
) -> Option<String> {
    let Left { what, advice } = left(job_type, serving, site)?;
    Some(format!("{what} {advice}"))
}

/// What stays of the work, where the driver does not say whether the site is open; nothing where that is
/// nothing.
fn stays(steps: &[Model]) -> String {
    let stays = |step: &&Model| step.undoable && step.status == StepStatus::Completed;
    let silent = Observed::of_done(steps).serving.is_none();
    let titles: Vec<_> = steps.iter().filter(stays).collect();
    let titles: Vec<_> = titles.iter().map(|step| step.title.as_str()).collect();
    if titles.is_empty() || !silent {
        return String::new();
    }
    format!("This was done before and stays so: {}.", titles.join(", "))
}

/// The failure with more to say.
fn with(failure: Failure, what: &str, advice: &str) -> Failure {
    let Failure {
        class,
        mut message,
        advice: before,
    } = failure;
    if !what.is_empty() {
        if !message.ends_with(['.', '!', '?', '…']) {
            message.push('.');
        }
        message = format!("{message} {what}");
    }
    let before = before.unwrap_or_default();
    let advice = [before.as_str(), advice].join(" ").trim().to_owned();
    Failure {
        class,
        message: message.chars().take(ERROR_MAX).collect(),
        advice: (!advice.is_empty()).then(|| advice.chars().take(ERROR_MAX).collect()),
    }
}

/// How long an error may be, in characters.
const ERROR_MAX: usize = 2000;
