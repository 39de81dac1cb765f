//! The tariffs. They rarely change and everybody asks for them, so each process shows for a moment
//! what it has just read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use entity::{Timestamp, ids::PlanId, plan};
use tokio::sync::OnceCell;

use super::store;
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// For how long what was read is shown. With the time of one read, a change shows on every replica
/// within a second.
const SHOWN_FOR: Duration = Duration::from_millis(500);

/// A plan that many answers share.
pub type SharedPlan = Arc<plan::Model>;

/// The plans on offer, in their order; public.
pub async fn plans(cx: &Cx) -> Result<Arc<Offer>> {
    Ok(Arc::clone(&known(cx).await?.offer))
}

/// A plan, also one no longer on offer; plans are public, so no proof is needed.
pub async fn plan(cx: &Cx, id: PlanId) -> Result<Option<SharedPlan>> {
    match known(cx).await?.by_id.get(&id) {
        Some(plan) => Ok(Some(Arc::clone(plan))),
        // Younger than the reading.
        None => Ok(Box::pin(store::plan(cx.db(), id)).await?.map(Arc::new)),
    }
}

async fn known(cx: &Cx) -> Result<Arc<Plans>> {
    let reading = cx.app().plans.reading(cx.now());
    // Whoever comes first reads, the others wait for it and share what came of it, failures too: a
    // database that does not answer is asked once at a time.
    let read = async || store::plans(cx.db()).await.map(Plans::of).map_err(Arc::new);
    let plans = reading.plans.get_or_init(|| Box::pin(read())).await;
    plans.clone().map_err(Error::internal)
}

/// The plans on offer, as one reading found them.
#[derive(Debug)]
pub struct Offer {
    /// In their order.
    pub plans: Vec<SharedPlan>,
    written: OnceLock<Bytes>,
}

impl Offer {
    /// The offer as a door writes it; written once.
    pub fn written(&self, write: impl FnOnce(&[SharedPlan]) -> Bytes) -> Bytes {
        self.written.get_or_init(|| write(&self.plans)).clone()
    }
}

/// All plans as one reading found them.
#[derive(Debug)]
struct Plans {
    offer: Arc<Offer>,
    by_id: HashMap<PlanId, SharedPlan>,
}

impl Plans {
    fn of(rows: Vec<plan::Model>) -> Arc<Self> {
        let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        let on_offer = rows.iter().filter(|plan| plan.is_active);
        Arc::new(Self {
            offer: Arc::new(Offer {
                plans: on_offer.cloned().collect(),
                written: OnceLock::new(),
            }),
            by_id: rows.into_iter().map(|plan| (plan.id, plan)).collect(),
        })
    }
}

/// The latest reading of the plans.
#[derive(Debug, Default)]
pub struct PlanCache(Mutex<Arc<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    begun: Timestamp,
    plans: OnceCell<Result<Arc<Plans>, Arc<Error>>>,
}

impl PlanCache {
    /// The reading to show now; a new one if the latest is too old or failed.
    fn reading(&self, now: Timestamp) -> Arc<Reading> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !latest.shows(now) {
            *latest = Arc::new(Reading {
                begun: now,
                plans: OnceCell::new(),
            });
        }
        Arc::clone(&latest)
    }
}

impl Reading {
    fn shows(&self, now: Timestamp) -> bool {
        let failed = matches!(self.plans.get(), Some(Err(_)));
        // A clock that was set back would otherwise show the reading for as long as that.
        let age = (now - self.begun).to_std();
        !failed && age.is_ok_and(|age| age < SHOWN_FOR)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        DateTime::from_timestamp_millis(millis).expect("a time")
    }

    fn same(a: &Arc<Reading>, b: &Arc<Reading>) -> bool {
        Arc::ptr_eq(a, b)
    }

    #[test]
    fn a_reading_is_shown_for_half_a_second() {
        let cache = PlanCache::default();
        let first = cache.reading(at(10_000));
        assert!(same(&first, &cache.reading(at(10_499))));
        let second = cache.reading(at(10_500));
        assert!(!same(&first, &second));
        assert!(!same(&second, &cache.reading(at(9_000))), "set back");
    }

    #[test]
    fn a_failed_reading_is_not_shown_again() {
        let cache = PlanCache::default();
        let first = cache.reading(at(10_000));
        first
            .plans
            .set(Err(Arc::new(Error::internal("no database"))))
            .expect("the first");
        assert!(!same(&first, &cache.reading(at(10_000))));
    }
}
