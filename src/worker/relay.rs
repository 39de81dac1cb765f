//! From the outbox to the queue. Any number of relays share the work: each row is claimed for a
//! while, and settled when the queue says what became of it.

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use super::in_time;
use crate::{
    app::App,
    domain::{
        cx::Cx,
        outbox::{self, Claimed, Settlement},
    },
    error::Result,
    ports::queue::{Message, Outcome},
};

/// Relays until shutdown: when a job was written, when one is done, and every now and then, because
/// other processes write jobs too and claims of dead ones lapse.
pub(super) async fn run(app: App) {
    let mut interval = tokio::time::interval(app.config.worker.relay_interval);
    // Tasks, not futures of this one: they hold connections, and must go on while it waits for one.
    let mut under_way = JoinSet::new();
    while !app.shutdown.is_cancelled() {
        let free = room(&app).saturating_sub(under_way.len());
        if free > 0 {
            match claim(&app, free).await {
                Ok(claimed) => {
                    for claimed in claimed {
                        under_way.spawn(carry(app.clone(), claimed).in_current_span());
                    }
                }
                Err(error) => tracing::error!(%error, "the outbox cannot be read; trying again"),
            }
        }
        let has_room = under_way.len() < room(&app);
        tokio::select! {
            () = app.shutdown.cancelled() => {}
            Some(ended) = under_way.join_next() => note_panic(ended),
            () = app.outbox_wake.notified(), if has_room => {}
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
    let claimed = claim(app, room(app)).await?;
    let count = claimed.len();
    let carrying: FuturesUnordered<_> = claimed
        .into_iter()
        .map(|claimed| carry(app.clone(), claimed))
        .collect();
    carrying.collect::<()>().await;
    Ok(count)
}

/// More than the queue can take up soon would only wait while its lease runs out.
fn room(app: &App) -> usize {
    let batch = usize::try_from(app.config.worker.relay_batch).unwrap_or(usize::MAX);
    batch.min(app.queue.room())
}

async fn claim(app: &App, limit: usize) -> Result<Vec<Claimed>> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let cx = Cx::system(app.clone(), "relay", "relay");
    in_time(app, outbox::claim(&cx, limit)).await
}

/// Hands one job to the queue, and writes down what became of it.
async fn carry(app: App, claimed: Claimed) {
    let Claimed {
        id,
        job,
        request_id,
        attempt,
    } = claimed;
    let cx = Cx::system(app.clone(), "relay", request_id.clone().unwrap_or_default());
    let settlement = match job {
        Ok(job) => settlement(
            app.queue
                .publish(Message {
                    id,
                    job,
                    request_id,
                    attempt,
                })
                .await,
        ),
        Err(why) => {
            // Perhaps a newer version wrote it, which runs beside this one during an update.
            tracing::warn!(job.id = %id, why, "a job in the outbox cannot be read");
            Settlement::Retry(why)
        }
    };
    if let Err(error) = in_time(&app, outbox::settle(&cx, id, attempt, settlement)).await {
        // The claim lapses, and the job is tried again; handlers are made for that.
        tracing::error!(%error, job.id = %id, "what became of a job could not be written down");
    }
}

fn settlement(outcome: Outcome) -> Settlement {
    match outcome {
        Outcome::Done => Settlement::Done,
        Outcome::Retry(why) => Settlement::Retry(why),
        Outcome::Dead(why) => Settlement::Dead(why),
    }
}
