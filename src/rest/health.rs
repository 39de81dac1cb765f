//! Is the service there, and can it work? For load balancers and people.

use std::{fmt::Display, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    error::Failure,
    error_body::ErrorBody,
    extract::Visitor,
    openapi::{Anywhere, Uncounted},
};

/// A part that does not answer in this time is not ready; probes give up soon after.
const PATIENCE: Duration = Duration::from_secs(2);

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(service))
        .routes(routes!(live))
        .routes(routes!(ready))
}

/// What runs here.
#[derive(Serialize, ToSchema)]
struct About {
    #[schema(example = "ERPMax Orchestrator")]
    service: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    #[schema(example = "running")]
    status: &'static str,
}

/// Say what runs here.
///
/// Public. The name of the service and its version.
#[utoipa::path(
    get, path = "/", tag = "service", operation_id = "service",
    responses((status = 200, description = "Name and version.", body = About), Anywhere)
)]
async fn service() -> Json<About> {
    Json(About {
        service: "ERPMax Orchestrator",
        version: env!("CARGO_PKG_VERSION"),
        status: "running",
    })
}

/// A live process.
#[derive(Serialize, ToSchema)]
struct Life {
    #[schema(example = "healthy")]
    status: &'static str,
}

/// Say that the process lives.
///
/// Looks at nothing else: restarting this process mends no database.
#[utoipa::path(
    get, path = "/health", tag = "service", operation_id = "health",
    responses((status = 200, description = "It lives.", body = Life), Uncounted)
)]
async fn live() -> Json<Life> {
    Json(Life { status: "healthy" })
}

/// What the service needs, part by part.
#[derive(Clone, Copy, Serialize, ToSchema)]
struct Parts {
    #[schema(inline)]
    database: State,
    #[schema(inline)]
    cache: State,
    #[schema(inline)]
    events: State,
    #[schema(inline)]
    queue: State,
    #[schema(inline)]
    mail: State,
}

/// Whether a part answers.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It answers.
    Ok,
    /// It does not, or not in time.
    Unavailable,
    /// It is not configured, and what needs it waits; the service works without it.
    Off,
}

/// How well the service can work.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// All that is configured answers.
    Ready,
    /// It serves requests, but without the cache, the event bus or the queue that all processes share.
    Degraded,
}

/// A service that can work.
#[derive(Serialize, ToSchema)]
struct Readiness {
    #[schema(inline)]
    status: Health,
    parts: Parts,
}

/// Say whether the service can work.
///
/// Asks the database, the cache, the event bus and the queue. Without the database it is not ready.
/// Without the others it is, `degraded`: each process keeps rate limits for itself, what happens reaches
/// live listeners of other processes later, and jobs wait in the database.
#[utoipa::path(
    get, path = "/health/ready", tag = "service", operation_id = "ready",
    responses(
        (status = 200, description = "It serves requests.", body = Readiness),
        (status = 503, description = "The database does not answer; `error.details.parts` says what \
            else does not.", body = ErrorBody)
    )
)]
async fn ready(Visitor(cx): Visitor) -> Response {
    let app = cx.app();
    let (database, cache, events) = tokio::join!(
        probe(app.db.ping()),
        probe(app.cache.ping()),
        probe(app.bus.ping()),
    );
    if let Err(why) = &database {
        tracing::warn!(%why, "not ready: no answer from the database");
    }
    // What goes on without an answer says so once, when that begins.
    let [database, cache, events] = [database, cache, events].map(|answer| match answer {
        Ok(()) => State::Ok,
        Err(_) => State::Unavailable,
    });
    // Kept connected by a task of its own, which finds out by itself.
    let queue = match app.queue.answers() {
        Some(false) => State::Unavailable,
        Some(true) | None => State::Ok,
    };
    let parts = Parts {
        database,
        cache,
        events,
        queue,
        mail: if app.mailer.delivers() {
            State::Ok
        } else {
            State::Off
        },
    };
    if database == State::Unavailable {
        let message = "Not ready: no answer from database.".to_owned();
        return Failure::not_ready(message, json!({ "parts": parts })).into_response();
    }
    // Taken out of service for the sake of Redis or RabbitMQ, all processes would be so at the same
    // moment.
    let shared = [cache, events, queue];
    let status = if shared.contains(&State::Unavailable) {
        Health::Degraded
    } else {
        Health::Ready
    };
    Json(Readiness { status, parts }).into_response()
}

/// Asks one part. Why it fails is for the log only, since it may name hosts.
async fn probe<T, E: Display>(ping: impl Future<Output = Result<T, E>>) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, ping).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {PATIENCE:?}")),
    }
}
