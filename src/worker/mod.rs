//! The door without a caller: work that was asked for in a transaction and is done later. The relay
//! carries it from the outbox to the queue, consumers take it from there to the handlers.

mod consume;
mod handlers;
pub mod relay;
mod sweep;

pub use sweep::sweep;

use tokio::time::timeout;

use crate::{
    app::App,
    error::{Error, Result},
};

/// Starts the relay and the consumers; they end when `app.shutdown` is cancelled and what they have
/// in hand is finished.
pub fn start(app: &App) {
    for _ in 0..app.config.worker.concurrency {
        app.spawn_vital("worker", consume::letters(app.clone()));
    }
    app.spawn_vital("worker", consume::provisioning(app.clone()));
    app.spawn_vital("relay", relay::run(app.clone()));
    app.spawn_vital("sweep", sweep::run(app.clone()));
}

/// Does everything that is due, here and now; returns how many jobs were tried. For tests and
/// commands, which have no background.
pub async fn settle(app: &App) -> Result<usize> {
    let relaying = async {
        let mut tried = 0;
        loop {
            match relay::step(app).await? {
                // What goes on behind an answered message may write jobs yet.
                0 if app.slots.free() < app.slots.total() => app.slots.idle().await,
                0 => return Ok(tried),
                some => tried += some,
            }
        }
    };
    tokio::select! {
        tried = relaying => tried,
        () = Box::pin(consume::letters(app.clone())) => Ok(0),
        () = Box::pin(consume::provisioning(app.clone())) => Ok(0),
    }
}

/// Gives work up that takes longer than a job may: what goes on for ever must not wait for a database
/// that went away without a word.
async fn in_time<T>(app: &App, work: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = app.config.worker.job_timeout;
    let ended = timeout(limit, work).await;
    ended.unwrap_or_else(|_| Err(Error::internal(format!("not done within {limit:?}"))))
}
