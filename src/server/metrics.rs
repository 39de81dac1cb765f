//! `/metrics`: who may read the numbers, and what is looked up only then. On a listener of its own
//! where one is configured, else on the public port for whoever shows the token, else nowhere.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::observe::bearer;
use crate::{
    app::App,
    domain::{
        cx::Cx,
        job::Lane,
        outbox::{self, Backlog, Standing},
    },
    error::{Code, Credentials, Error},
    metrics::LaneJobs,
    rest::error::Failure,
};

/// What a scrape is told that it gets.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// For how long what was asked of the database holds, however often the metrics are read.
const FRESH: Duration = Duration::from_secs(1);
/// How long a reader waits for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// What reading takes.
#[derive(Clone)]
struct Reader {
    app: App,
    outbox: Arc<Mutex<Option<Look>>>,
}

/// What was found when the database was asked last, if it answered.
struct Look {
    at: Instant,
    found: Option<Vec<Standing>>,
}

/// The route on the public port; without an answer unless there is a token.
pub(super) fn public(app: &App) -> Router {
    let settings = &app.config.metrics;
    if settings.address.is_none() && settings.token.is_some() {
        routes(app.clone())
    } else {
        Router::new()
    }
}

/// The route.
pub(super) fn routes(app: App) -> Router {
    let reader = Reader {
        app,
        outbox: Arc::default(),
    };
    Router::new()
        .route("/metrics", get(read).fallback(wrong_method))
        .with_state(reader)
}

async fn read(State(reader): State<Reader>, headers: HeaderMap) -> Response {
    if !may_read(&reader.app, &headers) {
        return Failure::from(Error::Unauthenticated(Credentials::Missing)).into_response();
    }
    reader.look().await;
    match reader.app.metrics.encode() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => Failure::from(Error::internal(error)).into_response(),
    }
}

async fn wrong_method() -> Failure {
    Failure::door(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed)
}

/// The answer to everything else on a listener of the metrics.
pub(super) async fn nowhere(_: Request) -> Failure {
    Failure::door(StatusCode::NOT_FOUND, Code::RouteNotFound)
}

/// Compares digests: how long that takes tells nothing of the token.
fn may_read(app: &App, headers: &HeaderMap) -> bool {
    let Some(token) = &app.config.metrics.token else {
        return true;
    };
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(bearer);
    shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token.expose_secret()))
}

impl Reader {
    /// Looks up what is not counted.
    async fn look(&self) {
        let (app, state) = (&self.app, &self.app.metrics.state);
        let pool = app.db.connections();
        state
            .pool_max
            .set(app.config.database.max_connections.into());
        state.pool_idle.set(pool.idle.into());
        state
            .pool_in_use
            .set(pool.open.saturating_sub(pool.idle).into());
        let load = app.passwords.load();
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        state.hashing_permits.set(whole(load.permits));
        state.hashing_running.set(whole(load.running));
        state.hashing_waiting.set(whole(load.waiting));
        state.redis(app.cache.answers());
        state.rabbitmq(app.queue.answers());
        match self.standing().await {
            Some(lanes) => {
                let lag = Backlog::of(&lanes, app.clock.now()).lag;
                let lanes: Vec<_> = lanes.iter().map(lane_jobs).collect();
                state.outbox(&lanes, lag.as_secs_f64());
            }
            None => state.outbox(&outbox::LANES.map(nobody_knows), f64::NAN),
        }
    }

    /// Asks the database, unless somebody did so just now; those who read meanwhile wait for the one
    /// answer.
    async fn standing(&self) -> Option<Vec<Standing>> {
        let mut known = self.outbox.lock().await;
        if let Some(look) = &*known
            && look.at.elapsed() < FRESH
        {
            return look.found.clone();
        }
        let cx = Cx::system(self.app.clone(), "metrics", "metrics");
        let found = match tokio::time::timeout(PATIENCE, outbox::standing(&cx)).await {
            Ok(Ok(lanes)) => Some(lanes),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the outbox cannot be counted");
                None
            }
            Err(_) => {
                tracing::warn!("the outbox cannot be counted: no answer in {PATIENCE:?}");
                None
            }
        };
        *known = Some(Look {
            at: Instant::now(),
            found: found.clone(),
        });
        found
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^52 jobs")]
fn lane_jobs(standing: &Standing) -> LaneJobs {
    LaneJobs {
        lane: standing.word(),
        waiting: standing.waiting as f64,
        sent: standing.sent as f64,
        dead: standing.dead as f64,
    }
}

fn nobody_knows(lane: Option<Lane>) -> LaneJobs {
    LaneJobs {
        lane: outbox::word(lane),
        waiting: f64::NAN,
        sent: f64::NAN,
        dead: f64::NAN,
    }
}
