//! The Socket.IO door: `/socket.io` and `/ws/socket.io`, by websocket and by polling.
//!
//! A client connects to namespaces, with its token for each (`entrance`). A connected socket (`seat`) is
//! told what happens in the streams of its namespace by their rooms (`mouth`); whatever it has no room for
//! its own task reads from the log once there is room, so that a slow client costs no memory and misses
//! nothing (`teller`). What is emitted is written once for all sockets that hear it (`payload`, `press`). The sockets of a
//! client share a connection of the engine, which lasts only as long as it is of use (`line`, `engine`), and may begin
//! by polling (`upgrade`).

mod engine;
mod entrance;
mod gate;
mod line;
mod mouth;
mod namespace;
mod payload;
mod press;
mod seat;
mod teller;
mod upgrade;

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::any};
use serde_json::Value;
use socketioxide::{
    ParserConfig, SocketIo,
    extract::{SocketRef, TryData},
    handler::ConnectHandler,
};

use self::{
    engine::{Engine, Operator, Service},
    namespace::Namespace,
    press::Press,
};
use crate::{app::App, domain::throttle::Clients};

/// Where the engine listens, as clients of different documents look for it.
const PATHS: [&str; 2] = ["/socket.io", "/ws/socket.io"];
/// The one that it knows.
const PATH: &str = PATHS[0];
/// How often the engine asks whether the client is there, and how long it waits for the answer.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How much is read of a websocket at a time, in bytes: clients say little, and each has that much memory.
const READ: usize = 1_024;
/// How long sockets are given to close when the process stops.
const CLOSING: Duration = Duration::from_secs(2);

/// What all sockets share.
pub(crate) struct Door {
    app: App,
    clients: Arc<Clients>,
    press: Press,
    operator: Operator,
}

/// The routes of the engine, at work; each CONNECT counts as a request of its client.
pub fn routes(app: &App, clients: Arc<Clients>) -> Router {
    let door = Arc::new(Door {
        app: app.clone(),
        clients,
        press: Press::default(),
        operator: Operator::default(),
    });
    let engine = Engine::new(app.clone(), service(&door), &door.operator);
    PATHS
        .iter()
        .fold(Router::new(), |routes, path| {
            routes.route(path, any(engine::answer))
        })
        .with_state(engine)
}

/// Whether a request is for the engine, which answers when there is something to say.
pub fn waits(path: &str) -> bool {
    PATHS.contains(&path.strip_suffix('/').unwrap_or(path))
}

fn service(door: &Arc<Door>) -> Service {
    let app = &door.app;
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
        .ws_read_buffer_size(READ)
        // Nobody sends us files.
        .with_parser(ParserConfig::common().max_incoming_binaries(1))
        .build_with_inner_svc(Router::new());
    for (name, namespace) in Namespace::NAMES {
        let guard = Arc::clone(door);
        let admit = move |socket: SocketRef, TryData(said): TryData<Value>| {
            let door = Arc::clone(&guard);
            async move { entrance::admit(&door, namespace, &socket, said.ok()).await }
        };
        let host = Arc::clone(door);
        let attend = move |socket: SocketRef, io: SocketIo| {
            let door = Arc::clone(&host);
            async move { seat::attend(door, io, socket).await }
        };
        io.ns(name, attend.with(admit));
    }
    let (stopping, all) = (app.shutdown.clone(), door.operator.all.clone());
    app.spawn("socket.io", async move {
        stopping.cancelled().await;
        if tokio::time::timeout(CLOSING, io.close()).await.is_err() {
            tracing::warn!("some sockets are still open");
        }
        // The engine does not know of those on which nobody is any more.
        all.cancel();
    });
    service
}
