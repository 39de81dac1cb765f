//! Finds provisioning jobs that were left alone: their worker is gone, or their message was lost.

use entity::ids::ProvisioningJobId;
use tokio::{sync::mpsc, time::MissedTickBehavior};

use super::in_time;
use crate::{
    app::App,
    domain::{cx::Cx, provisioning},
    error::Result,
    ports::queue::Slot,
};

/// Looks until shutdown, every now and then, and hands over what is found while there is room.
pub(super) async fn run(app: App, found: mpsc::Sender<ProvisioningJobId>) {
    let mut interval = tokio::time::interval(app.config.provisioning.rescue_interval);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = interval.tick() => {}
        }
        match stranded(&app).await {
            Ok(jobs) => {
                for job in jobs {
                    tokio::select! {
                        () = app.shutdown.cancelled() => return,
                        // An error means that the worker is gone, and with it the process.
                        sent = found.send(job) => if sent.is_err() { return },
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot look for jobs that were left alone"),
        }
    }
}

/// What was left alone, as much as there is room for.
async fn stranded(app: &App) -> Result<Vec<ProvisioningJobId>> {
    let cx = Cx::system(app.clone(), "rescue", "rescue");
    in_time(app, provisioning::stranded(&cx, app.slots.free())).await
}

/// Looks here and now, and has done what was found; returns how many jobs that were.
pub async fn rescue(app: &App) -> Result<usize> {
    let mut rescued = 0;
    for job in stranded(app).await? {
        let Some(slot) = app.slots.try_acquire() else {
            break;
        };
        wake(app, job, slot).await;
        rescued += 1;
    }
    Ok(rescued)
}

/// Has a job done that was found. What fails here is found again.
pub(super) async fn wake(app: &App, job: ProvisioningJobId, slot: Slot) {
    let cx = Cx::system(app.clone(), "rescue", "rescue");
    if let Err(error) = in_time(app, provisioning::wake(&cx, job, slot)).await {
        tracing::error!(%error, provisioning.job = %job, "a job that was left alone cannot be taken");
    }
}
