//! Each request's id, context and log line. The line names the matched route, never path, query,
//! body or token: those may hold what nobody should read in a log.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Once, OnceLock},
    time::Instant,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{AUTHORIZATION, USER_AGENT},
    },
    response::Response,
};
use tracing::{Instrument, field};

use super::client;
use crate::{
    app::App,
    config::Proxies,
    domain::cx::{Cx, RequestInfo},
    metrics::{Counted, method_name},
};

/// Names the request, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a caller.
const ID_MAX: usize = 64;
/// How much is kept of what a client calls itself.
const AGENT_MAX: usize = 255;

/// Where the router notes which route it chose.
#[derive(Clone, Default)]
struct Route(Arc<OnceLock<MatchedPath>>);

/// Gives the request its id and context, and tells the log how it ended.
pub async fn observe<F>(
    app: &App,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let request_id = request_id(request.headers()).unwrap_or_else(|| app.ids.next().to_string());
    let span = tracing::info_span!(
        "request",
        request.id = request_id,
        user.id = field::Empty,
        tenant.id = field::Empty
    );
    let proxies = &app.config.connections.trusted_proxies;
    let info = info(&request, proxies, request_id.clone());
    let cx = span.in_scope(|| Cx::request(app.clone(), info));
    let route = Route::default();
    let mut line = Line::new(request.method().clone(), route.clone(), cx.clone());
    request.extensions_mut().insert(route);
    request.extensions_mut().insert(cx);

    let mut response = next(request).instrument(span).await;
    line.status = Some(response.status().as_u16());
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Notes which route was chosen; runs inside the router, which alone knows.
pub fn note_route(request: Request) -> Request {
    let known = request.extensions();
    if let (Some(Route(cell)), Some(path)) = (known.get(), known.get::<MatchedPath>()) {
        // A second note would be of the same request, hence the same route.
        let _ = cell.set(path.clone());
    }
    request
}

/// The log line of one request and its place in the metrics, written when it ends, whichever way.
struct Line {
    started: Instant,
    method: Method,
    route: Route,
    _in_flight: Counted,
    cx: Cx,
    status: Option<u16>,
}

impl Line {
    fn new(method: Method, route: Route, cx: Cx) -> Self {
        Self {
            started: Instant::now(),
            method,
            route,
            _in_flight: cx.app().metrics.http.begin(),
            cx,
            status: None,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let known = self.cx.noted();
        let elapsed = self.started.elapsed();
        let duration_ms = elapsed.as_secs_f64() * 1_000.0;
        let route = self.route.0.get().map(MatchedPath::as_str);
        let metrics = &self.cx.app().metrics.http;
        metrics.request(self.method.as_str(), route, self.status, elapsed);
        tracing::info!(
            method = method_name(self.method.as_str()),
            route = route.unwrap_or("none"),
            status = self.status,
            duration_ms = (duration_ms * 1_000.0).round() / 1_000.0,
            request.id = self.cx.request_id(),
            user.id = known.map(|(user, _)| field::display(user)),
            tenant.id = known.and_then(|(_, tenant)| tenant).map(field::display),
            client.ip = self.cx.info().ip.map(field::display),
            "{}",
            if self.status.is_some() {
                "request"
            } else {
                "request abandoned"
            },
        );
    }
}

/// The caller's id for the request, if it is one that can go into logs and headers as it is.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((1..=ID_MAX).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

fn info(request: &Request, proxies: &Proxies, request_id: String) -> RequestInfo {
    let text = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    RequestInfo {
        request_id,
        bearer: text(AUTHORIZATION).and_then(bearer).map(str::to_owned),
        ip: client(request, proxies),
        user_agent: text(USER_AGENT).map(|agent| agent.chars().take(AGENT_MAX).collect()),
    }
}

/// The token of a bearer header; the scheme's case does not matter (RFC 9110 section 11.1).
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The address of whoever sends the request, which is not that of a trusted proxy that hands it on.
fn client(request: &Request, proxies: &Proxies) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let headers = request.headers();
    if proxies.is_empty() && client::names_proxies(headers) {
        // Clients may write what they like; a proxy that nobody told us of is told of once.
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::warn!(
                peer = %peer.ip(),
                "a request says that it came through a proxy; without TRUSTED_PROXIES all clients of \
                 a proxy count as one"
            );
        });
    }
    Some(client::address(proxies, peer.ip(), headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        let taken = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                REQUEST_ID,
                HeaderValue::from_bytes(id.as_bytes()).expect("a header"),
            );
            request_id(&headers).is_some()
        };
        assert!(taken("a-B_3.c") && taken(&"x".repeat(64)));
        assert!(!taken("") && !taken(&"x".repeat(65)) && !taken("a b") && !taken("a\"b"));
    }

    #[test]
    fn the_scheme_has_no_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bEARER  abc "), Some("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc"] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
