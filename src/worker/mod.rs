//! The door without a caller: work that was asked for in a transaction and is done later. The relay
//! carries it from the outbox to the queue, consumers take it from there to the handlers.

mod consume;
mod handlers;
pub mod relay;
mod rescue;
mod strays;
mod sweep;

pub use rescue::rescue;
pub use sweep::sweep;

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::{
    app::App,
    error::{Error, Result},
};

/// How long something is tried that a message waits for. A broker takes messages back that were not
/// answered for half an hour.
const PATIENCE: Duration = Duration::from_mins(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts what goes on in the background: the relay, the sweep and, where this process does jobs, the
/// workers. They end when `app.shutdown` is cancelled and what they have in hand is finished.
pub fn start(app: &App) {
    let (works, shared) = (app.config.worker.in_process, app.queue.is_shared());
    if shared {
        app.spawn_vital("queue", app.queue.clone().keep());
    }
    if works {
        for _ in 0..app.config.worker.concurrency {
            app.spawn_vital("worker", consume::letters(app.clone()));
        }
        let (found, left_alone) = mpsc::channel(1);
        app.spawn_vital("worker", consume::provisioning(app.clone(), left_alone));
        app.spawn_vital("rescue", rescue::run(app.clone(), found));
    }
    if works && shared {
        app.spawn_vital("strays", strays::dead(app.clone()));
        app.spawn_vital("strays", strays::legacy(app.clone()));
    }
    // What stays in a process that does no jobs would stay for good.
    if works || shared {
        app.spawn_vital("relay", relay::run(app.clone()));
    }
    app.spawn_vital("sweep", sweep::run(app.clone()));
}

/// Does everything that is due, here and now; returns how many jobs were tried. For tests and
/// commands, which have no background.
pub async fn settle(app: &App) -> Result<usize> {
    let relaying = async {
        let mut tried = 0;
        loop {
            // Asked before the step, which has no room for what waits while all places are taken.
            let goes_on = app.slots.free() < app.slots.total();
            match relay::step(app).await? {
                // What goes on behind an answered message may write jobs yet.
                0 if goes_on => app.slots.idle().await,
                0 => return Ok(tried),
                some => tried += some,
            }
        }
    };
    // Nothing is looked for that was left alone: see `rescue`.
    let (_, left_alone) = mpsc::channel(1);
    tokio::select! {
        tried = relaying => tried,
        () = Box::pin(consume::letters(app.clone())) => Ok(0),
        () = Box::pin(consume::provisioning(app.clone(), left_alone)) => Ok(0),
    }
}

/// Gives work up that takes longer than a job may: what goes on for ever must not wait for a database
/// that went away without a word.
async fn in_time<T>(app: &App, work: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = app.config.worker.job_timeout;
    let ended = timeout(limit, work).await;
    ended.unwrap_or_else(|_| Err(Error::internal(format!("not done within {limit:?}"))))
}

/// Tries until it succeeds, for as long as a message may wait for that; nothing when it did not.
async fn insist<T, F>(app: &App, work: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T>>,
{
    let began = Instant::now();
    loop {
        match in_time(app, work()).await {
            Ok(done) => return Some(done),
            Err(error) if began.elapsed() < PATIENCE => {
                tracing::error!(%error, "what a job needs does not answer; trying again");
            }
            Err(_) => return None,
        }
        until_shutdown(app, sleep(PAUSE)).await?;
    }
}

/// Waits, but not beyond shutdown.
async fn until_shutdown<T>(app: &App, waiting: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        () = app.shutdown.cancelled() => None,
        done = waiting => Some(done),
    }
}
