//! Rate buckets: how often something may happen, counted for all processes together.
//!
//! The algorithm is GCRA. A bucket is one point in time, the moment at which it will be full again;
//! a draw moves that moment by the rate's interval, and is refused when it would lie further ahead
//! than the bucket is deep. So a bucket costs one number, nothing has to tick, and how long to wait
//! is known exactly. An empty bucket and one that nobody remembers are told apart by nothing: a full
//! one need not be kept.

pub(super) mod memory;
pub(super) mod redis;

pub use self::memory::Moments;

use std::time::Duration;

use entity::Timestamp;

/// So many draws at once, which come back evenly over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds until one draw has come back.
    interval: i64,
    /// Microseconds until all have.
    depth: i64,
}

impl Rate {
    /// `limit` (at least one) per `window` (at least a microsecond).
    pub fn new(limit: u32, window: Duration) -> Self {
        let limit = i64::from(limit.max(1));
        let window = i64::try_from(window.as_micros()).unwrap_or(i64::MAX / 4);
        // Rounded up, so that never more than `limit` fit.
        let interval = ((window + limit - 1) / limit).max(1);
        Self {
            interval,
            depth: interval.saturating_mul(limit),
        }
    }

    /// What a draw does to a bucket that will be full at this moment: the moment at which it will be
    /// now, or for how long the draw is refused. Times are in microseconds.
    pub fn draw(self, full_at: Option<i64>, now: i64) -> Result<i64, Duration> {
        // What lies further ahead than the bucket is deep was written under another limit or by a
        // clock that is ahead; nobody waits for it longer than for an empty bucket.
        let full_at = full_at.map_or(now, |at| at.clamp(now, now.saturating_add(self.depth)));
        let next = full_at + self.interval;
        match u64::try_from(next - now - self.depth) {
            Ok(short) if short > 0 => Err(Duration::from_micros(short)),
            _ => Ok(next),
        }
    }
}

/// One of the buckets that something is drawn from.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name, unique among all buckets. Whoever has personal data hashes it.
    pub name: String,
    /// How much it holds.
    pub rate: Rate,
    /// A mark that, while it is there, lets this bucket be passed over.
    pub unless: Option<String>,
}

/// What came of a draw from several buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// One was drawn from each.
    Granted,
    /// One of them is empty, so none was drawn from.
    Refused {
        /// Which bucket must be waited for longest.
        bucket: usize,
        /// From when on a repeat is granted, if nobody else draws.
        retry_after: Duration,
    },
}

/// Buckets count in microseconds, as the clock does.
fn micros(time: Timestamp) -> i64 {
    time.timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn as_many_as_the_limit_fit_at_once_and_come_back_evenly() {
        let rate = Rate::new(3, Duration::from_mins(1));
        let mut full_at = None;
        for _ in 0..3 {
            full_at = Some(rate.draw(full_at, 0).expect("there is one left"));
        }
        assert_eq!(rate.draw(full_at, 0), Err(Duration::from_secs(20)));
        assert_eq!(rate.draw(full_at, 19 * SECOND), Err(Duration::from_secs(1)));
        assert_eq!(rate.draw(full_at, 20 * SECOND), Ok(80 * SECOND));
    }

    #[test]
    fn a_window_that_does_not_divide_holds_no_more_than_the_limit() {
        let rate = Rate::new(600, Duration::from_millis(1));
        let mut full_at = None;
        for _ in 0..600 {
            full_at = Some(rate.draw(full_at, 0).expect("there is one left"));
        }
        assert!(rate.draw(full_at, 0).is_err());
    }

    #[test]
    fn nobody_waits_for_a_clock_that_is_ahead() {
        let rate = Rate::new(2, Duration::from_secs(2));
        let ahead = Some(1_000_000 * SECOND);
        assert_eq!(rate.draw(ahead, 0), Err(Duration::from_secs(1)));
    }

    #[test]
    fn any_limit_and_window_can_be_reckoned_with() {
        for limit in [0, 1, u32::MAX] {
            for window in [Duration::ZERO, Duration::MAX] {
                assert!(Rate::new(limit, window).draw(None, 0).is_ok());
            }
        }
    }
}
