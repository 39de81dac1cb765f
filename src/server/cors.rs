//! Cross-origin requests, as the original answers them (`rest.md` 1.1): credentials allowed, any
//! header echoed, a refused preflight is 400 with a word of text.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
    response::{IntoResponse, Response},
};

use crate::{app::App, config::Origins};

const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
const METHODS_HEADER: HeaderValue =
    HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const EXPOSED: HeaderValue = HeaderValue::from_static("Content-Range, X-Content-Range");
const TRUE: HeaderValue = HeaderValue::from_static("true");
/// For how many seconds a browser may remember a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Lets allowed origins read every answer, errors included.
pub async fn cors<F>(app: &App, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let allowed = allowed_origin(app, request.headers());
    let mut response = next(request).await;
    let headers = response.headers_mut();
    // Also without an origin: a cache must not give one caller's answer to another.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// The answer to a browser that asks before it sends; `None` for any other request.
pub fn preflight(app: &App, request: &Request) -> Option<Response> {
    let asked = request.headers();
    if request.method() != Method::OPTIONS || !asked.contains_key(ORIGIN) {
        return None;
    }
    answer(asked, allowed_origin(app, asked).is_some())
}

fn allowed_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    is_allowed(&app.config.server.allowed_origins, origin).then(|| origin.clone())
}

fn is_allowed(origins: &Origins, origin: &HeaderValue) -> bool {
    match origins {
        Origins::Any => true,
        Origins::List(list) => list
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes()),
    }
}

fn answer(asked: &HeaderMap, origin_allowed: bool) -> Option<Response> {
    let method = asked.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut refused = Vec::new();
    if !origin_allowed {
        refused.push("origin");
    }
    if !METHODS
        .iter()
        .any(|known| known.as_str().as_bytes() == method.as_bytes())
    {
        refused.push("method");
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS_HEADER);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    Some(if refused.is_empty() {
        (StatusCode::OK, headers, "OK").into_response()
    } else {
        let text = format!("Disallowed CORS {}", refused.join(", "));
        (StatusCode::BAD_REQUEST, headers, text).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str) -> HeaderMap {
        let wanted = HeaderValue::from_static("authorization, x-anything");
        let method = HeaderValue::from_str(method).expect("a word");
        HeaderMap::from_iter([
            (ACCESS_CONTROL_REQUEST_METHOD, method),
            (ACCESS_CONTROL_REQUEST_HEADERS, wanted),
        ])
    }

    #[test]
    fn preflights_echo_the_headers() {
        let answer = answer(&ask("PATCH"), true).expect("a preflight");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS],
            "authorization, x-anything"
        );
        assert_eq!(answer.headers()[ACCESS_CONTROL_MAX_AGE], "600");
    }

    #[test]
    fn strangers_and_strange_methods_are_refused() {
        let status = |method, allowed| answer(&ask(method), allowed).map(|it| it.status());
        assert_eq!(status("GET", false), Some(StatusCode::BAD_REQUEST));
        assert_eq!(status("TRACE", true), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn other_requests_are_not_preflights() {
        let mut asked = ask("GET");
        asked.remove(ACCESS_CONTROL_REQUEST_METHOD);
        assert!(answer(&asked, true).is_none());
    }

    #[test]
    fn origins_are_compared_whole() {
        let list = Origins::List(vec!["https://app.example.com".to_owned()]);
        let origin = HeaderValue::from_static;
        assert!(is_allowed(&list, &origin("https://app.example.com")));
        assert!(!is_allowed(
            &list,
            &origin("https://app.example.com.evil.example")
        ));
        assert!(is_allowed(
            &Origins::Any,
            &origin("https://anywhere.example")
        ));
    }
}
