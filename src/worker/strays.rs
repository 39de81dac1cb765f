//! Messages outside of the lanes: those that the broker put aside, and those of the predecessor of this
//! service. What they say is written into the outbox, where a person sees it and workers find it; so
//! nothing stays in a queue that nobody looks at.

use entity::ids::{OutboxMessageId, ProvisioningJobId};
use serde::Deserialize;

use super::insist;
use crate::{
    app::App,
    domain::{
        cx::Cx,
        job::Job,
        outbox::{self, Settlement},
    },
    error::Result,
    ports::queue::{Message, Reading, Stray},
};

/// Collects what the broker put aside; ends when the queue is closed.
pub(super) async fn dead(app: App) {
    while let Some(stray) = app.queue.next_dead().await {
        let cx = &Cx::system(app.clone(), "worker", "dead");
        if insist(&app, || collect(cx, &stray)).await.is_some() {
            app.metrics.queue.dead.inc();
            stray.ack().await;
        } else {
            stray.give_back().await;
        }
    }
}

/// Writes down what a message says that was put aside.
async fn collect(cx: &Cx, stray: &Stray) -> Result<()> {
    let cause = stray.cause.as_deref().unwrap_or("put there by hand");
    match &stray.reading {
        Reading::Message(Message { id, attempt, .. }) if cause == "delivery_limit" => {
            let why = "whoever got its message died, or lost the connection, too often";
            settle(cx, *id, *attempt, Settlement::Dead(why.to_owned())).await?;
        }
        Reading::Message(Message { id, attempt, .. }) => {
            let why = format!("its message was put aside: {cause}");
            settle(cx, *id, *attempt, Settlement::Retry(why)).await?;
        }
        // A newer version wrote it, which perhaps handles it next time.
        Reading::UnknownJob { id, attempt, why } => {
            settle(cx, *id, *attempt, Settlement::Retry(why.clone())).await?;
        }
        Reading::Unreadable(why) => {
            tracing::error!(why, cause, "a message was put aside that nobody can read");
            outbox::bury_unreadable(cx, &stray.raw, why).await?;
        }
    }
    Ok(())
}

async fn settle(cx: &Cx, id: OutboxMessageId, attempt: i32, settlement: Settlement) -> Result<()> {
    tracing::warn!(job.id = %id, attempt, ?settlement, "the message of a job was put aside");
    outbox::settle(cx, id, attempt, settlement).await
}

/// What the predecessor of this service wrote.
#[derive(Deserialize)]
struct Legacy {
    job_id: ProvisioningJobId,
}

/// Takes the messages of the predecessor; ends when the queue is closed.
pub(super) async fn legacy(app: App) {
    while let Some(stray) = app.queue.next_legacy().await {
        let cx = &Cx::system(app.clone(), "worker", "legacy");
        if insist(&app, || take_over(cx, &stray.raw)).await.is_some() {
            stray.ack().await;
        } else {
            stray.give_back().await;
        }
    }
}

async fn take_over(cx: &Cx, raw: &[u8]) -> Result<()> {
    let read: Result<Legacy, _> = serde_json::from_slice(raw);
    match read {
        Ok(Legacy { job_id }) => {
            tracing::info!(%job_id, "a message of the predecessor");
            let mut unit = cx.begin().await?;
            unit.enqueue(Job::Provision { job_id });
            unit.commit().await
        }
        Err(error) => {
            let why = format!("a message of the predecessor, not understood: {error}");
            tracing::error!(why, "a message that nobody can read");
            outbox::bury_unreadable(cx, raw, &why).await
        }
    }
}
