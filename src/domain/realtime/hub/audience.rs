//! Those whom a room tells by itself, one after the other: nobody has to be woken for it.

use std::{
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Heard;

/// How many are told before others of the process get a turn.
const AT_ONCE: usize = 128;

/// Somebody who is told by the room itself.
pub trait Hearer: Debug + Send + Sync {
    /// Takes in what is told; `false` when that cannot be done now or something before it is missing. From
    /// then on nothing is told any more.
    fn hear(&self, heard: &Arc<Heard>) -> bool;
}

/// Those who are told.
#[derive(Debug, Default)]
pub struct Audience(Mutex<Seats>);

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    /// By number. Shared with whoever is telling them something.
    taken: Arc<Vec<(u64, Arc<dyn Hearer>)>>,
}

impl Audience {
    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.seats().taken.is_empty()
    }

    /// Lets somebody in, if that still holds while nothing is told; gives the number of their seat.
    pub fn admit(&self, hearer: Arc<dyn Hearer>, holds: impl FnOnce() -> bool) -> Option<u64> {
        let mut seats = self.seats();
        if !holds() {
            return None;
        }
        let number = seats.next;
        seats.next += 1;
        Arc::make_mut(&mut seats.taken).push((number, hearer));
        Some(number)
    }

    /// Tells somebody nothing more.
    pub fn dismiss(&self, number: u64) {
        let mut seats = self.seats();
        let at = seats.taken.binary_search_by_key(&number, |(it, _)| *it);
        let left = at.ok().map(|at| Arc::make_mut(&mut seats.taken).remove(at));
        // Whatever goes with them goes when nobody waits for the lock.
        drop(seats);
        drop(left);
    }

    /// Tells all who are there; nobody comes in while `publish` tells everybody else.
    pub async fn tell(&self, heard: &Arc<Heard>, publish: impl FnOnce()) {
        let taken = {
            let seats = self.seats();
            publish();
            Arc::clone(&seats.taken)
        };
        for (turn, some) in taken.chunks(AT_ONCE).enumerate() {
            if turn > 0 {
                tokio::task::yield_now().await;
            }
            for (number, hearer) in some {
                if !hears(&**hearer, heard) {
                    self.dismiss(*number);
                }
            }
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells one of them. What panics there is theirs alone: told how far the stream is by then, they notice
/// what they have missed, as they would anything else.
fn hears(hearer: &dyn Hearer, heard: &Arc<Heard>) -> bool {
    let attempt = |heard: &_| catch_unwind(AssertUnwindSafe(|| hearer.hear(heard)));
    attempt(heard).unwrap_or_else(|_| {
        tracing::error!(stream = %heard.stream, ?hearer, "somebody panicked who was told of an event");
        let reminder = Heard::reminder(heard.stream, heard.seq, heard.occurred_at);
        attempt(&Arc::new(reminder)).unwrap_or(false)
    })
}
