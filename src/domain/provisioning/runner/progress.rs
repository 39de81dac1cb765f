//! How far a job is. Pure.

use entity::provisioning_step::{Model, StepStatus};

/// How far a job is, in percent: by the weights of what is done and its share of what is under way.
/// Only a job that has ended is at 100.
pub fn percent(steps: &[Model]) -> i32 {
    let whole: i64 = steps.iter().map(weight).sum();
    if whole == 0 {
        return 0;
    }
    let done: i64 = steps.iter().map(done).sum();
    i32::try_from(done / whole).unwrap_or(99).clamp(0, 99)
}

/// In milliseconds; one that takes none counts a little.
fn weight(step: &Model) -> i64 {
    step.weight_ms.clamp(1, i64::MAX >> 32)
}

/// In percent of milliseconds.
fn done(step: &Model) -> i64 {
    match step.status {
        StepStatus::Completed => weight(step) * 100,
        StepStatus::Running => weight(step) * i64::from(step.progress.clamp(0, 100)),
        StepStatus::Pending | StepStatus::Failed | StepStatus::Undoing | StepStatus::Undone => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(status: StepStatus, weight_ms: i64, progress: i32) -> Model {
        Model {
            id: uuid::Uuid::nil().into(),
            job_id: uuid::Uuid::nil().into(),
            attempt: 1,
            position: 0,
            name: "a".into(),
            title: "A".into(),
            status,
            progress,
            found: false,
            undoable: false,
            harmless: false,
            tries: 0,
            weight_ms,
            limit_ms: 1,
            facts: None,
            error: None,
            started_at: None,
            completed_at: None,
        }
    }

    #[test]
    fn progress_is_by_weight() {
        use StepStatus::{Completed, Pending, Running};
        let steps = [
            step(Completed, 1000, 100),
            step(Running, 3000, 50),
            step(Pending, 1000, 0),
        ];
        assert_eq!(percent(&steps), 50);
        assert_eq!(percent(&[]), 0);
        let done = [step(Completed, 0, 100), step(Completed, 0, 100)];
        assert_eq!(percent(&done), 99, "the end is told by the job's status");
        assert_eq!(percent(&[step(Completed, 0, 100), step(Pending, 0, 0)]), 50);
    }

    proptest! {
        #[test]
        fn it_stays_within_bounds_and_grows(
            weights in prop::collection::vec(-1_i64..=i64::MAX, 1..20), at in 0_i32..=100,
        ) {
            let mut steps: Vec<_> =
                weights.iter().map(|weight| step(StepStatus::Pending, *weight, 0)).collect();
            let mut before = percent(&steps);
            for at_step in 0..steps.len() {
                steps[at_step].status = StepStatus::Running;
                steps[at_step].progress = at;
                let running = percent(&steps);
                steps[at_step].status = StepStatus::Completed;
                let done = percent(&steps);
                prop_assert!(before <= running && running <= done && done <= 99);
                before = done;
            }
        }
    }
}
