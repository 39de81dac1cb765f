//! `/join`: where the link of an invitation leads. The page reads the token behind the `#` and joins by
//! the REST routes.

use axum::{Extension, Router, response::Response, routing::get};

use super::{base, file, html};
use crate::domain::cx::Cx;

/// Nothing but its own script, style and API, in no frame, with no form that a browser would send.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of this file.
pub fn routes() -> Router {
    Router::new()
        .route("/join", get(page))
        .route("/join.js", get(script))
        .route("/join.css", get(style))
}

async fn page(Extension(cx): Extension<Cx>) -> Response {
    html(
        POLICY,
        include_str!("join/page.html").replace("{base}", base(&cx)),
    )
}

async fn script() -> Response {
    let kind = "text/javascript; charset=utf-8";
    file(POLICY, kind, include_str!("join/script.js"))
}

async fn style() -> Response {
    let kind = "text/css; charset=utf-8";
    file(POLICY, kind, include_str!("join/style.css"))
}
