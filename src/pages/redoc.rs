//! `/redoc`: the REST routes as a reference to read, by `ReDoc`.

use axum::{Extension, Router, http::StatusCode, response::Response, routing::get};

use super::{base, bundle, html};
use crate::domain::cx::Cx;

/// `ReDoc` makes its style sheets as it goes, hence `unsafe-inline` for styles; its search is a worker.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// The route of this file.
pub fn routes() -> Router {
    Router::new().route("/redoc", get(redoc))
}

async fn redoc(Extension(cx): Extension<Cx>) -> Response {
    let base = base(&cx);
    if let Some(page) = bundle::page("redoc.html", base) {
        return html(POLICY, page);
    }
    let page = include_str!("redoc/not-built.html").replace("{base}", base);
    let mut response = html(NOT_BUILT_POLICY, page);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
