//! The page that `GET /graphql` opens in a browser: the built one where there is one, otherwise the
//! library's own.

use axum::response::{Html, IntoResponse, Response};

use super::{base, bundle, html, stock};
use crate::domain::cx::Cx;

/// The editor writes styles into its lines and makes style sheets as it goes, hence `unsafe-inline`
/// for styles; pictures and letters in its style sheets are `data:`. Its workers are files.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers with the page.
pub fn open(cx: &Cx) -> Response {
    match bundle::page("playground.html", base(cx)) {
        Some(page) => html(POLICY, page),
        None => Html(stock::page(base(cx))).into_response(),
    }
}
