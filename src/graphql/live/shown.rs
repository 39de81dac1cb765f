//! What was rendered lately. Those who read slowly, and those who come back, find it here: a group itself keeps
//! none of it, so that all groups together take so much memory and no more. Who comes when it is gone has it
//! rendered anew.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::OnceCell, time::Instant};

/// How many bytes are kept.
const KEPT: usize = 8 << 20;
/// What an answer takes beside its text.
const BASE: usize = 128;
/// For how long those who come back share what was rendered for one of them: it tells of what an event leads to
/// as that was then.
const FRESH: Duration = Duration::from_secs(1);
/// How many events those who come back to one group share; they are all at about the same place.
const REPLAYS: usize = 256;

/// An event as it looks, as long as it is kept.
#[derive(Clone, Debug)]
pub struct Shown(Weak<Body>);

/// Apart from its text, which goes although somebody still knows of it.
#[derive(Debug)]
struct Body(Arc<str>);

impl Shown {
    /// The body of an answer.
    pub fn text(&self) -> Option<Arc<str>> {
        let body = self.0.upgrade()?;
        Some(Arc::clone(&body.0))
    }
}

/// What was rendered for all groups, the newest last.
#[derive(Debug, Default)]
pub struct Lately(Mutex<Bodies>);

#[derive(Debug, Default)]
struct Bodies {
    bodies: VecDeque<Arc<Body>>,
    bytes: usize,
}

impl Lately {
    /// Keeps what was rendered, in place of what is oldest.
    pub fn keep(&self, text: Arc<str>) -> Shown {
        let body = Arc::new(Body(text));
        let shown = Shown(Arc::downgrade(&body));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += body.weight();
        kept.bodies.push_back(body);
        while kept.bytes > KEPT && kept.bodies.len() > 1 {
            if let Some(oldest) = kept.bodies.pop_front() {
                kept.bytes -= oldest.weight();
            }
        }
        shown
    }
}

impl Body {
    fn weight(&self) -> usize {
        BASE + self.0.len()
    }
}

/// What a group's members who come back are shown, the newest last.
#[derive(Debug, Default)]
pub struct Replays(Mutex<VecDeque<Replay>>);

#[derive(Debug)]
struct Replay {
    seq: i64,
    begun: Instant,
    shown: Arc<OnceCell<Shown>>,
}

impl Replays {
    /// How an event looks, or is about to: whoever comes first has it rendered for all.
    pub fn of(&self, seq: i64) -> Arc<OnceCell<Shown>> {
        self.of_when(seq, Instant::now())
    }

    fn of_when(&self, seq: i64, now: Instant) -> Arc<OnceCell<Shown>> {
        let mut replays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while replays.len() >= REPLAYS || replays.front().is_some_and(|it| !it.is_fresh(now)) {
            replays.pop_front();
        }
        let mut newest = replays.iter().rev();
        if let Some(known) = newest.find(|replay| replay.seq == seq && !replay.is_gone()) {
            return Arc::clone(&known.shown);
        }
        let shown = Arc::default();
        replays.push_back(Replay {
            seq,
            begun: now,
            shown: Arc::clone(&shown),
        });
        shown
    }
}

impl Replay {
    fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.begun) < FRESH
    }

    /// Whether it was rendered and is not kept any more.
    fn is_gone(&self) -> bool {
        let shown = self.shown.get();
        shown.is_some_and(|shown| shown.text().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Arc<str> {
        "x".repeat(bytes).into()
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_newest_is_there() {
        let lately = Lately::default();
        let shown: Vec<_> = (0..100).map(|_| lately.keep(text(KEPT / 10))).collect();
        let left = shown.iter().filter(|shown| shown.text().is_some()).count();
        assert_eq!(left, 9);
        let newest = shown.iter().rev().take(left);
        assert!(newest.into_iter().all(|shown| shown.text().is_some()));
        let huge = lately.keep(text(2 * KEPT));
        assert!(huge.text().is_some());
        assert!(shown.iter().all(|shown| shown.text().is_none()));
    }

    #[test]
    fn those_who_come_back_share_what_is_fresh_and_kept() {
        let (lately, replays) = (Lately::default(), Replays::default());
        let first = replays.of(7);
        assert!(Arc::ptr_eq(&first, &replays.of(7)));
        assert!(!Arc::ptr_eq(&first, &replays.of(8)));
        first.set(lately.keep(text(1))).expect("nobody else did");
        assert!(Arc::ptr_eq(&first, &replays.of(7)));
        lately.keep(text(KEPT));
        let second = replays.of(7);
        assert!(!Arc::ptr_eq(&first, &second), "it is not kept any more");
        let later = replays.of_when(7, Instant::now() + FRESH);
        assert!(!Arc::ptr_eq(&second, &later), "it is too old");
    }

    #[test]
    fn the_number_of_replays_is_bounded() {
        let replays = Replays::default();
        for seq in 0..10_000 {
            replays.of(seq);
        }
        let replays = replays.0.lock().expect("nobody panicked");
        assert!(replays.len() <= REPLAYS);
    }
}
