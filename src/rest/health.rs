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

use super::{error::Failure, error_body::ErrorBody, extract::Visitor, openapi::Anywhere};

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
struct Health {
    #[schema(example = "healthy")]
    status: &'static str,
}

/// Say that the process lives.
///
/// Looks at nothing else: restarting this process mends no database.
#[utoipa::path(
    get, path = "/health", tag = "service", operation_id = "health",
    responses((status = 200, description = "It lives.", body = Health), Anywhere)
)]
async fn live() -> Json<Health> {
    Json(Health { status: "healthy" })
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

/// A service that can work.
#[derive(Serialize, ToSchema)]
struct Readiness {
    #[schema(example = "ready")]
    status: &'static str,
    parts: Parts,
}

/// Say whether the service can work.
///
/// Asks the database, the cache and the event bus.
#[utoipa::path(
    get, path = "/health/ready", tag = "service", operation_id = "ready",
    responses(
        (status = 200, description = "All parts answer.", body = Readiness),
        (status = 503, description = "A part does not answer; `error.details.parts` says which.",
            body = ErrorBody)
    )
)]
async fn ready(Visitor(cx): Visitor) -> Response {
    let app = cx.app();
    let (database, cache, events) = tokio::join!(
        probe("database", app.db.ping()),
        probe("cache", app.cache.ping()),
        probe("events", app.bus.ping()),
    );
    let named = [("database", database), ("cache", cache), ("events", events)];
    let missing: Vec<_> = named
        .iter()
        .filter(|(_, state)| *state == State::Unavailable)
        .map(|(name, _)| *name)
        .collect();
    let parts = Parts {
        database,
        cache,
        events,
        mail: if app.mailer.delivers() {
            State::Ok
        } else {
            State::Off
        },
    };
    if missing.is_empty() {
        Json(Readiness {
            status: "ready",
            parts,
        })
        .into_response()
    } else {
        let message = format!("Not ready: no answer from {}.", missing.join(" and "));
        Failure::not_ready(message, json!({ "parts": parts })).into_response()
    }
}

/// Asks one part. Why it fails goes to the log only, since it may name hosts.
async fn probe<T, E: Display>(
    part: &'static str,
    ping: impl Future<Output = Result<T, E>>,
) -> State {
    match tokio::time::timeout(PATIENCE, ping).await {
        Ok(Ok(_)) => return State::Ok,
        Ok(Err(error)) => tracing::warn!(part, %error, "not ready"),
        Err(_) => tracing::warn!(part, "not ready: no answer in {PATIENCE:?}"),
    }
    State::Unavailable
}
