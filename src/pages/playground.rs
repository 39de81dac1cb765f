//! The page that `GET /graphql` opens in a browser: the built one where there is one, otherwise the
//! library's own.

use axum::response::Response;

use super::{base, bundle, html, stock};
use crate::domain::cx::Cx;

/// The editor writes styles into its lines and makes style sheets as it goes, hence `unsafe-inline`
/// for styles; pictures and letters in its style sheets are `data:`. Its workers are files.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The library's page loads its scripts from elsewhere and runs some of its own in place. What holds
/// all the same: a token that somebody puts in is sent nowhere but here.
const STOCK_POLICY: &str = "connect-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Answers with the page.
pub fn open(cx: &Cx) -> Response {
    match bundle::page("playground.html", base(cx)) {
        Some(page) => html(POLICY, page),
        None => html(STOCK_POLICY, stock::page(base(cx))),
    }
}
