//! How often a driver is asked that is to look at a step, or to take it back, before it is given up.

use std::time::Duration;

use entity::{
    provisioning_job::ErrorClass, provisioning_log_line::LogLevel, provisioning_step::Model,
};
use tokio::time::Instant;

use super::{
    control::{Halt, Phase},
    run::Run,
    step::backoff,
    wire::{Attendant, Ended},
};
use crate::ports::provisioner::Failure;

/// The tries of one question about a step.
pub(super) struct Tries<'a> {
    run: &'a Run,
    phase: Phase,
    failed: i32,
}

impl<'a> Tries<'a> {
    /// None yet.
    pub(super) fn new(run: &'a Run, phase: Phase) -> Self {
        Self {
            run,
            phase,
            failed: 0,
        }
    }

    /// Who attends the next one, for as long as the step may take.
    pub(super) fn attendant(&self, step: &Model) -> Attendant<'a> {
        let limit = Duration::from_millis(u64::try_from(step.limit_ms).unwrap_or(1));
        Attendant {
            control: &self.run.control,
            phase: self.phase,
            journal: &self.run.journal,
            until: Instant::now() + limit,
        }
    }

    /// Says what failed, and waits before the next try; the failure, when there is to be none.
    pub(super) async fn after(
        &mut self,
        what: &str,
        ended: Ended,
    ) -> Result<Option<Failure>, Halt> {
        let failure = match ended {
            Ended::Halted(halt) => return Err(halt),
            Ended::Failed(failure) | Ended::TimedOut(failure) => failure,
        };
        let settings = &self.run.cx().app().config.provisioning;
        self.failed += 1;
        let text = format!("{what}: {}", failure.message);
        self.run.journal.say(LogLevel::Error, &text);
        if failure.class == ErrorClass::Final || self.failed >= settings.step_tries {
            return Ok(Some(failure));
        }
        let pause = backoff(settings.step_backoff, self.failed);
        self.run.control.pause(self.phase, pause).await?;
        Ok(None)
    }
}
