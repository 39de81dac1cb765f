//! Until when a caller has the job in its hands. Whoever works for it on the same machine can tell by
//! itself when that is over, also when the caller stands still and cannot say so.

use std::{fmt, num::ParseIntError, str::FromStr, time::Duration};

use tokio::{sync::watch, time::sleep};

/// How long the clock is not looked at, at most: timers stand still while a machine sleeps, the clock
/// does not.
const LOOK: Duration = Duration::from_secs(1);

/// A moment on the machine's own clock, which all of its processes share and nobody can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Later than everything.
    pub const NEVER: Self = Self(u64::MAX);

    /// This one.
    pub fn now() -> Self {
        Self(milliseconds())
    }

    /// So much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(time))
    }

    /// How long ago it was.
    pub fn elapsed(self) -> Duration {
        Duration::from_millis(milliseconds().saturating_sub(self.0))
    }

    /// How long it is until then.
    pub fn left(self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(milliseconds()))
    }

    /// Whether it has come.
    pub fn has_come(self) -> bool {
        self.left().is_zero()
    }

    /// Waits until it has come.
    pub async fn come(self) {
        while !self.has_come() {
            sleep(self.left().min(LOOK)).await;
        }
    }
}

/// As guards read it.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Moment {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(unix)]
fn milliseconds() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    // Where there is one that goes on while the machine sleeps.
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let now = clock_gettime(CLOCK);
    let parts = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
    let (Ok(seconds), Ok(nanoseconds)) = parts else {
        // It counts from the start of the machine.
        return 0;
    };
    seconds * 1000 + nanoseconds / 1_000_000
}

/// Within this process only: there are no guards here.
#[cfg(not(unix))]
fn milliseconds() -> u64 {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Until when a caller may go on, as far as is known by now. Cloning it copies a handle.
#[derive(Clone, Debug)]
pub struct Lease(watch::Receiver<Moment>);

impl Lease {
    /// One that whoever keeps the other end renews.
    pub fn until(moment: Moment) -> (watch::Sender<Moment>, Self) {
        let (renewals, heard) = watch::channel(moment);
        (renewals, Self(heard))
    }

    /// Of a caller whom nobody replaces.
    pub fn endless() -> Self {
        Self::until(Moment::NEVER).1
    }

    /// When it ends, unless it is renewed.
    pub fn ends(&self) -> Moment {
        *self.0.borrow()
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.ends().has_come()
    }

    /// Waits until it is renewed; until when.
    pub async fn renewed(&mut self) -> Moment {
        match self.0.changed().await {
            Ok(()) => *self.0.borrow_and_update(),
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lease_ends_when_nobody_renews_it() {
        let (renewals, mut lease) = Lease::until(Moment::now().after(Duration::from_millis(5)));
        lease.ends().come().await;
        assert!(lease.is_over());
        renewals.send_replace(Moment::now().after(Duration::from_mins(1)));
        assert!(!lease.is_over());
        assert_eq!(lease.renewed().await, lease.ends());
        assert!(!Lease::endless().is_over());
    }

    #[test]
    fn guards_read_what_is_written() {
        for moment in [Moment::now(), Moment::NEVER] {
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
        assert_eq!(Moment::NEVER.after(Duration::from_secs(1)), Moment::NEVER);
    }
}
