//! Headers that every answer has unless its handler says otherwise: it is for the one who asked, it is
//! what it says it is, and a browser may do nothing with it but show it.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    response::Response,
};

use crate::app::App;

const fn named(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

const fn saying(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}

/// What holds for all. Requests by CORS are not subject to the resource policy, so frontends of
/// `ALLOWED_ORIGINS` can still call.
const DEFAULTS: [(HeaderName, HeaderValue); 7] = [
    (CACHE_CONTROL, saying("no-store")),
    (X_CONTENT_TYPE_OPTIONS, saying("nosniff")),
    (X_FRAME_OPTIONS, saying("DENY")),
    (REFERRER_POLICY, saying("no-referrer")),
    (named("cross-origin-opener-policy"), saying("same-origin")),
    (named("cross-origin-resource-policy"), saying("same-origin")),
    (
        named("permissions-policy"),
        saying("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];
/// For what is no page.
const NOTHING: HeaderValue = saying("default-src 'none'; frame-ancestors 'none'");
/// For a page without a policy of its own.
const NO_FRAME: HeaderValue = saying("frame-ancestors 'none'");
/// A year. Not for subdomains: those may be other people's sites.
const ONLY_TLS: HeaderValue = saying("max-age=31536000");

/// Adds what is absent.
pub fn complete(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(value);
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let policy = if is_page(headers) { NO_FRAME } else { NOTHING };
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if app.config.server.public_url.scheme() == "https" {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(ONLY_TLS);
    }
    response
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/html"))
}
