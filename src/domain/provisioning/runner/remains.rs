//! What stands of a job that was called off and cannot be undone: it is looked at, so that nobody is told
//! of a site that is gone, or that one is closed that is served. What was seen is written into the ledger.

use entity::{
    provisioning_job::JobType,
    provisioning_log_line::LogLevel,
    provisioning_step::{Model, StepStatus},
};

use super::{
    control::{Halt, Phase},
    outcome::Observed,
    run::Run,
    step::join,
    take_back,
    tries::Tries,
    wire::Wire,
};
use crate::{
    domain::provisioning::lifecycle::Happening,
    ports::provisioner::{Facts, Failure, Order, Seen, Standing},
};

/// What has happened to a job in the end, and what was observed then.
pub(super) type Outcome = (Happening, Observed);

/// The steps that were begun and cannot be undone.
pub(super) struct Lasting {
    steps: Vec<Model>,
    /// When all of them are done, so is the job.
    whole: bool,
    /// Those that change the site, but for the last: it opens the site again, which taking back what closed it
    /// does as well. They are done together or not at all.
    bound: Vec<String>,
}

/// What stands of them.
pub(super) struct Remains {
    /// What that means for the job.
    pub outcome: Outcome,
    /// Something that changes the site was begun and is not known to be done, or not all that belongs to it:
    /// nobody knows what people would find who got to see the site now.
    pub broken: bool,
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
                bound: Vec::new(),
            };
        }
        let lasting = || plan.iter().filter(|step| !step.undoable);
        let changing = lasting().filter(|step| !step.harmless);
        let mut bound: Vec<_> = changing.map(|step| step.name.clone()).collect();
        bound.pop();
        let begun = |step: &&Model| step.status == StepStatus::Completed || is_begun(step);
        Self {
            steps: lasting().filter(begun).cloned().collect(),
            // A site that is gone is gone, whatever was done to it before.
            whole: (job_type == JobType::Delete || !undoable) && lasting().all(|it| begun(&it)),
            bound,
        }
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Sees what stands, and says so in the log and in the ledger.
    pub(super) async fn look(
        &mut self,
        run: &Run,
        order: &Order,
    ) -> Result<Result<Remains, Failure>, Halt> {
        let mut done = Vec::new();
        let mut happening = Happening::Undone;
        let mut broken = false;
        for step in &mut self.steps {
            let seen = match look_at(run, order, step).await? {
                Ok(seen) => seen,
                Err(failure) => return Ok(Err(failure)),
            };
            let what = note(run, step, seen);
            match step.status {
                // An earlier attempt began it, and nothing is there.
                StepStatus::Pending => continue,
                StepStatus::Completed => done.push(step.clone()),
                StepStatus::Undone => {}
                _ => broken |= !step.harmless,
            }
            take_back::write(run, Phase::Undoing, step).await?;
            if step.status == StepStatus::Undone {
                continue;
            }
            happening = Happening::Failed;
            let text = format!("{}: {what}", step.title);
            run.journal.say(LogLevel::Warning, &text);
        }
        if self.whole && done.len() == self.steps.len() {
            let text = "All of it was done before it could be stopped, and stays so.";
            run.journal.say(LogLevel::Warning, text);
            happening = Happening::Completed;
        }
        let is_done = |name: &String| done.iter().any(|step| step.name == *name);
        let changed = done.iter().any(|step| !step.harmless);
        broken |= changed && !self.bound.iter().all(is_done);
        let outcome = (happening, Observed::of(&done));
        Ok(Ok(Remains { outcome, broken }))
    }
}

/// Notes in the ledger's row what was seen of a step, and says it in words.
fn note(run: &Run, step: &mut Model, seen: Seen) -> &'static str {
    let standing = match (seen.standing, step.status) {
        (Standing::Absent, StepStatus::Pending) => return "is not there",
        // It was believed when it said so.
        (Standing::Unknown, StepStatus::Completed) => Standing::Done,
        (standing, _) => standing,
    };
    step.completed_at = step.completed_at.or(Some(run.cx().now()));
    match standing {
        Standing::Absent => {
            step.status = StepStatus::Undone;
            "is not there"
        }
        Standing::Done => {
            // What it has said when it was done, and what is seen now over that.
            let told = step.facts.take().map(serde_json::from_value::<Facts>);
            let mut facts = told.and_then(Result::ok).unwrap_or_default();
            join(&mut facts, seen.facts);
            step.facts = serde_json::to_value(&facts).ok();
            step.status = StepStatus::Completed;
            (step.progress, step.error) = (100, None);
            "is done, and cannot be undone"
        }
        Standing::Partial => {
            (step.status, step.facts) = (StepStatus::Failed, None);
            step.error = Some("It was stopped half way, and cannot be undone.".to_owned());
            "is half done, and cannot be undone"
        }
        Standing::Unknown => {
            (step.status, step.facts) = (StepStatus::Failed, None);
            step.error = Some("It was stopped; nobody can tell whether it is done.".to_owned());
            "nobody can tell whether it is done"
        }
    }
}

/// Looks at a step, several times if need be.
async fn look_at(run: &Run, order: &Order, step: &Model) -> Result<Result<Seen, Failure>, Halt> {
    let mut tries = Tries::new(run, Phase::Undoing);
    let what = format!("{}: cannot be looked at", step.title);
    loop {
        let (wire, heard) = Wire::new(&run.control);
        let call = run.driver.check(&step.name, wire.call(order));
        let ended = match tries.attendant(step).attend(&wire, heard, call).await {
            Ok(seen) => return Ok(Ok(seen)),
            Err(ended) => ended,
        };
        if let Some(failure) = tries.after(&what, ended).await? {
            return Ok(Err(failure));
        }
    }
}
