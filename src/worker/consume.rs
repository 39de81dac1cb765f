//! Takes jobs from the queue and has them handled: a time limit, a log line, and no panic or error
//! that ends the worker.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use entity::ids::ProvisioningJobId;
use futures::FutureExt;
use tokio::{sync::mpsc, time::timeout};
use tracing::Instrument;

use super::{handlers, insist, relay::settlement, rescue, until_shutdown};
use crate::{
    app::App,
    domain::{cx::Cx, job::Lane, outbox},
    error::Error,
    ports::queue::{Delivery, Message, Outcome, Slot},
};

/// One worker of the quick lane; ends when the queue is closed.
pub(super) async fn letters(app: App) {
    while let Some(delivery) = app.queue.next(Lane::Letters).await {
        handle(&app, delivery, None).await;
    }
}

/// The worker of the slow lane; ends when the queue is closed. It has a place for the work before it
/// takes a message, or a job that was left alone, and the work goes on there when the message was
/// answered.
pub(super) async fn provisioning(app: App, mut left_alone: mpsc::Receiver<ProvisioningJobId>) {
    let mut place = app.slots.acquire().await;
    loop {
        let found = tokio::select! {
            delivery = app.queue.next(Lane::Provisioning) => match delivery {
                Some(delivery) => Found::Message(delivery),
                None => return,
            },
            Some(job) = left_alone.recv() => Found::LeftAlone(job),
        };
        // Before the message is answered: nothing more may come for which there is no place.
        let another = app.slots.try_acquire();
        if another.is_none() {
            app.queue.pause(Lane::Provisioning).await;
        }
        match found {
            Found::Message(delivery) => handle(&app, delivery, Some(place)).await,
            Found::LeftAlone(job) => rescue::wake(&app, job, place).await,
        }
        place = match another {
            Some(another) => another,
            None => match until_shutdown(&app, app.slots.acquire()).await {
                Some(place) => place,
                None => return give_back(&app).await,
            },
        };
    }
}

/// What there is to do in the slow lane.
enum Found {
    /// Somebody has sent word.
    Message(Delivery),
    /// Nobody has, and yet it is to be done.
    LeftAlone(ProvisioningJobId),
}

/// Within the process, what has come meanwhile has a relay that waits for it.
async fn give_back(app: &App) {
    if app.queue.is_shared() {
        return;
    }
    while let Some(delivery) = app.queue.next(Lane::Provisioning).await {
        delivery.give_back("the worker stops").await;
    }
}

async fn handle(app: &App, delivery: Delivery, place: Option<Slot>) {
    let message = &delivery.message;
    let span = tracing::info_span!(
        "job",
        job.kind = message.job.kind(),
        job.id = %message.id,
        job.attempt = message.attempt,
        request.id = message.request_id,
    );
    let handling = async {
        if delivery.is_awaited() {
            let outcome = run(app, &delivery.message, place).await;
            delivery.finish(outcome).await;
        } else {
            settle(app, delivery, place).await;
        }
    };
    handling.instrument(span).await;
}

/// Does a job that a broker handed out, and writes down what became of it before the broker forgets
/// the message. Without a database neither can be; then the message goes back, in the end.
async fn settle(app: &App, delivery: Delivery, place: Option<Slot>) {
    let Message { id, attempt, .. } = delivery.message;
    let cx = &Cx::system(app.clone(), "worker", id.to_string());
    let wanted = insist(app, || outbox::is_wanted(cx, id, attempt)).await;
    let outcome = match wanted {
        Some(true) => run(app, &delivery.message, place).await,
        Some(false) => {
            tracing::debug!("a message of a job that is settled");
            app.metrics.queue.stale.inc();
            return delivery.finish(Outcome::Done).await;
        }
        None => return delivery.give_back("the database does not answer").await,
    };
    let settlement = settlement(outcome.clone());
    match insist(app, || outbox::settle(cx, id, attempt, settlement.clone())).await {
        Some(()) => delivery.finish(outcome).await,
        None => delivery.give_back("the database does not answer").await,
    }
}

/// Runs a job: a log line, a count, and no error that goes any further.
async fn run(app: &App, message: &Message, place: Option<Slot>) -> Outcome {
    let started = Instant::now();
    let outcome = attempt(app, message, place).await;
    log(message, &outcome, started.elapsed());
    let (kind, elapsed) = (message.job.kind(), started.elapsed());
    app.metrics.jobs.handled(kind, outcome.word(), elapsed);
    outcome
}

async fn attempt(app: &App, message: &Message, place: Option<Slot>) -> Outcome {
    let request_id = message
        .request_id
        .clone()
        .unwrap_or_else(|| message.id.to_string());
    let cx = Cx::system(app.clone(), "worker", request_id);
    let limit = app.config.worker.job_timeout;
    let handled = timeout(limit, handlers::handle(&cx, message, place));
    match AssertUnwindSafe(handled).catch_unwind().await {
        Ok(Ok(Ok(()))) => Outcome::Done,
        Ok(Ok(Err(error))) => failed(&error),
        Ok(Err(_)) => Outcome::Retry(format!("took longer than {} s", limit.as_secs())),
        Err(panic) => Outcome::Retry(format!("panic: {}", panic_text(panic.as_ref()))),
    }
}

/// Only what may be different next time is tried again.
fn failed(error: &Error) -> Outcome {
    match error {
        Error::RateLimited { .. } | Error::Upstream { .. } | Error::Internal(_) => {
            Outcome::Retry(error.to_string())
        }
        Error::Unauthenticated(_)
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::InvalidInput(_)
        | Error::LimitReached(_)
        | Error::Resync
        | Error::PaymentRequired(_) => Outcome::Dead(error.to_string()),
    }
}

/// The one line per job; its ids are in the span.
fn log(message: &Message, outcome: &Outcome, elapsed: Duration) {
    let kind = message.job.kind();
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Outcome::Done => tracing::info!(outcome = "done", duration_ms = ms, "job {kind}"),
        Outcome::Retry(why) => {
            tracing::warn!(outcome = "retry", duration_ms = ms, why, "job {kind}");
        }
        Outcome::Dead(why) => {
            tracing::error!(outcome = "dead", duration_ms = ms, why, "job {kind}");
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
