//! From a claim to its end: the job is done, or undone, or left to somebody else.

use std::sync::Arc;

use entity::provisioning_log_line::LogLevel;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::{
    control::{Control, Halt, Patience, Phase},
    finish::{self, End},
    hold::Claimed,
    journal::Journal,
    ledger::Ledger,
    ledger_store,
    order::{self, Task},
    outcome::{Observed, Performer},
    plan, setback,
    step::{Doing, Undone, advice_for, backoff},
    undo,
    wire::{Attendant, Ended, Wire},
};
use crate::{
    domain::cx::Cx,
    error::Result,
    ports::{
        provisioner::{Failure, Order, Provisioner, Standing, Step},
        queue::Slot,
    },
};

/// A run of a job that was claimed.
pub struct Run {
    /// The job.
    pub claimed: Claimed,
    /// Whether it may go on.
    pub control: Control,
    /// What it tells.
    pub journal: Journal,
    /// Who does it.
    pub driver: Arc<dyn Provisioner>,
    /// The heartbeat and the journal's writer end with the run.
    _alive: (DropGuard, DropGuard),
}

/// What is told of a job, and the ledger that goes with it.
pub(super) type Told = (End, Option<Ledger>);

/// Does, or undoes, what was claimed.
pub(super) async fn run(cx: Cx, claimed: Claimed, driver: Arc<dyn Provisioner>, slot: Slot) {
    let began = Instant::now();
    let id = claimed.job.id;
    let attempt = claimed.job.undo_attempt.unwrap_or(claimed.job.attempt);
    let (control, beating) = Control::start(&cx, &claimed);
    let opened = Journal::open(&control, attempt, claimed.job.progress).await;
    match opened {
        Ok((journal, writing)) => {
            let run = Run {
                claimed,
                control,
                journal,
                driver,
                _alive: (beating, writing),
            };
            let outcome = run.to_its_end().await;
            let word = outcome.word();
            let (kind, elapsed) = (run.claimed.job.job_type.verb(), began.elapsed());
            cx.app().metrics.provisioning.ran(kind, word, elapsed);
            let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(
                provisioning.job = %id, attempt, outcome = word, duration_ms = ms,
                "provisioning {kind}"
            );
        }
        // Whoever takes it when the lease has lapsed may have a database.
        Err(error) => tracing::error!(%error, provisioning.job = %id, "it cannot be begun"),
    }
    drop(slot);
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The job is done.
    Completed,
    /// It was given up.
    Failed,
    /// It was called off, and is undone as far as that can be.
    Undone,
    /// It was called off, and is to be undone later.
    UndoneLater,
    /// Another worker goes on with it.
    GivenBack,
    /// Another worker has it, or nobody can tell.
    Lost,
}

impl Ending {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::UndoneLater => "undone_later",
            Self::GivenBack => "given_back",
            Self::Lost => "lost",
        }
    }
}

impl Run {
    /// The context it works in.
    pub fn cx(&self) -> &Cx {
        self.control.cx()
    }

    /// Who does it, as results say.
    pub fn performer(&self) -> Performer {
        Performer {
            name: self.driver.name(),
            simulated: self.driver.is_simulated(),
        }
    }

    async fn to_its_end(&self) -> Ending {
        if let Some(attempt) = self.claimed.job.undo_attempt {
            return self.undone(attempt).await;
        }
        let ended = match self.doing().await {
            Ok(told) => finish::write(self, told).await,
            Err(halt) => Err(halt),
        };
        let ended = match ended {
            // It ends all the same, or somebody would do it again and again.
            Err(Halt::Refused) => self.unrecorded().await,
            ended => ended,
        };
        match ended {
            Ok(ending) => ending,
            Err(Halt::Cancelled) => self.undone(self.claimed.job.attempt).await,
            Err(halt) => self.left(halt).await,
        }
    }

    /// Gives the job up because the database refuses what came of it.
    async fn unrecorded(&self) -> Result<Ending, Halt> {
        let failure = finish::unrecorded();
        self.journal.say(LogLevel::Error, &failure.message);
        let failure = setback::unrecorded(self, failure).await?;
        finish::write(self, (End::Failed(failure), None)).await
    }

    async fn undone(&self, attempt: i32) -> Ending {
        self.journal.undoing();
        let ended = match undo::through(self, attempt).await {
            Err(Halt::Refused) => undo::unrecorded(self, attempt).await,
            ended => ended,
        };
        match ended {
            Ok(ending) => ending,
            Err(halt) => self.left(halt).await,
        }
    }

    /// Leaves the job to somebody else.
    async fn left(&self, halt: Halt) -> Ending {
        match halt {
            Halt::Lost | Halt::Cancelled | Halt::Refused => Ending::Lost,
            Halt::Stopping => {
                let text = "The worker stops; another one goes on from here.";
                self.journal.say(LogLevel::Info, text);
                finish::give_back(self).await
            }
        }
    }

    /// Does the job; what came of it is still to be written.
    async fn doing(&self) -> Result<Told, Halt> {
        let mut patience = Patience::new(&self.control, Phase::Doing, "the order");
        let task = loop {
            match order::task(self.cx(), &self.claimed, self.performer()).await {
                Ok(task) => break task,
                Err(error) => patience.after(error).await?,
            }
        };
        let exists = Observed {
            already_exists: true,
            ..Observed::default()
        };
        let absent = Observed {
            already_absent: true,
            ..Observed::default()
        };
        match task {
            Task::Steps(order) => self.steps(&order).await,
            Task::See(order) => Ok((self.see(&order, exists).await?, None)),
            Task::Exists => Ok((End::Completed(exists), None)),
            Task::Absent => Ok((End::Completed(absent), None)),
            Task::Refuse(failure) => {
                self.journal.say(LogLevel::Error, &failure.message);
                let failure = setback::before_it_began(self, advised(failure)).await?;
                Ok((End::Failed(failure), None))
            }
        }
    }

    /// Goes through the steps.
    async fn steps(&self, order: &Order) -> Result<Told, Halt> {
        let mut ledger = match self.ledger(order).await? {
            Ok(ledger) => ledger,
            Err(failure) => {
                let failure = setback::before_it_began(self, failure).await?;
                return Ok((End::Failed(failure), None));
            }
        };
        if self.claimed.taken_over {
            let text = "Another worker goes on from here.";
            self.journal.say(LogLevel::Info, text);
        }
        for at in 0..ledger.steps().len() {
            if ledger.is_done(at) {
                continue;
            }
            let doing = Doing {
                run: self,
                order,
                ledger: &mut ledger,
                at,
            };
            match doing.through().await {
                Ok(()) => {}
                Err(Undone::Failed(failure)) => {
                    let failure = setback::after(self, order, &mut ledger, failure).await?;
                    return Ok((End::Failed(failure), Some(ledger)));
                }
                Err(Undone::Halted(halt)) => return Err(halt),
            }
        }
        let observed = Observed::of(ledger.steps());
        for key in &observed.left_out {
            let text = format!("Of what the provisioner told, `{key}` could not be kept.");
            self.journal.say(LogLevel::Warning, &text);
        }
        Ok((End::Completed(observed), Some(ledger)))
    }

    /// The attempt's ledger, written when it begins.
    async fn ledger(&self, order: &Order) -> Result<Result<Ledger, Failure>, Halt> {
        let (control, attempt) = (&self.control, self.claimed.job.attempt);
        let mut patience = Patience::new(control, Phase::Doing, "the plan");
        loop {
            match ledger_store::steps(self.cx().db(), control.hold(), attempt).await {
                Ok(steps) if steps.is_empty() => break,
                Ok(steps) => return Ok(Ok(Ledger::new(control, &self.journal, steps))),
                Err(error) => patience.after(error).await?,
            }
        }
        let plan = match self.plan(order).await {
            Ok(plan) => plan,
            Err(Undone::Halted(halt)) => return Err(halt),
            Err(Undone::Failed(failure)) => return Ok(Err(failure)),
        };
        let name = self.performer().name;
        let steps = loop {
            match plan::draw_up(self.cx(), &self.claimed, name, plan.clone()).await {
                Ok(steps) => break steps,
                Err(error) => patience.after(error).await?,
            }
        };
        Ledger::begin(control, &self.journal, steps).await.map(Ok)
    }

    /// Asks the driver for its plan.
    async fn plan(&self, order: &Order) -> Result<Vec<Step>, Undone> {
        let settings = &self.cx().app().config.provisioning;
        let mut failed = 0;
        loop {
            let until = Instant::now() + settings.step_timeout;
            let (wire, heard) = Wire::new(&self.control);
            let call = self.driver.plan(wire.call(order));
            let attendant = Attendant {
                control: &self.control,
                phase: Phase::Doing,
                journal: &self.journal,
                until,
            };
            let failure = match attendant.attend(&wire, heard, call).await {
                Ok(plan) => match plan::wrong(&plan) {
                    None => return Ok(plan),
                    Some(failure) => failure,
                },
                Err(Ended::Halted(halt)) => return Err(halt.into()),
                Err(Ended::Failed(failure) | Ended::TimedOut(failure)) => failure,
            };
            failed += 1;
            self.journal.say(LogLevel::Error, &failure.message);
            let lasting = failure.class == entity::provisioning_job::ErrorClass::Final;
            if lasting || failed >= settings.step_tries {
                return Err(Undone::Failed(super::step::kept("Planning", &failure)));
            }
            let pause = backoff(settings.step_backoff, failed);
            self.control.pause(Phase::Doing, pause).await?;
        }
    }

    /// Looks whether the site is there that we believe to be.
    async fn see(&self, order: &Order, exists: Observed) -> Result<End, Halt> {
        let plan = match self.plan(order).await {
            Ok(plan) => plan,
            Err(Undone::Halted(halt)) => return Err(halt),
            Err(Undone::Failed(failure)) => return Ok(End::Failed(failure)),
        };
        for step in plan {
            let (wire, heard) = Wire::new(&self.control);
            let call = self.driver.check(&step.name, wire.call(order));
            let limit = step
                .limit
                .min(self.cx().app().config.provisioning.step_timeout);
            let attendant = Attendant {
                control: &self.control,
                phase: Phase::Doing,
                journal: &self.journal,
                until: Instant::now() + limit,
            };
            match attendant.attend(&wire, heard, call).await {
                Ok(seen) => match seen.standing {
                    Standing::Done | Standing::Partial | Standing::Unknown => {
                        return Ok(End::Completed(exists));
                    }
                    Standing::Absent => {}
                },
                Err(Ended::Halted(halt)) => return Err(halt),
                Err(Ended::Failed(failure) | Ended::TimedOut(failure)) => {
                    self.journal.say(LogLevel::Error, &failure.message);
                    let failure = super::step::kept("Looking for the site", &failure);
                    return Ok(End::Failed(failure));
                }
            }
        }
        let host = &order.site.host;
        let failure = Failure::lasting(format!(
            "By our records the site {host} is there, but the provisioner cannot find it."
        ));
        let failure = failure.advice(
            "Somebody has to look for it. If it is lost, remove the site, then have it made anew.",
        );
        self.journal.say(LogLevel::Error, &failure.message);
        Ok(End::Failed(failure))
    }
}

/// With what to do about it.
fn advised(mut failure: Failure) -> Failure {
    let class = failure.class;
    failure
        .advice
        .get_or_insert_with(|| advice_for(class).to_owned());
    failure
}
