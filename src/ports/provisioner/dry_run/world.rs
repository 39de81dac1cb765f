//! What simulations have changed, in memory, shared by all that simulate in this process.
//!
//! It is gone with the process. So whatever an order says is there counts as there: a site that is to be
//! updated or removed exists unless it was removed here, a backup that is to be put back too. What makes
//! a site is looked for at the site and goes with it; any other step counts as done for the attempt that
//! did it. After a restart it is simulated again.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{
    ids::{ProvisioningJobId, SiteId, TenantId},
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
    /// Whose each is: a company may put one back to the site that came after the one it was made of.
    backups: Remembered<String, TenantId>,
    /// What of each is made, by which job.
    made: Remembered<SiteId, HashMap<String, (ProvisioningJobId, Standing)>>,
}

/// What has come of a job.
#[derive(Default)]
struct Job {
    /// By step and attempt: whoever has a job tried again that was done wants it done again.
    steps: HashMap<(String, i32), Standing>,
    tries: HashMap<(Action, String), u32>,
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

impl State {
    /// How a step stands, and whether another job made it so.
    fn standing(&self, order: &Order, step: &str) -> Option<(Standing, bool)> {
        if order.job_type == JobType::Create {
            let (job, standing) = *self.made.get(&order.site.id)?.get(step)?;
            return Some((standing, job != order.job_id));
        }
        let job = self.jobs.get(&order.job_id)?;
        let standing = job.steps.get(&(step.to_owned(), order.attempt))?;
        Some((*standing, false))
    }

    fn stands(&mut self, order: &Order, step: &str, standing: Standing) {
        let step = step.to_owned();
        if order.job_type == JobType::Create {
            let made = self.made.entry(&order.site.id, HashMap::new);
            made.insert(step, (order.job_id, standing));
        } else {
            let job = self.jobs.entry(&order.job_id, Job::default);
            job.steps.insert((step, order.attempt), standing);
        }
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
        let known = state.standing(order, step);
        let site = state.sites.get(&order.site.host).copied();
        match (order.job_type, step, known, site) {
            (JobType::Create, "new-site", None, Some((_, true))) => {
                let host = &order.site.host;
                Err(
                    Failure::lasting(format!("{host} is there already, and is another's"))
                        .advice("Choose another name for the site."),
                )
            }
            (JobType::Delete, _, None, Some((_, false))) => Ok((Standing::Done, true)),
            (job_type, _, _, Some((owner, true)))
                if job_type != JobType::Create && owner != order.site.id =>
            {
                let host = &order.site.host;
                Err(Failure::lasting(format!("{host} is another's"))
                    .advice("Look at who has the name; what is there is not touched."))
            }
            _ => Ok(known.unwrap_or((Standing::Absent, false))),
        }
    }

    /// Begins a step, without finishing it.
    pub(super) fn begin(&self, order: &Order, step: &str) {
        self.state().stands(order, step, Standing::Partial);
    }

    /// Refuses what cannot be begun.
    pub(super) fn permits(&self, order: &Order, step: &str) -> Result<(), Failure> {
        let state = self.state();
        if let (JobType::Restore, "restore") = (order.job_type, step) {
            let Some(backup) = &order.backup else {
                return Err(Failure::lasting("the order names no backup to put back"));
            };
            if let Some(owner) = state.backups.get(&backup.reference)
                && *owner != order.tenant.id
            {
                return Err(Failure::lasting("the backup is one of another company"));
            }
        }
        Ok(())
    }

    /// Finishes a step.
    pub(super) fn finish(&self, order: &Order, step: &str) {
        let mut state = self.state();
        state.stands(order, step, Standing::Done);
        let there = match (order.job_type, step) {
            (JobType::Create, "new-site") => true,
            (JobType::Delete, "drop-site") => {
                state.made.entry(&order.site.id, HashMap::new).clear();
                false
            }
            (_, "backup") => {
                let owner = order.tenant.id;
                state.backups.entry(&reference(order), || owner);
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
        if order.job_type != JobType::Create {
            // An earlier attempt may have done it.
            let job = state.jobs.entry(&order.job_id, Job::default);
            let before = job.steps.len();
            job.steps.retain(|(name, _), _| name != step);
            return job.steps.len() < before;
        }
        let made = state.made.entry(&order.site.id, HashMap::new);
        let was = made.remove(step).is_some();
        if step == "new-site" {
            // All that was done to the site goes with it.
            made.retain(|name, _| name == "reserve-name");
            let site = (order.site.id, false);
            let known = state.sites.entry(&order.site.host, || site);
            // One that is another's stays.
            if known.0 == order.site.id {
                *known = site;
            }
        }
        was
    }
}

/// How the backup is called that an attempt at a job makes.
pub(super) fn reference(order: &Order) -> String {
    let (site, job, attempt) = (&order.site.name, order.job_id, order.attempt);
    format!("dry-run/{site}/{job}/{attempt}")
}
