//! Joins the doors into one router, puts around it what holds for all of them, and serves it until
//! the process is asked to stop. Knows no route of its own.
//!
//! From outside to inside: `observe` (request id, context, log line), `cors`, `security` (headers), the
//! body of failures, the general limit, `limits`, time limit, panics, the slash at the end, the doors.

mod addresses;
mod client;
mod connections;
mod cors;
mod limits;
mod metrics;
mod observe;
mod patience;
mod security;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, Uri, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tokio::net::TcpListener;
use tower::{ServiceExt, util::MapRequestLayer};

use crate::{
    app::App,
    domain::{cx::Cx, throttle::Clients},
    error::{Code, Error, Result},
    graphql, pages,
    rest::{self, error::Failure},
    socketio,
};

/// The doors, and what holds for all of them.
///
/// The layers are functions around a future rather than `tower`'s: those would clone and box the whole
/// stack below them for each request, which cost more than what they do.
struct Front {
    app: App,
    doors: Router,
    /// How often each client may ask at all, where that is counted.
    clients: Option<Arc<Clients>>,
}

/// What is asked often by those who watch over the service, and must answer them when it is flooded.
const UNCOUNTED: [&str; 3] = ["/health", "/health/ready", "/metrics"];

impl Front {
    /// All doors of the service.
    fn whole(app: App) -> Self {
        let clients = Arc::new(Clients::new(&app.config.limits));
        let graphql = graphql::router(app.clone(), Arc::clone(&clients), pages::playground);
        let doors = rest::router()
            .merge(pages::routes())
            .merge(graphql)
            .merge(socketio::routes(&app, Arc::clone(&clients)))
            .merge(metrics::public(&app));
        Self {
            clients: Some(clients),
            ..Self::of(app, doors)
        }
    }

    fn of(app: App, doors: Router) -> Self {
        // What runs inside a router runs once it has chosen a route.
        let doors = doors.layer((
            DefaultBodyLimit::max(app.config.server.max_body_bytes),
            MapRequestLayer::new(observe::note_route),
        ));
        Self {
            app,
            doors,
            clients: None,
        }
    }

    /// Answers one request, from outside to inside.
    async fn answer(&self, request: Request) -> Response {
        observe::observe(&self.app, request, |request| async {
            let cx = request.extensions().get::<Cx>().cloned();
            let path = request.uri().path().trim_end_matches('/');
            let shape = match path {
                "/graphql" => graphql::with_errors,
                _ => std::convert::identity,
            };
            let admitted = self.admit(path, cx.as_ref());
            let request_id = cx.as_ref().map(Cx::request_id).unwrap_or_default();
            let answer = cors::cors(&self.app, request, |request| async {
                let response = match admitted {
                    Err(refusal) => Failure::from(refusal).into_response(),
                    Ok(()) => self.read(request).await,
                };
                rest::error::render(response, request_id, shape)
            });
            security::complete(&self.app, answer.await)
        })
        .await
    }

    /// Answers a request that is no larger and no slower than it may be.
    async fn read(&self, request: Request) -> Response {
        let limits = &self.app.config.connections;
        limits::limit(limits, request, |request| async {
            match cors::preflight(&self.app, &request) {
                Some(answer) => answer,
                // Answered when there is something to say.
                None if socketio::waits(request.uri().path()) => self.enter(request).await,
                None => self.within_time(self.enter(request)).await,
            }
        })
        .await
    }

    /// Whether the client may ask for anything at present.
    fn admit(&self, path: &str, cx: Option<&Cx>) -> Result<()> {
        let (Some(clients), Some(cx)) = (&self.clients, cx) else {
            return Ok(());
        };
        if UNCOUNTED.contains(&path) {
            return Ok(());
        }
        clients.count(cx)
    }

    /// Lets a request in by the door that it is for, and answers 500 for a handler that panicked,
    /// like for any other fault of ours.
    async fn enter(&self, request: Request) -> Response {
        let answer = self.doors.clone().oneshot(without_slash(request));
        match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(answer) => answer.unwrap_or_else(|never| match never {}),
            Err(panic) => Failure::from(Error::internal(panic_text(&*panic))).into_response(),
        }
    }

    /// Gives a request up that takes too long; what it had begun is rolled back.
    async fn within_time(&self, answer: impl Future<Output = Response>) -> Response {
        let limit = self.app.config.server.request_timeout;
        match tokio::time::timeout(limit, answer).await {
            Ok(response) => response,
            Err(_) => Failure::door(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout).into_response(),
        }
    }
}

/// Serves until `app.shutdown`, then lets requests in hand finish for as long as configured.
pub async fn serve(app: App, listener: TcpListener) {
    connections::serve(&app, listener, Front::whole(app.clone())).await;
}

/// Serves the metrics, and nothing else, until `app.shutdown`.
pub async fn serve_metrics(app: App, listener: TcpListener) {
    let doors = metrics::routes(app.clone()).fallback(metrics::nowhere);
    connections::serve(&app, listener, Front::of(app.clone(), doors)).await;
}

/// `/x/` is `/x` (ruling 46). Only one slash goes, and the root stays what it is.
fn without_slash(mut request: Request) -> Request {
    let uri = request.uri();
    let Some(path) = uri.path().strip_suffix('/').filter(|path| !path.is_empty()) else {
        return request;
    };
    let rewritten = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    // A path such as `//` is none that could be parsed again; it leads nowhere as it is.
    if let Ok(rewritten) = PathAndQuery::try_from(rewritten) {
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(rewritten);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_does_not_matter() {
        let rewritten = |uri: &str| {
            let request = Request::builder().uri(uri).body(axum::body::Body::empty());
            without_slash(request.expect("a request")).uri().to_string()
        };
        assert_eq!(
            rewritten("/api/v1/tenants/?page=2"),
            "/api/v1/tenants?page=2"
        );
        assert_eq!(rewritten("http://host/docs/"), "http://host/docs");
        assert_eq!(rewritten("/api/v1/tenants//"), "/api/v1/tenants/");
        for same in ["/", "/health", "/health?a=/"] {
            assert_eq!(rewritten(same), same);
        }
    }
}
