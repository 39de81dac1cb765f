//! Places for work that goes on after its message was answered. Whoever takes a message of such a
//! lane has a place for the work first, so that what finds no place here waits where others see it.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// The places of this process. Cloning it copies a handle.
#[derive(Clone)]
pub struct Slots(Arc<Pool>);

struct Pool {
    total: usize,
    places: Arc<Semaphore>,
    busy: watch::Sender<usize>,
    /// Told when a place becomes free.
    wake: Arc<Notify>,
}

/// A place. It is kept for nobody else from when it was acquired, and counts as taken once work has
/// [begun](Slot::begin); dropping it frees it and wakes the relay.
pub struct Slot {
    pool: Arc<Pool>,
    begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Slots {
    /// So many places; `wake` is told when one becomes free.
    pub fn new(total: usize, wake: Arc<Notify>) -> Self {
        Self(Arc::new(Pool {
            total,
            places: Arc::new(Semaphore::new(total)),
            busy: watch::Sender::new(0),
            wake,
        }))
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.0.total
    }

    /// In how many no work goes on.
    pub fn free(&self) -> usize {
        self.0.total.saturating_sub(*self.0.busy.borrow())
    }

    /// Waits for a place.
    pub async fn acquire(&self) -> Slot {
        let place = self.0.places.clone().acquire_owned().await;
        match place {
            Ok(place) => self.slot(place),
            // Nobody closes the pool.
            Err(_) => std::future::pending().await,
        }
    }

    /// A place, if one is free.
    pub fn try_acquire(&self) -> Option<Slot> {
        let place = self.0.places.clone().try_acquire_owned().ok()?;
        Some(self.slot(place))
    }

    /// Waits until no work goes on.
    pub async fn idle(&self) {
        let mut busy = self.0.busy.subscribe();
        // The sender lives as long as this handle.
        busy.wait_for(|busy| *busy == 0).await.ok();
    }

    fn slot(&self, place: OwnedSemaphorePermit) -> Slot {
        Slot {
            pool: self.0.clone(),
            begun: false,
            _place: place,
        }
    }
}

impl Slot {
    /// Work begins that goes on until this is dropped.
    pub fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            self.pool.busy.send_modify(|busy| *busy += 1);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.begun {
            self.pool.busy.send_modify(|busy| *busy -= 1);
            self.pool.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_place_is_taken_when_work_begins_and_free_when_it_ends() {
        let wake = Arc::new(Notify::new());
        let slots = Slots::new(2, wake.clone());
        let mut held = slots.try_acquire().unwrap();
        assert_eq!(slots.free(), 2, "nothing has begun");
        held.begin();
        held.begin();
        assert_eq!((slots.free(), slots.total()), (1, 2));
        let other = slots.try_acquire().unwrap();
        assert!(slots.try_acquire().is_none());
        assert_eq!(slots.idle().now_or_never(), None);
        drop(other);
        assert_eq!(wake.notified().now_or_never(), None, "nothing has ended");
        drop(held);
        assert_eq!(wake.notified().now_or_never(), Some(()));
        assert_eq!(slots.idle().now_or_never(), Some(()));
        assert_eq!(slots.free(), 2);
    }
}
