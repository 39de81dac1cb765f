//! The steps that an executable names: as it may write them, and what is refused.

use std::{collections::HashSet, time::Duration};

use entity::provisioning_job::JobType;
use serde::Deserialize;

use crate::ports::provisioner::{Failure, Step};

/// How many steps a plan may have.
const MAX_STEPS: usize = 100;
/// How long the name of a step may be.
const MAX_NAME: usize = 64;
/// How long its title may be, in characters.
const MAX_TITLE: usize = 200;
/// The longest that a step may take.
const MAX_SECONDS: f64 = 86_400.0;

/// A step as an executable writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default = "usual")]
    usual_seconds: f64,
    #[serde(default = "limit")]
    limit_seconds: f64,
    #[serde(default)]
    undoable: bool,
    #[serde(default)]
    harmless: bool,
}

fn usual() -> f64 {
    60.0
}

fn limit() -> f64 {
    3600.0
}

/// The steps, if they can be taken.
pub(super) fn steps(written: Option<Vec<Written>>) -> Result<Vec<Step>, Failure> {
    let Some(written) = written else {
        let advice = "It prints {\"steps\":[…]}, or ends with exit code 82 if it has no plan.";
        return Err(refused("it named no steps").advice(advice));
    };
    if written.is_empty() || written.len() > MAX_STEPS {
        let why = format!(
            "it has {} steps, 1 to {MAX_STEPS} are possible",
            written.len()
        );
        return Err(refused(&why));
    }
    let mut names = HashSet::new();
    let mut plan = Vec::with_capacity(written.len());
    for step in written {
        let step = checked(step).map_err(|why| refused(&why))?;
        if !names.insert(step.name.clone()) {
            return Err(refused(&format!("two steps are called `{}`", step.name)));
        }
        plan.push(step);
    }
    Ok(plan)
}

/// The plan of an executable that has none: one step, named like the type of the job.
pub(super) fn of_one_step(job_type: JobType) -> Vec<Step> {
    let title = match job_type {
        JobType::Create => "Making the site",
        JobType::Update => "Updating the site",
        JobType::Delete => "Removing the site",
        JobType::Backup => "Backing the site up",
        JobType::Restore => "Putting the backup back",
        JobType::Suspend => "Closing the site",
        JobType::Resume => "Opening the site",
    };
    vec![Step {
        name: job_type.verb().to_owned(),
        title: title.to_owned(),
        usual: Duration::from_secs_f64(usual()),
        limit: Duration::from_secs_f64(limit()),
        // Whoever calls a creation off wants it gone, and is told when that is not possible.
        undoable: job_type == JobType::Create,
        harmless: job_type == JobType::Backup,
    }]
}

fn checked(written: Written) -> Result<Step, String> {
    let Written {
        name,
        title,
        usual_seconds,
        limit_seconds,
        undoable,
        harmless,
    } = written;
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_letter) {
        return Err(format!(
            "the name of a step is 1 to {MAX_NAME} of a-z, 0-9 and hyphens; one is {:?}",
            name.chars().take(MAX_NAME).collect::<String>()
        ));
    }
    let time = |what: &str, seconds: f64| {
        if seconds > 0.0 && seconds <= MAX_SECONDS {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err(format!(
                "{what} of `{name}` is not above 0 and at most {MAX_SECONDS}"
            ))
        }
    };
    let usual = time("usual_seconds", usual_seconds)?;
    let limit = time("limit_seconds", limit_seconds)?;
    let title = title.filter(|title| !title.trim().is_empty());
    let title = title.unwrap_or_else(|| name.clone());
    Ok(Step {
        title: title.chars().take(MAX_TITLE).collect(),
        name,
        usual,
        limit,
        undoable,
        harmless,
    })
}

fn refused(why: &str) -> Failure {
    Failure::lasting(format!(
        "the plan of the executable cannot be followed: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(steps: Value) -> Result<Vec<Step>, String> {
        let written = serde_json::from_value(steps).map_err(|error| error.to_string())?;
        steps_of(written)
    }

    fn steps_of(written: Vec<Written>) -> Result<Vec<Step>, String> {
        super::steps(Some(written)).map_err(|failure| failure.message)
    }

    #[test]
    fn a_name_suffices() {
        let plan = read(json!([{ "name": "new-site" }])).expect("a plan");
        let [step] = plan.try_into().expect("one step");
        assert_eq!(
            (step.name.as_str(), step.title.as_str()),
            ("new-site", "new-site")
        );
        assert_eq!((step.usual.as_secs(), step.limit.as_secs()), (60, 3600));
        assert!(!step.undoable && !step.harmless);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for (steps, word) in [
            (json!([]), "has 0 steps"),
            (json!(vec![json!({ "name": "a" }); 101]), "has 101 steps"),
            (
                json!([{ "name": "a" }, { "name": "a" }]),
                "two steps are called `a`",
            ),
            (json!([{ "name": "" }]), "1 to 64"),
            (json!([{ "name": "../etc" }]), "1 to 64"),
            (json!([{ "name": "a".repeat(65) }]), "1 to 64"),
            (
                json!([{ "name": "a", "usual_seconds": 0 }]),
                "usual_seconds",
            ),
            (
                json!([{ "name": "a", "limit_seconds": 1e9 }]),
                "limit_seconds",
            ),
            (json!([{ "title": "a" }]), "missing field `name`"),
        ] {
            let why = read(steps.clone()).expect_err("it is refused");
            assert!(why.contains(word), "{steps}: {why}");
        }
        assert!(super::steps(None).is_err());
    }
}
