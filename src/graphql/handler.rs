//! `/graphql` over HTTP: executes one operation and answers. How requests are read is in
//! `request.rs`, what is refused before in `refusal.rs`.

use std::sync::Arc;

use async_graphql::{Response as Answer, ServerError, Value};
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
        header::{ALLOW, CONTENT_TYPE, VARY, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    accept::{Accept, GRAPHQL_RESPONSE},
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
    let request = match request::by_post(&headers, body) {
        Ok(request) => request,
        Err(refusal) => return refusal.answer(&cx),
    };
    let accept = Accept::of(&headers);
    let admitted = door.guard.admit(Scope::new(cx.clone()), request);
    if accept.wants_events(admitted.listens()) {
        return events::respond(&door.live, cx, admitted).await;
    }
    respond(&accept, &door.guard.answer(admitted).await)
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
        Some(Ok(request)) => {
            let answer = door.guard.execute(Scope::new(cx), request).await;
            respond(&Accept::of(&headers), &answer)
        }
        Some(Err(refusal)) => refusal.answer(&cx),
        None => open(State(door), Extension(cx), headers).await,
    }
}

/// Opens the playground in a browser.
async fn open(
    State(door): State<Door>,
    Extension(cx): Extension<Cx>,
    headers: HeaderMap,
) -> Response {
    if !Accept::of(&headers).names("text/html") {
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

fn respond(accept: &Accept<'_>, answer: &Answer) -> Response {
    let body = Body::of(answer);
    let is = |code: Code| answer.errors.iter().any(|error| is(error, code));
    let wants_status = accept.wants_status();
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
