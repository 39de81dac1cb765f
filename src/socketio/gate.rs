//! How often a client may say something.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// A bucket of so many events, which fills again by so many a second.
#[derive(Debug)]
pub struct Gate {
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
    /// So many a second, twice as many at once.
    pub fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            state: Mutex::new(State {
                left: per_second * 2.0,
                at: Instant::now(),
                closed: false,
            }),
        }
    }

    /// Counts an event.
    pub fn pass(&self) -> Verdict {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Verdict {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Verdict::Closed;
        }
        let filled = now.duration_since(state.at).as_secs_f64() * self.per_second;
        state.left = (state.left + filled).min(self.per_second * 2.0);
        state.at = now;
        if state.left < 1.0 {
            state.closed = true;
            return Verdict::Closing;
        }
        state.left -= 1.0;
        Verdict::In
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_a_flood_does_not() {
        let gate = Gate::new(2);
        let start = Instant::now();
        let at = |millis| gate.pass_at(start + Duration::from_millis(millis));
        assert_eq!([0, 0, 0, 0].map(at), [Verdict::In; 4]);
        assert_eq!(at(500), Verdict::In);
        assert_eq!(at(600), Verdict::Closing);
        assert_eq!(at(60_000), Verdict::Closed);
    }
}
