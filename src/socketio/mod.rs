//! The Socket.IO door: `/socket.io` and `/ws/socket.io`, by websocket and by polling.
//!
//! A client connects to namespaces, with its token for each (`entrance`). A connected socket is a task
//! that listens to the streams of its namespace and emits what they tell (`seat`); whatever it has no
//! room for it reads from the log once there is room, so that a slow client costs no memory and misses
//! nothing. What is emitted is written once for all sockets that hear it (`payload`, `press`).

mod entrance;
mod gate;
mod namespace;
mod payload;
mod press;
mod seat;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, Uri, header::SEC_WEBSOCKET_KEY, uri::PathAndQuery},
    response::Response,
    routing::any,
};
use serde_json::Value;
use socketioxide::{
    ParserConfig, SocketIo,
    extract::{SocketRef, TryData},
    handler::ConnectHandler,
    service::SocketIoService,
};
use tower::ServiceExt;

use self::{namespace::Namespace, press::Press};
use crate::{
    app::App,
    domain::cx::{Cx, RequestInfo},
};

/// Where the engine listens, as clients of different documents look for it.
const PATHS: [&str; 2] = ["/socket.io", "/ws/socket.io"];
/// The one that it knows.
const PATH: &str = PATHS[0];
/// How often the engine asks whether the client is there, and how long it waits for the answer.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long sockets are given to close when the process stops.
const CLOSING: Duration = Duration::from_secs(2);

/// What all sockets share.
pub(crate) struct Door {
    app: App,
    press: Press,
}

/// The engine; what is not for it is nowhere.
type Service = SocketIoService<Router>;

/// The routes of the engine, at work.
pub fn routes(app: &App) -> Router {
    let service = engine(app);
    PATHS
        .iter()
        .fold(Router::new(), |routes, path| {
            routes.route(path, any(answer))
        })
        .with_state(service)
}

/// Whether a request is for the engine, which answers when there is something to say.
pub fn waits(path: &str) -> bool {
    PATHS.contains(&path.strip_suffix('/').unwrap_or(path))
}

fn engine(app: &App) -> Service {
    let limits = &app.config.realtime;
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .upgrade_timeout(limits.connect_timeout)
        .connect_timeout(limits.connect_timeout)
        .max_payload(limits.max_payload as u64)
        .ws_max_message_size(limits.max_payload)
        .ws_max_frame_size(limits.max_payload)
        .max_buffer_size(limits.backlog)
        // Nobody sends us files.
        .with_parser(ParserConfig::common().max_incoming_binaries(1))
        .build_with_inner_svc(Router::new());
    let door = Arc::new(Door {
        app: app.clone(),
        press: Press::default(),
    });
    for (name, namespace) in Namespace::NAMES {
        let guard = Arc::clone(&door);
        let admit = move |socket: SocketRef, TryData(said): TryData<Value>| {
            let door = Arc::clone(&guard);
            async move { entrance::admit(&door, namespace, &socket, said.ok()).await }
        };
        let host = Arc::clone(&door);
        let attend = move |socket: SocketRef, io: SocketIo| {
            let door = Arc::clone(&host);
            async move { seat::attend(door, io, socket).await }
        };
        io.ns(name, attend.with(admit));
    }
    let stopping = app.shutdown.clone();
    app.spawn("socket.io", async move {
        stopping.cancelled().await;
        if tokio::time::timeout(CLOSING, io.close()).await.is_err() {
            tracing::warn!("some sockets are still open");
        }
    });
    service
}

async fn answer(State(service): State<Service>, request: Request) -> Response {
    let answered = service.oneshot(for_engine(request)).await;
    answered
        .unwrap_or_else(|never| match never {})
        .map(Body::new)
}

/// What the engine keeps of a request for as long as the socket lives: no more than is used.
fn for_engine(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let info = parts.extensions.remove::<Cx>();
    let info = info.map(|cx| cx.info().clone()).unwrap_or_default();
    // The token of a socket is in what it says, not in the headers.
    parts.extensions.insert(RequestInfo {
        bearer: None,
        ..info
    });
    if parts.method == Method::GET {
        let key = parts.headers.remove(SEC_WEBSOCKET_KEY);
        parts.headers = HeaderMap::from_iter(key.map(|key| (SEC_WEBSOCKET_KEY, key)));
    }
    let query = parts.uri.query().unwrap_or_default();
    if let Ok(path) = PathAndQuery::try_from(format!("{PATH}?{query}")) {
        parts.uri = Uri::from(path);
    }
    Request::from_parts(parts, body)
}
