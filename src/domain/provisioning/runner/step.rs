//! One step: look whether it is done, do it, and see that it is; again, when it failed for a reason that
//! may pass.

use std::time::Duration;

use entity::{
    provisioning_job::ErrorClass, provisioning_log_line::LogLevel, provisioning_step::StepStatus,
};
use tokio::time::Instant;

use super::{
    control::{Halt, Phase},
    ledger::Ledger,
    ledger_store as store,
    lines::plain,
    run::Run,
    wire::{Attendant, Ended, Wire},
};
use crate::{
    error::Result,
    ports::provisioner::{Facts, Failure, Order, Seen, Standing},
};

/// How long a step rests at most before its next try.
const LONGEST_REST: Duration = Duration::from_mins(10);
/// How many times as often as it may fail a step may be begun in all: workers that die at it, too.
const BEGUN_MAX: i32 = 10;

/// Why a step is not done.
#[derive(Debug)]
pub enum Undone {
    /// It was given up.
    Failed(Failure),
    /// The job may not go on.
    Halted(Halt),
}

impl From<Halt> for Undone {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

/// What is known of whether a step was begun before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    /// It was, and nobody knows how far it came.
    interrupted: bool,
}

/// A step of a job that is being done.
pub(super) struct Doing<'a> {
    pub run: &'a Run,
    pub order: &'a Order,
    pub ledger: &'a mut Ledger,
    pub at: usize,
}

impl Doing<'_> {
    /// Does it.
    pub(super) async fn through(mut self) -> Result<(), Undone> {
        let settings = &self.run.cx().app().config.provisioning;
        let (tries, rest) = (settings.step_tries, settings.step_backoff);
        let step = self.ledger.step(self.at);
        let mut before = Before {
            interrupted: step.status == StepStatus::Running && step.tries > 0,
        };
        let mut failed = 0;
        loop {
            self.ledger.enter(self.at).await?;
            let ended = self.attempt(before).await;
            let failure = match ended {
                Ok(facts) => {
                    self.ledger.complete(self.at, &facts);
                    return Ok(());
                }
                Err(Ended::Halted(halt)) => return Err(halt.into()),
                Err(Ended::TimedOut(failure)) => {
                    before.interrupted = true;
                    failure
                }
                Err(Ended::Failed(failure)) => {
                    before.interrupted = false;
                    failure
                }
            };
            failed += 1;
            self.run.journal.say(LogLevel::Error, &failure.message);
            let begun = self.ledger.step(self.at).tries;
            let given_up = failure.class == ErrorClass::Final
                || failed >= tries
                || begun >= tries.saturating_mul(BEGUN_MAX);
            if given_up {
                let kept = kept(&self.ledger.step(self.at).title, &failure);
                self.ledger.fail(self.at, &kept.message);
                return Err(Undone::Failed(kept));
            }
            let pause = backoff(rest, failed);
            let text = format!("It is tried again in {} s.", pause.as_secs_f64());
            self.run.journal.say(LogLevel::Warning, &text);
            self.run.control.pause(Phase::Doing, pause).await?;
        }
    }

    /// Tries it once.
    async fn attempt(&mut self, before: Before) -> Result<Facts, Ended> {
        let limit = u64::try_from(self.ledger.step(self.at).limit_ms).unwrap_or(1);
        let until = Instant::now() + Duration::from_millis(limit);
        let seen = self.check(until).await?;
        match seen.standing {
            Standing::Done => return Ok(seen.facts),
            Standing::Partial => self.heal(until).await?,
            Standing::Unknown if before.interrupted => return Err(Ended::Failed(nobody_knows())),
            Standing::Absent | Standing::Unknown => {}
        }
        self.ledger
            .begin_step(self.at)
            .await
            .map_err(Ended::Halted)?;
        let mut facts = self.perform(until).await?;
        let seen = self.verify(until).await?;
        match seen.standing {
            Standing::Done | Standing::Unknown => {
                join(&mut facts, seen.facts);
                Ok(facts)
            }
            Standing::Absent | Standing::Partial => Err(Ended::Failed(Failure::retryable(
                "It ended without a complaint, and what it should have done cannot be seen.",
            ))),
        }
    }

    /// Makes ready for the step to be done over what is half there, if that is ours: takes it back, or
    /// leaves it where the driver says that there is no way back. What came of it is seen afterwards.
    async fn heal(&mut self, until: Instant) -> Result<(), Ended> {
        let step = self.ledger.step(self.at);
        let name = step.name.clone();
        if step.tries == 0 && !self.begun_before(&name).await? {
            return Err(Ended::Failed(not_ours()));
        }
        if !step.undoable {
            self.run
                .journal
                .say(LogLevel::Warning, "What is half done is done again.");
            return Ok(());
        }
        self.run
            .journal
            .say(LogLevel::Warning, "What is half done is taken back first.");
        let (wire, heard) = Wire::new(&self.run.control);
        let call = self.run.driver.undo(&name, wire.call(self.order));
        self.attendant(until).attend(&wire, heard, call).await
    }

    /// Whether an earlier attempt began it.
    async fn begun_before(&self, name: &str) -> Result<bool, Ended> {
        let Some(site) = &self.run.claimed.site else {
            return Ok(false);
        };
        let job = &self.run.claimed.job;
        let names = [name.to_owned()];
        let asked = store::begun_before(
            self.run.cx().db(),
            self.run.control.hold(),
            (job.job_type, job.attempt),
            site.created_at,
            &names,
        );
        match asked.await {
            Ok(found) => Ok(!found.is_empty()),
            Err(error) => {
                tracing::warn!(%error, "the ledger cannot be asked");
                let text = "The ledger could not be read.";
                Err(Ended::Failed(Failure::retryable(text)))
            }
        }
    }

    async fn check(&self, until: Instant) -> Result<Seen, Ended> {
        let (wire, heard) = Wire::new(&self.run.control);
        let name = &self.ledger.step(self.at).name;
        let call = self.run.driver.check(name, wire.call(self.order));
        self.attendant(until).attend(&wire, heard, call).await
    }

    async fn perform(&self, until: Instant) -> Result<Facts, Ended> {
        let (wire, heard) = Wire::new(&self.run.control);
        let name = &self.ledger.step(self.at).name;
        let call = self.run.driver.perform(name, wire.call(self.order));
        self.attendant(until).attend(&wire, heard, call).await
    }

    async fn verify(&self, until: Instant) -> Result<Seen, Ended> {
        let (wire, heard) = Wire::new(&self.run.control);
        let name = &self.ledger.step(self.at).name;
        let call = self.run.driver.verify(name, wire.call(self.order));
        self.attendant(until).attend(&wire, heard, call).await
    }

    fn attendant(&self, until: Instant) -> Attendant<'_> {
        Attendant {
            control: &self.run.control,
            phase: Phase::Doing,
            journal: &self.run.journal,
            until,
        }
    }
}

/// What was seen afterwards, over what was said.
pub(super) fn join(facts: &mut Facts, seen: Facts) {
    let Facts {
        url,
        apps,
        backup,
        serving,
        already_exists,
        already_absent,
        other,
    } = seen;
    facts.url = url.or(facts.url.take());
    if !apps.is_empty() {
        facts.apps = apps;
    }
    facts.backup = backup.or(facts.backup.take());
    facts.serving = serving.or(facts.serving);
    facts.already_exists |= already_exists;
    facts.already_absent |= already_absent;
    facts.other.extend(other);
}

/// The pause after so many failures: doubled each time.
pub(super) fn backoff(first: Duration, failed: i32) -> Duration {
    let doublings = u32::try_from(failed - 1).unwrap_or(0).min(20);
    first
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST_REST)
}

/// How much of an explanation is kept, in characters.
const WHY_MAX: usize = 500;

/// A failure as it is kept: named by its step, of bounded length, and with what to do about it.
pub(super) fn kept(title: &str, failure: &Failure) -> Failure {
    let cut = |text: &str| plain(text).chars().take(WHY_MAX).collect::<String>();
    let advice = failure.advice.as_deref().map(cut);
    Failure {
        class: failure.class,
        message: format!("{title}: {}", cut(&failure.message)),
        advice: Some(advice.unwrap_or_else(|| advice_for(failure.class).to_owned())),
    }
}

/// What to do where the driver does not say.
pub(super) fn advice_for(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Retryable => {
            "Try again in a few minutes; if it fails again, the job's log says more."
        }
        ErrorClass::Final => {
            "Trying again helps only when the cause is removed; the job's log says more."
        }
    }
}

fn not_ours() -> Failure {
    Failure::lasting("Something of it is there already that this job has not made.")
        .advice("Somebody has to look at it, and either finish or remove it, then retry the job.")
}

fn nobody_knows() -> Failure {
    Failure::lasting("It was interrupted, and the provisioner cannot tell how far it came.")
        .advice("Somebody has to look at it, and either finish or undo it, then retry the job.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_rests_longer_up_to_a_limit() {
        let rests: Vec<_> = [1, 2, 3, 30]
            .map(|failed| backoff(Duration::from_secs(5), failed).as_secs())
            .into();
        assert_eq!(rests, [5, 10, 20, 600]);
        assert_eq!(backoff(Duration::ZERO, 30), Duration::ZERO);
    }
}
