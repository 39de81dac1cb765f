//! `/graphql` over HTTP: executes one operation and answers. How requests are read is in
//! `request.rs`, what is refused before in `refusal.rs`.

use std::sync::Arc;

use async_graphql::{Request, Response as Answer, ServerError, Value};
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{
        RawQuery, State,
        rejection::BytesRejection,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT, ALLOW, CONTENT_TYPE, VARY, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    body::Body,
    context::Scope,
    error::code_of,
    guard::Guard,
    live::{Live, events, socket},
    refusal::Refusal,
    request,
};
use crate::{
    app::App,
    domain::{cx::Cx, throttle::Clients},
    error::Code,
};

/// The media type whose status codes say how an operation went.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// The media type of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";

/// What every request needs.
#[derive(Clone)]
struct Door {
    guard: Arc<Guard>,
    live: Live,
    app: App,
    playground: Page,
}

/// Something to look at.
pub type Page = fn(&Cx) -> Response;

/// The routes of this door; `clients` counts what they ask for on sockets, `playground` is what a browser
/// gets to see at its address.
pub fn router(app: App, clients: Arc<Clients>, playground: Page) -> Router {
    let guard = Arc::new(Guard::new(app.clone()));
    let door = Door {
        live: Live::new(app.clone(), Arc::clone(&guard), clients),
        guard,
        app,
        playground,
    };
    let methods = get(look).post(execute).fallback(wrong_method);
    Router::new().route("/graphql", methods).with_state(door)
}

/// Executes one operation.
async fn execute(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = request::by_post(&headers, body);
    match request {
        Ok(request) if accepts(&headers, EVENT_STREAM) => {
            events::respond(&door.live, cx, request).await
        }
        request => run(&door, cx, &headers, request).await,
    }
}

/// Opens a socket, executes a persisted query, or opens the playground in a browser.
async fn look(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return socket::open(door.live, cx, upgrade);
    }
    match request::by_get(query.as_deref().unwrap_or_default()) {
        Some(request) => run(&door, cx, &headers, request).await,
        None => open(State(door), Extension(cx), headers).await,
    }
}

async fn run(
    door: &Door,
    cx: Cx,
    headers: &HeaderMap,
    request: Result<Request, Refusal>,
) -> Response {
    match request {
        Ok(request) => {
            let answer = door.guard.execute(Scope::new(cx), request).await;
            respond(headers, &answer)
        }
        Err(refusal) => refusal.answer(&cx),
    }
}

/// Opens the playground in a browser.
async fn open(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    headers: HeaderMap,
) -> Response {
    if !accepts(&headers, "text/html") {
        return wrong_method(Extension(cx), Method::GET).await;
    }
    if !door.app.config.server.playground {
        let text = "There is no playground here. Send operations by POST.";
        return Refusal::new(StatusCode::NOT_FOUND, Code::RouteNotFound, text).answer(&cx);
    }
    let mut page = (door.playground)(&cx);
    let varies = HeaderValue::from_static("accept");
    page.headers_mut().insert(VARY, varies);
    page
}

async fn wrong_method(Extension(cx): Extension<Cx>, method: Method) -> Response {
    Refusal::wrong_method(&method).answer(&cx)
}

/// Whether the client names this media type among those it reads.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let lists = headers
        .get_all(ACCEPT)
        .into_iter()
        .filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case(media_type)
    })
}

fn respond(headers: &HeaderMap, answer: &Answer) -> Response {
    let body = Body::of(answer);
    let is = |code: Code| answer.errors.iter().any(|error| is(error, code));
    let wants_status = accepts(headers, GRAPHQL_RESPONSE);
    let status = match () {
        () if is(Code::MethodNotAllowed) => StatusCode::METHOD_NOT_ALLOWED,
        // Part of the protocol of persisted queries rather than a failure.
        () if is(Code::PersistedQueryNotFound) => StatusCode::OK,
        () if wants_status && answer.data == Value::Null => status(&answer.errors),
        () => StatusCode::OK,
    };
    let mut response = (status, Json(body)).into_response();
    if wants_status {
        let kind = HeaderValue::from_static(GRAPHQL_RESPONSE);
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    add_hints(&mut response);
    response
}

/// The status of an answer without data, for clients that read statuses.
fn status(errors: &[ServerError]) -> StatusCode {
    let is = |code: Code| errors.iter().any(|error| is(error, code));
    let refused = errors.iter().all(|error| error.path.is_empty());
    if is(Code::Internal) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else if is(Code::Timeout) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if is(Code::Unauthenticated) {
        StatusCode::UNAUTHORIZED
    } else if refused {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

fn is(error: &ServerError, code: Code) -> bool {
    code_of(error) == Some(code.as_str())
}

/// The headers that belong to a status.
fn add_hints(response: &mut Response) {
    let hint = match response.status() {
        StatusCode::UNAUTHORIZED => (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        StatusCode::METHOD_NOT_ALLOWED => (ALLOW, HeaderValue::from_static("POST")),
        _ => return,
    };
    response.headers_mut().insert(hint.0, hint.1);
}
