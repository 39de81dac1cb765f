//! How often a client may say something.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// A bucket of so many events, which fills again by so many a second, and stays closed once it was empty.
#[derive(Debug)]
pub struct Gate {
    most: f64,
    per_second: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: f64,
    at: Instant,
    closed: bool,
}

/// Whether an event is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    In,
    /// It is not, and nothing will be any more.
    Closing,
    /// Nothing is any more.
    Closed,
}

impl Gate {
    /// So many at once, so many each second.
    pub fn new(at_once: u32, per_second: f64) -> Self {
        let most = f64::from(at_once);
        Self {
            most,
            per_second,
            state: Mutex::new(State {
                left: most,
                at: Instant::now(),
                closed: false,
            }),
        }
    }

    /// Whether nothing is let in any more.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Counts an event.
    pub fn pass(&self) -> Verdict {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Verdict {
        let mut state = self.state();
        if state.closed {
            return Verdict::Closed;
        }
        let filled = now.duration_since(state.at).as_secs_f64() * self.per_second;
        state.left = (state.left + filled).min(self.most);
        state.at = now;
        if state.left < 1.0 {
            state.closed = true;
            return Verdict::Closing;
        }
        state.left -= 1.0;
        Verdict::In
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_a_flood_does_not() {
        let gate = Gate::new(4, 2.0);
        let start = Instant::now();
        let at = |millis| gate.pass_at(start + Duration::from_millis(millis));
        assert_eq!([0, 0, 0, 0].map(at), [Verdict::In; 4]);
        assert_eq!(at(500), Verdict::In);
        assert!(!gate.is_closed());
        assert_eq!(at(600), Verdict::Closing);
        assert!(gate.is_closed());
        assert_eq!(at(60_000), Verdict::Closed);
    }
}
