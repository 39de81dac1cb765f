//! The ledger in hand: what is written before and after each step. Every write proves that the job is
//! still ours, and goes on until it is written or the job is not.

use entity::{
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
};

use super::{
    control::{Control, Halt, Patience, Phase},
    journal::{At, Journal},
    ledger_store as store,
    progress::percent,
};
use crate::{error::Result, ports::provisioner::Facts};

/// The steps of an attempt, as they are written.
pub struct Ledger {
    control: Control,
    journal: Journal,
    steps: Vec<Model>,
    /// A step that has ended and is not written yet.
    ended: Option<usize>,
}

impl Ledger {
    /// Of steps that are written.
    pub fn new(control: &Control, journal: &Journal, steps: Vec<Model>) -> Self {
        Self {
            control: control.clone(),
            journal: journal.clone(),
            steps,
            ended: None,
        }
    }

    /// Writes a plan down.
    pub async fn begin(
        control: &Control,
        journal: &Journal,
        steps: Vec<Model>,
    ) -> Result<Self, Halt> {
        let mut patience = Patience::new(control, Phase::Doing, "the plan");
        loop {
            match write_plan(control, &steps).await {
                Ok(true) => return Ok(Self::new(control, journal, steps)),
                Ok(false) => return Err(control.lost_or_cancelled().await),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// The steps, in their order.
    pub fn steps(&self) -> &[Model] {
        &self.steps
    }

    /// A step.
    pub fn step(&self, at: usize) -> &Model {
        &self.steps[at]
    }

    /// Whether a step has ended well.
    pub fn is_done(&self, at: usize) -> bool {
        self.steps[at].status == StepStatus::Completed
    }

    /// Says that a step is under way, and with the same stroke that the one before it has ended.
    pub async fn enter(&mut self, at: usize) -> Result<(), Halt> {
        let now = self.control.cx().now();
        let step = &mut self.steps[at];
        step.status = StepStatus::Running;
        step.started_at = step.started_at.or(Some(now));
        step.progress = 0;
        step.error = None;
        let share = self.share(at);
        let step = &self.steps[at];
        let progress = self.journal.reach(share.0);
        self.journal.enter(Some(At {
            id: step.id,
            name: step.name.clone(),
            share,
            percent: 0,
        }));
        self.journal.say(LogLevel::Info, &step.title);
        self.write(&[self.ended, Some(at)], progress, Some(&step.title))
            .await?;
        self.ended = None;
        Ok(())
    }

    /// The job's progress when a step begins, and when it has ended.
    fn share(&self, at: usize) -> (i32, i32) {
        let mut steps = self.steps.clone();
        steps[at].progress = 0;
        let from = percent(&steps);
        steps[at].status = StepStatus::Completed;
        (from, percent(&steps))
    }

    /// Says, before anything is done, that a step is going to be.
    pub async fn begin_step(&mut self, at: usize) -> Result<(), Halt> {
        self.steps[at].tries += 1;
        let patience = Patience::new(&self.control, Phase::Doing, "a step's beginning");
        let mut patience = patience.about(&self.steps[at].name);
        loop {
            let db = self.control.cx().db();
            match store::begin(db, self.control.hold(), &self.steps[at]).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.control.lost_or_cancelled().await),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// A step's effect was seen. It is written with what comes next.
    pub fn complete(&mut self, at: usize, facts: &Facts) {
        let now = self.control.cx().now();
        let step = &mut self.steps[at];
        step.status = StepStatus::Completed;
        step.progress = 100;
        step.found = step.tries == 0;
        step.completed_at = Some(now);
        step.error = None;
        step.facts = serde_json::to_value(facts).ok();
        let said = if step.found {
            format!("{}: was done already", step.title)
        } else {
            format!("{}: done", step.title)
        };
        self.journal.say(LogLevel::Info, &said);
        self.journal.reach(percent(&self.steps));
        self.journal.enter(None);
        self.ended = Some(at);
    }

    /// A step is given up.
    pub fn fail(&mut self, at: usize, why: &str) {
        let now = self.control.cx().now();
        let step = &mut self.steps[at];
        step.status = StepStatus::Failed;
        step.error = Some(why.to_owned());
        step.completed_at = Some(now);
        self.ended = Some(at);
    }

    /// A step is as it was written by somebody else.
    pub fn replace(&mut self, at: usize, step: Model) {
        self.steps[at] = step;
    }

    /// What has ended and is still to be written, with what the job's end means.
    pub fn unwritten(&self) -> Option<&Model> {
        self.ended.map(|at| &self.steps[at])
    }

    async fn write(
        &self,
        which: &[Option<usize>],
        progress: i32,
        message: Option<&str>,
    ) -> Result<(), Halt> {
        let steps: Vec<_> = which.iter().flatten().map(|at| &self.steps[*at]).collect();
        let mut patience = Patience::new(&self.control, Phase::Doing, "how steps stand");
        if let Some(step) = steps.first() {
            patience = patience.about(&step.name);
        }
        loop {
            match write_steps(&self.control, &steps, progress, message).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.control.lost_or_cancelled().await),
                Err(error) => patience.after(error).await?,
            }
        }
    }
}

async fn write_plan(control: &Control, steps: &[Model]) -> Result<bool> {
    let cx = control.cx();
    let unit = cx.begin().await?;
    let ours = store::announce(&*unit, control.hold(), 0, None, cx.now()).await?;
    if ours {
        store::insert(&*unit, steps).await?;
        unit.commit().await?;
    }
    Ok(ours)
}

async fn write_steps(
    control: &Control,
    steps: &[&Model],
    progress: i32,
    message: Option<&str>,
) -> Result<bool> {
    let cx = control.cx();
    let unit = cx.begin().await?;
    let ours = store::announce(&*unit, control.hold(), progress, message, cx.now()).await?;
    if ours {
        for step in steps {
            store::update(&*unit, step).await?;
        }
        unit.commit().await?;
    }
    Ok(ours)
}
