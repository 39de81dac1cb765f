//! Rows of the outbox between a relay, a broker and a worker, each of which may be late or gone.

use std::time::Duration;

use erpmax::{
    domain::{
        cx::Cx,
        job::Lane,
        outbox::{self, Claimed, Room, Settlement},
    },
    worker,
};
use futures::future::join_all;
use serde_json::json;

use crate::support::{TestApp, db, process::until};

/// An application with one letter in the outbox.
async fn with_a_letter() -> TestApp {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let body = json!({ "email": "new@example.com", "role": "member" });
    let invited = acme.owner.post(&acme.path("/users/invite"), body).await;
    invited.expect(201);
    app
}

async fn claim(cx: &Cx) -> Option<Claimed> {
    let room = Room {
        lane: Lane::Letters,
        jobs: 10,
    };
    outbox::claim(cx, &[room]).await.unwrap().pop()
}

async fn settle(cx: &Cx, job: &Claimed, settlement: Settlement) {
    outbox::settle(cx, job.id, job.attempt, settlement)
        .await
        .unwrap();
}

async fn is_wanted(cx: &Cx, job: &Claimed) -> bool {
    outbox::is_wanted(cx, job.id, job.attempt).await.unwrap()
}

#[tokio::test]
async fn what_was_sent_is_sent_again_when_nobody_settles_it() {
    let app = with_a_letter().await;
    let cx = app.system();
    let job = claim(&cx).await.unwrap();
    assert!(
        is_wanted(&cx, &job).await,
        "a worker may be faster than the relay"
    );
    settle(&cx, &job, Settlement::Sent).await;
    assert!(is_wanted(&cx, &job).await);
    let standing = outbox::standing(&cx).await.unwrap();
    assert_eq!((standing[1].waiting, standing[1].sent), (0, 1));
    let resend = app.app.config.worker.resend;
    app.advance(resend.saturating_sub(Duration::from_secs(1)));
    assert!(claim(&cx).await.is_none(), "a broker has it");
    app.advance_secs(1);
    let again = claim(&cx).await.unwrap();
    assert_eq!(
        (again.id, again.attempt),
        (job.id, job.attempt),
        "no new attempt"
    );
    settle(&cx, &again, Settlement::Sent).await;
    // Either message will do, and then the other is for nothing.
    settle(&cx, &job, Settlement::Done).await;
    assert!(!is_wanted(&cx, &again).await);
    settle(&cx, &again, Settlement::Sent).await;
    assert_eq!(outbox::pending(&cx).await.unwrap(), 0);
    drop(cx);
    app.finish().await;
}

#[tokio::test]
async fn what_could_not_be_sent_used_up_no_attempt() {
    let app = with_a_letter().await;
    let cx = app.system();
    for _ in 0..3 * app.app.config.worker.max_attempts {
        let job = claim(&cx).await.unwrap();
        assert_eq!(job.attempt, 1);
        settle(&cx, &job, Settlement::Unsent("away".into())).await;
        assert!(!is_wanted(&cx, &job).await);
        assert!(claim(&cx).await.is_none(), "not at once");
        app.advance_secs(2);
    }
    assert_eq!(app.settle().await, 1);
    drop(cx);
    app.finish().await;
}

#[tokio::test]
async fn a_worker_that_is_faster_than_the_relay_has_the_last_word() {
    let app = with_a_letter().await;
    let cx = app.system();
    let job = claim(&cx).await.unwrap();
    settle(&cx, &job, Settlement::Retry("not now".into())).await;
    // The relay comes to note that the message was sent, or that it knows nothing of it.
    settle(&cx, &job, Settlement::Sent).await;
    settle(&cx, &job, Settlement::Unsent("no confirm".into())).await;
    assert!(!is_wanted(&cx, &job).await, "it was settled");
    app.advance_secs(3);
    let next = claim(&cx).await.unwrap();
    assert_eq!(next.attempt, 2);
    assert!(!is_wanted(&cx, &job).await && is_wanted(&cx, &next).await);
    settle(&cx, &next, Settlement::Done).await;
    drop(cx);
    app.finish().await;
}

/// Each row goes to one of those who ask at once, and nobody gets more of a lane than there is room for.
#[tokio::test]
async fn relays_share_what_is_due() {
    const LETTERS: usize = 7;
    let app = TestApp::new().await;
    db::unlimited(&app, "trial").await;
    let acme = app.company("Acme").await;
    for number in 0..LETTERS {
        let body = json!({ "email": format!("new{number}@example.com"), "role": "member" });
        let invited = acme.owner.post(&acme.path("/users/invite"), body).await;
        invited.expect(201);
    }
    for _ in 0..2 {
        let body = json!({ "job_type": "create_site" });
        let asked = acme.owner.post("/provisioning/jobs", body).await;
        asked.expect(201);
    }
    let cx = app.system();
    let rooms = [(Lane::Provisioning, 1), (Lane::Letters, 2)];
    let rooms = rooms.map(|(lane, jobs)| Room { lane, jobs });
    let mut seen = Vec::new();
    for turn in 1.. {
        let turns = join_all([(); 3].map(|()| outbox::claim(&cx, &rooms))).await;
        let turns: Vec<_> = turns.into_iter().map(Result::unwrap).collect();
        if turns.iter().all(Vec::is_empty) {
            break;
        }
        for claimed in &turns {
            for Room { lane, jobs } in rooms {
                let count = claimed.iter().filter(|job| job.lane == lane).count();
                assert!(count as u64 <= jobs, "{count} of {lane:?} in turn {turn}");
            }
        }
        for job in turns.into_iter().flatten() {
            settle(&cx, &job, Settlement::Done).await;
            seen.push(job.id);
        }
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), all), (LETTERS + 2, LETTERS + 2));
    let sent = app.sql(async || assert!(outbox::claim(&cx, &rooms).await.unwrap().is_empty()));
    assert_eq!(
        sent.await,
        1,
        "statements in the transaction to find nothing"
    );
    drop(cx);
    app.finish().await;
}

/// Once what was there has been carried, a relay waits for more, or for its next look.
#[tokio::test]
async fn a_relay_rests() {
    let app = TestApp::with(|config| {
        config.worker.relay_interval = Duration::from_hours(1);
        config.provisioning.rescue_interval = Duration::from_hours(1);
    })
    .await;
    let acme = app.company("Acme").await;
    let requests = async || {
        for _ in 0..300 {
            acme.owner.get("/auth/me").await.expect(200);
        }
    };
    let alone = app.sql(requests).await;
    worker::start(&app.app);
    let body = json!({ "email": "new@example.com", "role": "member" });
    let invited = acme.owner.post(&acme.path("/users/invite"), body).await;
    invited.expect(201);
    let cx = app.system();
    until("the letter is out", async || {
        outbox::pending(&cx).await.unwrap() == 0
    })
    .await;
    drop(cx);
    let beside = app.sql(requests).await;
    assert!(
        beside < alone + 30,
        "{beside} statements instead of {alone}: the relay has no rest"
    );
    app.finish().await;
}
