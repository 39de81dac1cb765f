//! Forgets what nobody needs any more, a little at a time. Any number of processes may sweep: what one
//! has swept is not there for the other.

use super::in_time;
use crate::{
    app::App,
    domain::{auth, cx::Cx, idempotency, notifications, realtime},
    error::Result,
};

/// Sweeps until shutdown, once at the start and then every now and then.
pub(super) async fn run(app: App) {
    let mut interval = tokio::time::interval(app.config.worker.sweep_interval);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = interval.tick() => {}
        }
        match sweep(&app).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "swept away what was over"),
            Err(error) => tracing::error!(%error, "cannot sweep; trying again later"),
        }
    }
}

/// Sweeps here and now, until nothing is left; returns how many rows that were.
pub async fn sweep(app: &App) -> Result<u64> {
    let cx = &Cx::system(app.clone(), "sweep", "sweep");
    let batch = app.config.worker.sweep_batch;
    let mut swept = 0;
    // In small batches, so that no statement holds locks for long.
    while !app.shutdown.is_cancelled() {
        let gone = in_time(app, idempotency::forget_expired(cx, batch)).await?
            + in_time(app, auth::forget_ended_sessions(cx, batch)).await?
            + in_time(app, notifications::forget_old(cx, batch)).await?
            + in_time(app, realtime::forget_old_events(cx, batch)).await?;
        if gone == 0 {
            break;
        }
        swept += gone;
    }
    Ok(swept)
}
