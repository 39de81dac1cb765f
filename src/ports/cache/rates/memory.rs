//! The buckets of a single process, of which there are so many and no more.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::Timestamp;

use super::{Bucket, Drawn, Rate, micros};

/// How many buckets a process keeps, and how many marks: some 15 MB each when full.
const ROOM: usize = 100_000;

/// The buckets and marks of a process. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Rates(Arc<(Moments<String>, Moments<String>)>);

impl Default for Rates {
    fn default() -> Self {
        Self(Arc::new((
            Moments::with_room(ROOM),
            Moments::with_room(ROOM),
        )))
    }
}

impl Rates {
    /// Draws one from each bucket that is not passed over, or from none.
    pub fn draw(&self, buckets: &[Bucket], now: Timestamp) -> Drawn {
        let (full, marks) = &*self.0;
        let now = micros(now);
        let marked = |bucket: &Bucket| {
            bucket
                .unless
                .as_ref()
                .is_some_and(|mark| marks.is_ahead(mark, now))
        };
        let counted: Vec<_> = (0..).zip(buckets).filter(|(_, it)| !marked(it)).collect();
        let draws: Vec<_> = counted
            .iter()
            .map(|(_, bucket)| (bucket.name.clone(), bucket.rate))
            .collect();
        match full.draw(&draws, now) {
            Drawn::Refused {
                bucket,
                retry_after,
            } => Drawn::Refused {
                bucket: counted[bucket].0,
                retry_after,
            },
            Drawn::Granted => Drawn::Granted,
        }
    }

    /// Leaves a mark that ends at this moment.
    pub fn mark(&self, name: &str, until: Timestamp, now: Timestamp) {
        self.0.1.set(name.to_owned(), micros(until), micros(now));
    }
}

/// Buckets and marks by name, each a moment in microseconds: a bucket is full again at it, a mark
/// ends with it. What lies in the past is as good as absent.
pub struct Moments<K> {
    by_name: Mutex<HashMap<K, i64>>,
    room: usize,
}

impl<K: Eq + Hash + Clone> Moments<K> {
    /// None yet, and at most so many.
    ///
    /// When there is no room, what has passed is forgotten; if that is not enough, the half that
    /// would pass first is forgotten too. That errs on the side of granting, and what an attacker
    /// would have to fill the room with is drawn from a bucket of their own address each time.
    pub fn with_room(room: usize) -> Self {
        Self {
            by_name: Mutex::default(),
            room: room.max(2),
        }
    }

    /// Draws one from a bucket, or says for how long it is empty.
    pub fn draw_one(&self, name: K, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        let now = micros(now);
        let mut moments = self.moments();
        let full_at = rate.draw(moments.get(&name).copied(), now)?;
        self.keep(&mut moments, name, full_at, now);
        Ok(())
    }

    /// Draws one from each bucket, or from none.
    pub fn draw(&self, buckets: &[(K, Rate)], now: i64) -> Drawn {
        let mut moments = self.moments();
        let mut next = Vec::with_capacity(buckets.len());
        let mut refused = Drawn::Granted;
        for (bucket, (name, rate)) in buckets.iter().enumerate() {
            match (rate.draw(moments.get(name).copied(), now), refused) {
                (Ok(full_at), _) => next.push(full_at),
                (Err(wait), Drawn::Refused { retry_after, .. }) if wait <= retry_after => {}
                (Err(retry_after), _) => {
                    refused = Drawn::Refused {
                        bucket,
                        retry_after,
                    }
                }
            }
        }
        if refused == Drawn::Granted {
            for ((name, _), full_at) in buckets.iter().zip(next) {
                self.keep(&mut moments, name.clone(), full_at, now);
            }
        }
        refused
    }

    /// Remembers a moment.
    pub fn set(&self, name: K, moment: i64, now: i64) {
        self.keep(&mut self.moments(), name, moment, now);
    }

    /// Whether the moment of that name is still to come.
    pub fn is_ahead(&self, name: &K, now: i64) -> bool {
        self.moments().get(name).is_some_and(|moment| *moment > now)
    }

    fn keep(&self, moments: &mut HashMap<K, i64>, name: K, moment: i64, now: i64) {
        if let Some(kept) = moments.get_mut(&name) {
            *kept = moment;
            return;
        }
        if moments.len() >= self.room {
            moments.retain(|_, moment| *moment > now);
            if moments.len() > self.room / 2 {
                let mut ends: Vec<_> = moments.values().copied().collect();
                let half = ends.len() / 2;
                let (_, middle, _) = ends.select_nth_unstable(half);
                let middle = *middle;
                moments.retain(|_, moment| *moment > middle);
            }
        }
        moments.insert(name, moment);
    }

    fn moments(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        // The map is whole after every step, so a panic elsewhere does not spoil it.
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held<K: Eq + Hash + Clone>(moments: &Moments<K>) -> usize {
        moments.moments().len()
    }

    #[test]
    fn there_are_never_more_than_there_is_room_for() {
        let moments = Moments::with_room(100);
        let rate = Rate::new(1, Duration::from_hours(1));
        for name in 0..10_000 {
            assert_eq!(moments.draw(&[(name, rate)], 0), Drawn::Granted);
            assert!(held(&moments) <= 100);
        }
        // The newest is among those that were kept, when all wait equally long or it waits longest.
        assert_ne!(moments.draw(&[(9_999, rate)], 0), Drawn::Granted);
    }

    #[test]
    fn those_that_wait_longest_are_kept() {
        let moments = Moments::with_room(100);
        let long = Rate::new(1, Duration::from_hours(24));
        assert_eq!(moments.draw(&[(u32::MAX, long)], 0), Drawn::Granted);
        let short = Rate::new(1, Duration::from_mins(1));
        for name in 0..10_000 {
            moments.draw(&[(name, short)], i64::from(name));
        }
        assert_ne!(moments.draw(&[(u32::MAX, long)], 10_000), Drawn::Granted);
    }

    #[test]
    fn what_has_passed_makes_room() {
        let moments = Moments::with_room(4);
        let rate = Rate::new(1, Duration::from_secs(1));
        for name in 0..4 {
            moments.draw(&[(name, rate)], 0);
        }
        moments.draw(&[(4, rate)], 2_000_000);
        assert_eq!(held(&moments), 1);
    }
}
