//! The cache of a single process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::Timestamp;

use super::Sealed;

/// Below this many values nothing is swept.
const SMALL: usize = 1024;

/// Values by name. Cloning it copies a pointer.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Values>>);

#[derive(Default)]
struct Values {
    by_name: HashMap<String, Sealed>,
    /// How many values there may be before expired ones are looked for.
    sweep_at: usize,
}

impl Memory {
    pub(super) fn get(&self, name: &str) -> Option<Sealed> {
        self.values().by_name.get(name).cloned()
    }

    pub(super) fn put(&self, name: String, sealed: Sealed, now: Timestamp) {
        let mut values = self.values();
        values.by_name.insert(name, sealed);
        if values.by_name.len() > values.sweep_at.max(SMALL) {
            values.by_name.retain(|_, sealed| now < sealed.expires_at);
            // Twice what is left, so that a sweep is paid for by as many puts.
            values.sweep_at = 2 * values.by_name.len();
        }
    }

    pub(super) fn take(&self, name: &str) -> Option<Sealed> {
        self.values().by_name.remove(name)
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        // A map is whole after every operation, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn expired_values_do_not_pile_up() {
        let memory = Memory::default();
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for second in 0..10_000 {
            let now = start + TimeDelta::seconds(second);
            let sealed = Sealed {
                expires_at: now + TimeDelta::seconds(10),
                value: 1.into(),
            };
            memory.put(second.to_string(), sealed, now);
        }
        assert!(memory.values().by_name.len() <= SMALL);
    }
}
