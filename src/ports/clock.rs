//! Time, ids and secrets: everything that would differ from run to run comes from here.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{SubsecRound, Utc};
use entity::Timestamp;
use uuid::Uuid;

/// What time it is.
#[derive(Clone, Debug)]
pub struct Clock(Time);

#[derive(Clone, Debug)]
enum Time {
    System,
    Fixed(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Time::System)
    }

    /// A clock that stands still until it is moved; its clones move with it.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Time::Fixed(Arc::new(Mutex::new(at.trunc_subsecs(6)))))
    }

    /// Now, in microseconds: `PostgreSQL` keeps no more, and a value must read back as it was.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the clock"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Time::System => Utc::now().trunc_subsecs(6),
            Time::Fixed(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock forward.
    ///
    /// # Panics
    ///
    /// On the system's clock, which moves by itself.
    pub fn advance(&self, duration: Duration) {
        let Time::Fixed(time) = &self.0 else {
            panic!("the system's clock cannot be moved");
        };
        let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
        let duration = chrono::Duration::from_std(duration).expect("a test moves by years at most");
        *time = (*time + duration).trunc_subsecs(6);
    }
}

/// New ids, and bytes nobody can guess.
#[derive(Clone, Debug)]
pub struct Ids(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded { seed: u64, drawn: Arc<AtomicU64> },
}

/// The milliseconds that seeded ids start from: 2026-01-01.
const SEEDED_START: u64 = 1_767_225_600_000;

impl Ids {
    /// `UUIDv7`, ordered in time, and randomness of the operating system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same ids and secrets on every run; clones draw from the same sequence.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded {
            seed,
            drawn: Arc::default(),
        })
    }

    /// A new id, greater than those before it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that makes ids"
    )]
    pub fn next(&self) -> Uuid {
        match &self.0 {
            Source::System => Uuid::now_v7(),
            Source::Seeded { seed, drawn } => {
                let drawn = drawn.fetch_add(1, Ordering::Relaxed);
                let mut noise = [0; 10];
                fill(&mut noise, *seed, drawn);
                uuid::Builder::from_unix_timestamp_millis(SEEDED_START + drawn, &noise).into_uuid()
            }
        }
    }
}

/// `SplitMix64`: spreads a seed and a position over as many bytes as are asked for.
fn fill(bytes: &mut [u8], seed: u64, position: u64) {
    let mut state = seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ position.rotate_left(32);
    for chunk in bytes.chunks_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_fixed_clock_moves_with_its_clones() {
        let clock = Clock::fixed("2026-01-01T00:00:00.123456789Z".parse().unwrap());
        clock.clone().advance(Duration::from_hours(36));
        assert_eq!(clock.now().to_rfc3339(), "2026-01-02T12:00:00.123456+00:00");
    }

    #[test]
    fn seeded_ids_repeat_and_grow() {
        let draw = |seed| {
            let ids = Ids::seeded(seed);
            (0..100).map(|_| ids.clone().next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert!(draw(1).is_sorted_by(|a, b| a < b));
        assert!(draw(1).iter().all(|id| id.get_version_num() == 7));
        let distinct: HashSet<_> = draw(1).into_iter().chain(draw(2)).collect();
        assert_eq!(distinct.len(), 200);
    }
}
