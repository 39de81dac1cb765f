//! The steps that a real bench takes, with the time they take there on a machine of two cores. Simulated
//! ones take the same shares of a shorter time.

use std::time::Duration;

use entity::provisioning_job::JobType;

use crate::ports::provisioner::Step;

/// A step as it is on a real bench.
#[derive(Clone, Copy)]
struct Real {
    name: &'static str,
    title: &'static str,
    usual_seconds: u32,
    limit_seconds: u64,
    undoable: bool,
    harmless: bool,
}

const fn step(
    name: &'static str,
    title: &'static str,
    usual_seconds: u32,
    limit_seconds: u64,
) -> Real {
    Real {
        name,
        title,
        usual_seconds,
        limit_seconds,
        undoable: false,
        harmless: false,
    }
}

const fn undoable(step: Real) -> Real {
    Real {
        undoable: true,
        ..step
    }
}

const fn harmless(step: Real) -> Real {
    Real {
        harmless: true,
        ..step
    }
}

const MAINTENANCE_ON: Real = undoable(step("maintenance-on", "Closing the site", 2, 120));
const MAINTENANCE_OFF: Real = step("maintenance-off", "Opening the site", 2, 120);
const BACKUP: Real = harmless(step("backup", "Backing the site up", 20, 3600));
const MIGRATE: Real = step("migrate", "Bringing the data up to date", 60, 3600);
const ENABLE_SCHEDULER: Real = step("enable-scheduler", "Starting the scheduler", 2, 120);
const HEALTH_CHECK: Real = harmless(step(
    "health-check",
    "Seeing whether the site answers",
    5,
    300,
));

const CREATE: &[Real] = &[
    undoable(step("reserve-name", "Reserving the name", 1, 60)),
    undoable(step("new-site", "Making the site", 70, 900)),
    step("install-apps", "Installing the apps", 180, 1800),
    step("configure", "Configuring the site", 3, 120),
    step("create-owner", "Making the owner's account", 5, 120),
    step("setup-wizard", "Filling in the setup wizard", 30, 600),
    ENABLE_SCHEDULER,
    HEALTH_CHECK,
];
const UPDATE: &[Real] = &[
    MAINTENANCE_ON,
    BACKUP,
    MIGRATE,
    MAINTENANCE_OFF,
    HEALTH_CHECK,
];
const DELETE: &[Real] = &[BACKUP, step("drop-site", "Removing the site", 5, 600)];
const RESTORE: &[Real] = &[
    MAINTENANCE_ON,
    step("restore", "Putting the backup back", 30, 3600),
    MIGRATE,
    MAINTENANCE_OFF,
    HEALTH_CHECK,
];
const SUSPEND: &[Real] = &[
    MAINTENANCE_ON,
    undoable(step("disable-scheduler", "Stopping the scheduler", 2, 120)),
];
const RESUME: &[Real] = &[ENABLE_SCHEDULER, MAINTENANCE_OFF, HEALTH_CHECK];

fn real(job_type: JobType) -> &'static [Real] {
    match job_type {
        JobType::Create => CREATE,
        JobType::Update => UPDATE,
        JobType::Delete => DELETE,
        JobType::Backup => &[BACKUP],
        JobType::Restore => RESTORE,
        JobType::Suspend => SUSPEND,
        JobType::Resume => RESUME,
    }
}

/// The names of the steps of a type of jobs.
pub(super) fn names(job_type: JobType) -> impl Iterator<Item = &'static str> {
    real(job_type).iter().map(|step| step.name)
}

/// What a step does, for people.
pub(super) fn title(job_type: JobType, name: &str) -> Option<&'static str> {
    let step = real(job_type).iter().find(|step| step.name == name);
    step.map(|step| step.title)
}

/// How long a simulated step takes when the whole job takes `total`.
pub(super) fn share(job_type: JobType, name: &str, total: Duration) -> Duration {
    let steps = real(job_type);
    let all: u32 = steps.iter().map(|step| step.usual_seconds).sum();
    let step = steps.iter().find(|step| step.name == name);
    step.map_or(Duration::ZERO, |step| {
        total.saturating_mul(step.usual_seconds) / all
    })
}

/// The plan of a job that takes `total`. One that takes no time still has steps of unequal weight.
pub(super) fn steps(job_type: JobType, total: Duration) -> Vec<Step> {
    let plan = real(job_type).iter().map(|step| Step {
        name: step.name.to_owned(),
        title: step.title.to_owned(),
        usual: if total.is_zero() {
            Duration::from_millis(step.usual_seconds.into())
        } else {
            share(job_type, step.name, total)
        },
        limit: Duration::from_secs(step.limit_seconds).max(total.saturating_mul(2)),
        undoable: step.undoable,
        harmless: step.harmless,
    });
    plan.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_a_whole() {
        let total = Duration::from_secs(6);
        for &job_type in JobType::ALL {
            let sum: Duration = steps(job_type, total).iter().map(|step| step.usual).sum();
            assert!(total.abs_diff(sum) < Duration::from_micros(1), "{sum:?}");
        }
    }
}
