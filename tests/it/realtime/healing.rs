//! What panics in one place is felt there only, and nobody misses anything for long.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use erpmax::domain::realtime::{Handed, Heard, Hearer, Listener, Turn};

use super::{expect_run, happen, listen, stream};
use crate::support::{TestApp, stage::until};

/// One who is told by the room and takes note of it.
#[derive(Debug)]
struct Pupil {
    heard: Mutex<Vec<i64>>,
    /// Whether something was missed.
    behind: AtomicBool,
    /// Panics at this one.
    stumbles_at: Option<i64>,
}

impl Pupil {
    fn seat(listener: Listener, stumbles_at: Option<i64>) -> (Arc<Self>, Handed) {
        let pupil = Arc::new(Self {
            heard: Mutex::new(vec![listener.position()]),
            behind: AtomicBool::new(false),
            stumbles_at,
        });
        let handed = listener.hand_over(Arc::clone(&pupil) as _);
        (pupil, handed.unwrap())
    }

    async fn has_heard(&self, seqs: std::ops::RangeInclusive<i64>) {
        let seqs: Vec<_> = seqs.collect();
        until("all is heard", async || *self.heard.lock().unwrap() == seqs).await;
    }

    async fn is_behind(&self) {
        let behind = async || self.behind.load(Ordering::Acquire);
        until("what was missed is noticed", behind).await;
    }
}

impl Hearer for Pupil {
    fn hear(&self, heard: &Arc<Heard>) -> bool {
        assert!(
            !(heard.lasting && self.stumbles_at == Some(heard.seq)),
            "a panic of the test's"
        );
        let mut known = self.heard.lock().unwrap();
        match heard.turn(known.last().copied().unwrap()) {
            Turn::Next if heard.lasting => known.push(heard.seq),
            Turn::Next | Turn::Old => {}
            Turn::Early => {
                self.behind.store(true, Ordering::Release);
                return false;
            }
        }
        true
    }
}

/// One who wants to hear nothing, and whose leaving brings down whoever sees to it.
#[derive(Debug)]
struct Bomb;

impl Hearer for Bomb {
    fn hear(&self, _: &Arc<Heard>) -> bool {
        false
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a panic of the test's");
    }
}

#[tokio::test]
async fn one_who_panics_is_alone_with_it() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let head = listen(&app, stream(&acme), None).await.position();
    let clumsy = listen(&app, stream(&acme), None).await;
    let (clumsy, seat) = Pupil::seat(clumsy, Some(head + 2));
    let steady = listen(&app, stream(&acme), None).await;
    let (steady, other) = Pupil::seat(steady, None);
    happen(&app, &acme, 2).await;
    steady.has_heard(head..=head + 2).await;
    // They notice at once what they missed, and must listen again.
    clumsy.is_behind().await;
    happen(&app, &acme, 1).await;
    steady.has_heard(head..=head + 3).await;
    clumsy.has_heard(head..=head + 1).await;
    drop((seat, other));
    app.finish().await;
}

#[tokio::test]
async fn a_room_that_panics_goes_on_and_nobody_misses_anything() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let mut listener = listen(&app, stream(&acme), None).await;
    let head = listener.position();
    let bomb = listen(&app, stream(&acme), None).await;
    let bomb = bomb.hand_over(Arc::new(Bomb)).unwrap();
    let steady = listen(&app, stream(&acme), None).await;
    let (steady, seat) = Pupil::seat(steady, None);
    happen(&app, &acme, 4).await;
    // Nothing happens after it that would wake anybody.
    expect_run(&mut listener, head + 1..=head + 4).await;
    steady.is_behind().await;
    let mut late = listen(&app, stream(&acme), None).await;
    assert_eq!(late.position(), head + 4);
    happen(&app, &acme, 1).await;
    for listener in [&mut listener, &mut late] {
        expect_run(listener, head + 5..=head + 5).await;
    }
    drop((bomb, seat));
    app.finish().await;
}
