//! From the outbox to the queue. Any number of relays share the work: each row is claimed for a
//! while, and settled when the queue says what became of it, or marked as sent when a broker has it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use super::in_time;
use crate::{
    app::App,
    domain::{
        cx::Cx,
        job::Lane,
        outbox::{self, Claimed, Room, Settlement},
    },
    error::Result,
    ports::queue::{Message, Outcome, Published},
};

/// Relays until shutdown: when a job was written, when one is done, and every now and then, because
/// other processes write jobs too and claims of dead ones lapse.
pub(super) async fn run(app: App) {
    let mut interval = tokio::time::interval(app.config.worker.relay_interval);
    // Tasks, not futures of this one: they hold connections, and must go on while it waits for one.
    let mut under_way = JoinSet::new();
    let load = Load::default();
    while !app.shutdown.is_cancelled() {
        let rooms = rooms(&app, &load);
        if !rooms.is_empty() {
            match claim(&app, &rooms).await {
                Ok(claimed) => {
                    for parcel in parcels(&app, &load, claimed) {
                        under_way.spawn(carry(app.clone(), parcel).in_current_span());
                    }
                }
                Err(error) => tracing::error!(%error, "the outbox cannot be read; trying again"),
            }
        }
        tokio::select! {
            () = app.shutdown.cancelled() => {}
            Some(ended) = under_way.join_next() => note_panic(ended),
            () = app.outbox_wake.notified() => {}
            _ = interval.tick() => {}
        }
    }
    // Workers are still there; what they have in hand is settled before they are let go.
    while let Some(ended) = under_way.join_next().await {
        note_panic(ended);
    }
    app.queue.close();
}

/// A carrier that panicked leaves its claim to lapse; the job is tried again.
fn note_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a job was dropped on its way to the queue");
    }
}

/// Carries what is due, once; returns how many jobs that was. Somebody must be consuming.
pub async fn step(app: &App) -> Result<usize> {
    let load = Load::default();
    let claimed = claim(app, &rooms(app, &load)).await?;
    let count = claimed.len();
    let carrying: FuturesUnordered<_> = parcels(app, &load, claimed)
        .into_iter()
        .map(|parcel| carry(app.clone(), parcel))
        .collect();
    carrying.collect::<()>().await;
    Ok(count)
}

/// More than the queue can take up soon would only wait while its lease runs out.
fn rooms(app: &App, load: &Load) -> Vec<Room> {
    let batch = usize::try_from(app.config.worker.relay_batch).unwrap_or(usize::MAX);
    let rooms = Lane::ALL.map(|lane| {
        let jobs = batch
            .min(app.queue.room(lane))
            .saturating_sub(load.of(lane));
        let jobs = u64::try_from(jobs).unwrap_or(u64::MAX);
        Room { lane, jobs }
    });
    rooms.into_iter().filter(|room| room.jobs > 0).collect()
}

async fn claim(app: &App, rooms: &[Room]) -> Result<Vec<Claimed>> {
    if rooms.is_empty() {
        return Ok(Vec::new());
    }
    let cx = Cx::system(app.clone(), "relay", "relay");
    in_time(app, outbox::claim(&cx, rooms)).await
}

/// Jobs that are under way, by lane.
#[derive(Clone, Default)]
struct Load(Arc<[AtomicUsize; Lane::ALL.len()]>);

/// A job that is under way for as long as this lives.
struct Held {
    load: Load,
    claimed: Claimed,
}

impl Load {
    fn counter(&self, lane: Lane) -> &AtomicUsize {
        &self.0[lane as usize]
    }

    fn of(&self, lane: Lane) -> usize {
        self.counter(lane).load(Ordering::Relaxed)
    }

    fn hold(&self, claimed: Claimed) -> Held {
        self.counter(claimed.lane).fetch_add(1, Ordering::Relaxed);
        let load = self.clone();
        Held { load, claimed }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let counter = self.load.counter(self.claimed.lane);
        counter.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is carried together: to a broker everything, since it confirms many in the time of one; in
/// the process each by itself, since each takes as long as its work. Of nothing no parcel is made:
/// the end of one has the relay look again, so it would never come to rest.
fn parcels(app: &App, load: &Load, claimed: Vec<Claimed>) -> Vec<Vec<Held>> {
    let held = claimed.into_iter().map(|claimed| load.hold(claimed));
    if app.queue.is_shared() && held.len() > 0 {
        vec![held.collect()]
    } else {
        held.map(|held| vec![held]).collect()
    }
}

/// Hands jobs to the queue, and writes down what became of them.
async fn carry(app: App, parcel: Vec<Held>) {
    let handed = join_all(parcel.iter().map(|held| hand_over(&app, &held.claimed))).await;
    let mut sent = Vec::new();
    for (held, settlement) in parcel.iter().zip(handed) {
        let Claimed { id, attempt, .. } = held.claimed;
        if settlement == Settlement::Sent {
            sent.push((id, attempt));
        } else {
            let cx = Cx::system(app.clone(), "relay", "relay");
            let settled = in_time(&app, outbox::settle(&cx, id, attempt, settlement)).await;
            if let Err(error) = settled {
                // The claim lapses, and the job is tried again; handlers are made for that.
                tracing::error!(%error, job.id = %id, "what became of a job could not be written down");
            }
        }
    }
    let cx = Cx::system(app.clone(), "relay", "relay");
    if let Err(error) = in_time(&app, outbox::sent(&cx, &sent)).await {
        // Sent again when the claims lapse; the worker that gets both does one.
        tracing::error!(%error, jobs = sent.len(), "that jobs were sent could not be written down");
    }
}

/// Hands one job to the queue.
async fn hand_over(app: &App, claimed: &Claimed) -> Settlement {
    let Claimed {
        id,
        lane: _,
        job,
        request_id,
        attempt,
    } = claimed;
    match job {
        Ok(job) => {
            let message = Message {
                id: *id,
                job: job.clone(),
                request_id: request_id.clone(),
                attempt: *attempt,
            };
            match app.queue.publish(message).await {
                Published::Handled(outcome) => settlement(outcome),
                Published::Sent => Settlement::Sent,
                Published::Unsent(why) => Settlement::Unsent(why),
            }
        }
        Err(why) => {
            // Perhaps a newer version wrote it, which runs beside this one during an update.
            tracing::warn!(job.id = %id, why, "a job in the outbox cannot be read");
            Settlement::Retry(why.clone())
        }
    }
}

/// What is written down of an outcome.
pub(super) fn settlement(outcome: Outcome) -> Settlement {
    match outcome {
        Outcome::Done => Settlement::Done,
        Outcome::Retry(why) => Settlement::Retry(why),
        Outcome::Dead(why) => Settlement::Dead(why),
    }
}
