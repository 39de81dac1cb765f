//! Remembers that a server does not answer, so that not every request finds that out by waiting.
//!
//! While it is open, one caller at a time goes and looks, after a pause; the others are told at once.
//! Each change of state is logged once.

use std::{
    fmt::Display,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long nobody looks after somebody has.
const PAUSE: Duration = Duration::from_secs(1);

/// The state of one server, as seen by this process.
pub struct Breaker {
    /// What the log calls it.
    server: &'static str,
    since: Instant,
    /// Zero while it answers; else when somebody may look again, in milliseconds since `since`.
    look_at: AtomicU64,
}

impl Breaker {
    /// Of a server that has just answered.
    pub fn new(server: &'static str) -> Self {
        Self {
            server,
            since: Instant::now(),
            look_at: AtomicU64::new(0),
        }
    }

    /// Whether to ask the server: yes while it answers, else for one caller now and then.
    pub fn lets_through(&self) -> bool {
        let look_at = self.look_at.load(Ordering::Acquire);
        if look_at == 0 {
            return true;
        }
        let now = self.now();
        // Of several who come at the same time, one looks.
        now >= look_at
            && self
                .look_at
                .compare_exchange(look_at, after(now), Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// Whether it answered when it was asked last.
    pub fn is_closed(&self) -> bool {
        self.look_at.load(Ordering::Acquire) == 0
    }

    /// It answered.
    pub fn answered(&self) {
        // Nearly always it did before, too; a write would be shared by all cores.
        if self.look_at.load(Ordering::Relaxed) != 0 && self.look_at.swap(0, Ordering::AcqRel) != 0
        {
            tracing::info!(server = self.server, "answers again");
        }
    }

    /// It did not.
    pub fn failed(&self, why: &dyn Display) {
        if self.look_at.swap(after(self.now()), Ordering::AcqRel) == 0 {
            tracing::warn!(
                server = self.server,
                %why,
                "does not answer as it should; working without it until it does"
            );
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }
}

fn after(now: u64) -> u64 {
    now + u64::try_from(PAUSE.as_millis()).unwrap_or(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_it_is_open_nobody_asks_until_the_pause_is_over() {
        let breaker = Breaker::new("test");
        assert!(breaker.lets_through() && breaker.lets_through());
        breaker.failed(&"gone");
        assert!(!breaker.lets_through() && !breaker.is_closed());
        breaker.answered();
        assert!(breaker.lets_through() && breaker.is_closed());
    }

    #[test]
    fn after_the_pause_one_of_many_looks() {
        let breaker = Breaker::new("test");
        breaker.failed(&"gone");
        // The pause is over.
        breaker.look_at.store(1, Ordering::Release);
        while breaker.now() < 1 {
            std::hint::spin_loop();
        }
        let lookers = (0..10).filter(|_| breaker.lets_through()).count();
        assert_eq!(lookers, 1);
    }
}
