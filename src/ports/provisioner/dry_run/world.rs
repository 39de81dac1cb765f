//! What simulations have changed, in memory, shared by all that simulate in this process.
//!
//! It is gone with the process. So whatever an order says is there counts as there: a site that is to be
//! updated or removed exists unless it was removed here, a backup that is to be put back too. A step
//! counts as done for the job that did it, a backup for the attempt that made it; after a restart it is
//! simulated again.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{
    ids::{ProvisioningJobId, SiteId},
    provisioning_job::JobType,
};

use super::script::Action;
use crate::ports::provisioner::{Failure, Order, Standing};

/// Of how many jobs, sites and backups it knows; the oldest are forgotten.
const REMEMBERED: usize = 10_000;

/// The simulated world. Cloning it copies a handle.
#[derive(Clone, Default)]
pub(super) struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    jobs: Remembered<ProvisioningJobId, Job>,
    /// By their host names; whether they are there.
    sites: Remembered<String, (SiteId, bool)>,
    /// Of which site each is.
    backups: Remembered<String, SiteId>,
}

/// What has come of a job.
#[derive(Default)]
struct Job {
    steps: HashMap<Done, Standing>,
    tries: HashMap<(Action, String), u32>,
}

/// A step, and in which attempt it is done, where each attempt does it anew.
type Done = (String, Option<i32>);

/// Whoever has a backup tried again wants one of now.
fn done(order: &Order, step: &str) -> Done {
    let attempt = (step == "backup").then_some(order.attempt);
    (step.to_owned(), attempt)
}

/// The last things of a kind.
struct Remembered<K, V> {
    known: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<K: Hash + Eq + Clone, V> Remembered<K, V> {
    fn entry(&mut self, key: &K, value: impl FnOnce() -> V) -> &mut V {
        if !self.known.contains_key(key) {
            if self.order.len() >= REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.known.entry(key.clone()).or_insert_with(value)
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key)
    }
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often this was tried before; counts this try.
    pub(super) fn tried(&self, order: &Order, action: Action, step: &str) -> u32 {
        let mut state = self.state();
        let job = state.jobs.entry(&order.job_id, Job::default);
        let tries = job.tries.entry((action, step.to_owned())).or_default();
        *tries += 1;
        *tries - 1
    }

    /// How much of a step's effect is there, and whether it was so before the job came to it.
    pub(super) fn look(&self, order: &Order, step: &str) -> Result<(Standing, bool), Failure> {
        let state = self.state();
        let job = state.jobs.get(&order.job_id);
        let ours = job.and_then(|job| job.steps.get(&done(order, step)).copied());
        let site = state.sites.get(&order.site.host).copied();
        match (order.job_type, step, ours, site) {
            (JobType::Create, "new-site", None, Some((id, true))) => {
                if id == order.site.id {
                    return Ok((Standing::Done, true));
                }
                let host = &order.site.host;
                Err(
                    Failure::lasting(format!("{host} is there already, and is another's"))
                        .advice("Choose another name for the site."),
                )
            }
            (JobType::Delete, _, None, Some((_, false))) => Ok((Standing::Done, true)),
            _ => Ok((ours.unwrap_or(Standing::Absent), false)),
        }
    }

    /// Begins a step, without finishing it.
    pub(super) fn begin(&self, order: &Order, step: &str) {
        let mut state = self.state();
        let job = state.jobs.entry(&order.job_id, Job::default);
        job.steps.insert(done(order, step), Standing::Partial);
    }

    /// Refuses what cannot be begun.
    pub(super) fn permits(&self, order: &Order, step: &str) -> Result<(), Failure> {
        let state = self.state();
        if let (JobType::Restore, "restore") = (order.job_type, step) {
            let Some(backup) = &order.backup else {
                return Err(Failure::lasting("the order names no backup to put back"));
            };
            if let Some(site) = state.backups.get(&backup.reference)
                && *site != order.site.id
            {
                return Err(Failure::lasting("the backup is one of another site"));
            }
        }
        Ok(())
    }

    /// Finishes a step.
    pub(super) fn finish(&self, order: &Order, step: &str) {
        let mut state = self.state();
        let job = state.jobs.entry(&order.job_id, Job::default);
        job.steps.insert(done(order, step), Standing::Done);
        let there = match (order.job_type, step) {
            (JobType::Create, "new-site") => true,
            (JobType::Delete, "drop-site") => false,
            (_, "backup") => {
                let site = order.site.id;
                state.backups.entry(&reference(order), || site);
                return;
            }
            _ => return,
        };
        let site = (order.site.id, there);
        *state.sites.entry(&order.site.host, || site) = site;
    }

    /// Takes a step back; whether there was anything to take back.
    pub(super) fn undo(&self, order: &Order, step: &str) -> bool {
        let mut state = self.state();
        let job = state.jobs.entry(&order.job_id, Job::default);
        let was = job.steps.remove(&done(order, step));
        if let (JobType::Create, "new-site") = (order.job_type, step) {
            let site = (order.site.id, false);
            let known = state.sites.entry(&order.site.host, || site);
            // One that is another's stays.
            if known.0 == order.site.id {
                *known = site;
            }
        }
        was.is_some()
    }
}

/// How the backup is called that an attempt at a job makes.
pub(super) fn reference(order: &Order) -> String {
    let (site, job, attempt) = (&order.site.name, order.job_id, order.attempt);
    format!("dry-run/{site}/{job}/{attempt}")
}
