//! Joins the doors into one router, puts the layers around it that hold for all of them, and serves
//! it until the process is asked to stop. Knows no route of its own.
//!
//! From outside to inside: `observe` (request id, context, log line), `cors`, headers, the
//! body of failures, time limit, panics, the slash at the end, the doors.

mod connections;
mod cors;
mod metrics;
mod observe;

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{
        HeaderValue, StatusCode, Uri,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
        uri::PathAndQuery,
    },
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tokio::net::TcpListener;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::{
    app::App,
    domain::cx::Cx,
    error::{Code, Error},
    graphql,
    rest::{self, error::Failure},
};

/// The whole service as one router.
pub fn router(app: App) -> Router {
    let doors = rest::router()
        .merge(graphql::router(app.clone()))
        .merge(metrics::public(&app));
    layered(app, doors)
}

/// Puts around the doors what holds for all of them.
fn layered(app: App, doors: Router) -> Router {
    let doors = doors
        .layer(DefaultBodyLimit::max(app.config.server.max_body_bytes))
        .layer(from_fn(observe::note_route));
    // A router's layers run after it has chosen a route; the slash must be gone before.
    let doors = MapRequestLayer::new(without_slash).layer(doors);
    Router::new()
        .fallback_service(doors)
        .layer(from_fn(catch_panic))
        .layer(from_fn_with_state(app.clone(), limit_time))
        .layer(from_fn(write_failures))
        .layer(from_fn(default_headers))
        .layer(from_fn_with_state(app.clone(), cors::cors))
        .layer(from_fn_with_state(app, observe::observe))
}

/// Serves until `app.shutdown`, then lets requests in hand finish for as long as configured.
pub async fn serve(app: App, listener: TcpListener) {
    connections::serve(&app, listener, router(app.clone())).await;
}

/// Serves the metrics, and nothing else, until `app.shutdown`.
pub async fn serve_metrics(app: App, listener: TcpListener) {
    let router = layered(
        app.clone(),
        metrics::routes(app.clone()).fallback(metrics::nowhere),
    );
    connections::serve(&app, listener, router).await;
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

/// Answers 500 for a handler that panicked, like for any other fault of ours.
async fn catch_panic(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => Failure::from(Error::internal(panic_text(&*panic))).into_response(),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}

/// Gives a request up that takes too long; what it had begun is rolled back.
async fn limit_time(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.config.server.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::door(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout).into_response(),
    }
}

/// Writes the common body into failures of every door and layer below.
async fn write_failures(request: Request, next: Next) -> Response {
    let cx = request.extensions().get::<Cx>().cloned();
    let response = next.run(request).await;
    rest::error::render(
        response,
        cx.as_ref().map(Cx::request_id).unwrap_or_default(),
    )
}

/// What holds unless a handler says otherwise: answers are for the one who asked and are what they
/// say they are.
async fn default_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    response
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
