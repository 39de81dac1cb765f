//! What stands of a job that was called off and cannot be undone: it is looked at, so that nobody is told
//! of a site that is gone, or that one is closed that is served.

use std::time::Duration;

use entity::{
    provisioning_job::{ErrorClass, JobType},
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
};
use tokio::time::Instant;

use super::{
    control::{Halt, Phase},
    outcome::Observed,
    run::Run,
    step::backoff,
    wire::{Attendant, Ended, Wire},
};
use crate::{
    domain::provisioning::lifecycle::Happening,
    ports::provisioner::{Failure, Order, Seen, Standing},
};

/// What has happened to a job in the end, and what was observed then.
pub(super) type Outcome = (Happening, Observed);

/// The steps that were begun and cannot be undone.
pub(super) struct Lasting {
    steps: Vec<Model>,
    /// When all of them are done, so is the job.
    whole: bool,
}

impl Lasting {
    /// Of a plan, those that somebody has begun.
    pub(super) fn of(job_type: JobType, plan: &[Model], is_begun: impl Fn(&Model) -> bool) -> Self {
        let undoable = plan.iter().any(|step| step.undoable);
        if job_type == JobType::Create && undoable {
            // With the site goes what was done to it.
            let steps = Vec::new();
            return Self {
                steps,
                whole: false,
            };
        }
        let lasting = || plan.iter().filter(|step| !step.undoable);
        let begun = |step: &&Model| step.status == StepStatus::Completed || is_begun(step);
        Self {
            steps: lasting().filter(begun).cloned().collect(),
            // A site that is gone is gone, whatever was done to it before.
            whole: (job_type == JobType::Delete || !undoable) && lasting().all(|it| begun(&it)),
        }
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Sees what stands, and says so in the log.
    pub(super) async fn look(
        &self,
        run: &Run,
        order: &Order,
    ) -> Result<Result<Outcome, Failure>, Halt> {
        let mut done = Vec::new();
        let mut happening = Happening::Undone;
        for step in &self.steps {
            let seen = match look_at(run, order, step).await? {
                Ok(seen) => seen,
                Err(failure) => return Ok(Err(failure)),
            };
            let what = match seen.standing {
                Standing::Absent => continue,
                Standing::Done => {
                    let facts = serde_json::to_value(&seen.facts).ok();
                    let step = step.clone();
                    done.push(Model { facts, ..step });
                    "is done, and cannot be undone"
                }
                Standing::Partial => "is half done, and cannot be undone",
                Standing::Unknown => "nobody can tell whether it is done",
            };
            happening = Happening::Failed;
            let text = format!("{}: {what}", step.title);
            run.journal.say(LogLevel::Warning, &text);
        }
        if self.whole && done.len() == self.steps.len() {
            let text = "All of it was done before it could be stopped, and stays so.";
            run.journal.say(LogLevel::Warning, text);
            happening = Happening::Completed;
        }
        Ok(Ok((happening, Observed::of(&done))))
    }
}

/// Looks at a step, several times if need be.
async fn look_at(run: &Run, order: &Order, step: &Model) -> Result<Result<Seen, Failure>, Halt> {
    let settings = &run.cx().app().config.provisioning;
    let mut failed = 0;
    loop {
        let limit = Duration::from_millis(u64::try_from(step.limit_ms).unwrap_or(1));
        let (wire, heard) = Wire::new();
        let call = run.driver.check(&step.name, wire.call(order));
        let attendant = Attendant {
            control: &run.control,
            phase: Phase::Undoing,
            journal: &run.journal,
            until: Instant::now() + limit,
        };
        let failure = match attendant.attend(&wire, heard, call).await {
            Ok(seen) => return Ok(Ok(seen)),
            Err(Ended::Halted(halt)) => return Err(halt),
            Err(Ended::Failed(failure) | Ended::TimedOut(failure)) => failure,
        };
        failed += 1;
        let text = format!("{}: cannot be looked at: {}", step.title, failure.message);
        run.journal.say(LogLevel::Error, &text);
        if failure.class == ErrorClass::Final || failed >= settings.step_tries {
            return Ok(Err(failure));
        }
        let pause = backoff(settings.step_backoff, failed);
        run.control.pause(Phase::Undoing, pause).await?;
    }
}
