//! How often a client may say something.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// A bucket of so many events, which fills again by so many a second. Once it was empty
/// it stays closed, until it has filled and somebody comes in anew.
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

    /// Whether it is open, or opens again because it has filled since it was closed.
    pub fn opens(&self) -> bool {
        self.opens_at(Instant::now())
    }

    fn opens_at(&self, now: Instant) -> bool {
        let mut state = self.state();
        self.fill(&mut state, now);
        state.closed &= state.left < self.most;
        !state.closed
    }

    fn fill(&self, state: &mut State, now: Instant) {
        let filled = now.duration_since(state.at).as_secs_f64() * self.per_second;
        state.left = (state.left + filled).min(self.most);
        state.at = now;
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
        self.fill(&mut state, now);
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
        assert_eq!(at(1_500), Verdict::Closed);
        let opens = |millis| gate.opens_at(start + Duration::from_millis(millis));
        assert!(!opens(2_000), "it has filled only in part");
        assert!(opens(2_600));
        assert_eq!(
            [2_600; 5].map(at),
            [
                Verdict::In,
                Verdict::In,
                Verdict::In,
                Verdict::In,
                Verdict::Closing
            ]
        );
    }
}
