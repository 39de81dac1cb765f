//! What is going to be done: the driver's plan, seen to be usable and written down once per attempt.
//! From then on the ledger is the plan.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use entity::{
    Timestamp,
    provisioning_step::{Model, StepStatus},
};

use super::{hold::Claimed, ledger_store as store};
use crate::{
    domain::cx::Cx,
    error::Result,
    ports::provisioner::{Failure, Step},
};

/// How many steps a plan has at most.
const STEPS: usize = 100;
/// How long a step's name may be.
const NAME_MAX: usize = 64;
/// How long a step's title may be, in characters.
const TITLE_MAX: usize = 200;
/// Of how many times that a step was done its usual duration is the average.
const SAMPLES: usize = 20;

/// The ledger of an attempt that begins with this plan.
pub(super) async fn draw_up(
    cx: &Cx,
    claimed: &Claimed,
    provisioner: &str,
    plan: Vec<Step>,
) -> Result<Vec<Model>> {
    let access = cx.system_access()?;
    let names: Vec<_> = plan.iter().map(|step| step.name.clone()).collect();
    let limit = (SAMPLES * names.len()) as u64;
    let job = &claimed.job;
    let kind = (job.job_type, provisioner);
    let lately = store::lately(cx.db(), access, kind, &names, limit).await?;
    let usual = averages(&lately);
    let longest = cx.app().config.provisioning.step_timeout;
    let steps = (0..).zip(plan).map(|(position, step)| {
        let Step {
            name,
            title,
            usual: said,
            limit,
            undoable,
            harmless,
        } = step;
        Model {
            id: cx.new_id(),
            job_id: job.id,
            attempt: job.attempt,
            position,
            weight_ms: usual.get(&name).copied().unwrap_or_else(|| millis(said)),
            limit_ms: millis(limit.min(longest)).max(1),
            name,
            title: title.chars().filter(|c| !c.is_control()).collect(),
            status: StepStatus::Pending,
            progress: 0,
            found: false,
            undoable,
            harmless,
            tries: 0,
            facts: None,
            error: None,
            started_at: None,
            completed_at: None,
        }
    });
    Ok(steps.collect())
}

/// What is wrong with a plan, if anything.
pub(super) fn wrong(plan: &[Step]) -> Option<Failure> {
    let why = if plan.is_empty() {
        "has no step".to_owned()
    } else if plan.len() > STEPS {
        format!("has more than {STEPS} steps")
    } else {
        let mut seen = HashSet::new();
        plan.iter().find_map(|step| {
            let name = &step.name;
            let named = !name.is_empty()
                && name.len() <= NAME_MAX
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let title = step.title.trim();
            if !named {
                Some(format!("calls a step {name:?}"))
            } else if !seen.insert(name) {
                Some(format!("has two steps {name:?}"))
            } else if title.is_empty() || step.title.chars().count() > TITLE_MAX {
                Some(format!("has no usable title for {name:?}"))
            } else if step.limit.is_zero() {
                Some(format!("gives {name:?} no time"))
            } else {
                None
            }
        })?
    };
    let failure = Failure::lasting(format!("The provisioner's plan is unusable: it {why}."));
    Some(failure.advice("The provisioner has to be mended."))
}

/// How long steps took on average, in milliseconds.
fn averages(lately: &[store::Lately]) -> HashMap<String, i64> {
    let mut taken: HashMap<&str, Vec<i64>> = HashMap::new();
    for (name, began, ended) in lately {
        let times = taken.entry(name).or_default();
        if times.len() < SAMPLES {
            times.extend(lasted(*began, *ended));
        }
    }
    let average = |times: Vec<i64>| {
        let count = i64::try_from(times.len()).ok().filter(|count| *count > 0)?;
        Some(times.iter().sum::<i64>() / count)
    };
    taken
        .into_iter()
        .filter_map(|(name, times)| Some((name.to_owned(), average(times)?)))
        .collect()
}

fn lasted(began: Option<Timestamp>, ended: Option<Timestamp>) -> Option<i64> {
    Some((ended? - began?).num_milliseconds().max(0))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, title: &str, limit: u64) -> Step {
        Step {
            name: name.into(),
            title: title.into(),
            usual: Duration::from_secs(1),
            limit: Duration::from_secs(limit),
            undoable: false,
            harmless: false,
        }
    }

    #[test]
    fn a_plan_must_be_usable() {
        let good = step("new-site", "Making the site", 60);
        assert_eq!(wrong(std::slice::from_ref(&good)), None);
        let too_many = (0..101).map(|n| step(&format!("s{n}"), "S", 1)).collect();
        for (plan, word) in [
            (vec![], "has no step"),
            (too_many, "more than 100"),
            (vec![good.clone(), good.clone()], "two steps \"new-site\""),
            (vec![step("", "S", 1)], "calls a step \"\""),
            (vec![step("../x", "S", 1)], "calls a step \"../x\""),
            (vec![step(&"x".repeat(65), "S", 1)], "calls a step"),
            (vec![step("a", " ", 1)], "no usable title"),
            (vec![step("a", &"t".repeat(201), 1)], "no usable title"),
            (vec![step("a", "A", 0)], "no time"),
        ] {
            let failure = wrong(&plan).expect(word);
            assert!(failure.message.contains(word), "{}", failure.message);
        }
    }

    #[test]
    fn what_was_usual_lately_is_the_average() {
        let at = |seconds| Timestamp::from_timestamp(seconds, 0);
        let lately = [
            ("a".to_owned(), at(0), at(3)),
            ("a".to_owned(), at(0), at(5)),
            ("b".to_owned(), at(9), at(1)),
            ("c".to_owned(), None, at(1)),
        ];
        let usual = averages(&lately);
        assert_eq!(usual.get("a"), Some(&4000));
        assert_eq!(usual.get("b"), Some(&0), "a clock that was set back");
        assert_eq!(usual.get("c"), None);
    }
}
