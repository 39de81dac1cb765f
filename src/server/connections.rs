//! Accepts connections and speaks HTTP on them: so many at once, so many for each address, none that
//! keeps the server waiting for the head of its request or for its answer to be taken in, all ended
//! when the process stops.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{Front, addresses::Addresses, limits::hard_head, patience::Patient};
use crate::app::App;

/// How long to wait when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves until `app.shutdown`, then lets requests in hand finish for as long as configured.
pub async fn serve(app: &App, listener: TcpListener, front: Front) {
    let limits = &app.config.server;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_header_size(hard_head(&app.config.connections));
    let room = Arc::new(Semaphore::new(limits.max_connections));
    let addresses = Addresses::new(&app.config.connections);
    let write_timeout = app.config.connections.write_timeout;
    let front = Arc::new(front);
    let mut open = JoinSet::new();
    while let Some((stream, peer, permit)) = accept(app, &listener, &room).await {
        let Some(seat) = addresses.seat(peer.ip()) else {
            app.metrics.http.refused();
            tracing::debug!(client.ip = %peer.ip(), "too many connections of one address");
            continue;
        };
        let stopping = app.shutdown.clone();
        // Answers are small; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
        let counted = app.metrics.http.connection();
        let stream = Patient::new(stream, write_timeout, (counted, seat, permit));
        let conversation = converse(http.clone(), stream, peer, Arc::clone(&front), stopping);
        open.spawn(conversation);
        // Those that have ended are forgotten now and then, not only at the end.
        while open.try_join_next().is_some() {}
    }
    let grace = limits.shutdown_grace;
    let ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, ended).await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "still open {grace:?} after the stop; cut off"
        );
        open.shutdown().await;
    }
}

/// The next connection, when there is room for one; `None` when the process stops.
async fn accept(
    app: &App,
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let next = async {
        let permit = Arc::clone(room).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, permit)),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections; trying again");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
    };
    tokio::select! {
        () = app.shutdown.cancelled() => None,
        next = next => next,
    }
}

/// The peer went away before it was accepted; the next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Answers the requests of one connection until it ends, or until the one in hand is answered.
async fn converse(
    http: http1::Builder,
    stream: Patient<TcpStream, impl Send + Unpin + 'static>,
    peer: SocketAddr,
    front: Arc<Front>,
    stopping: CancellationToken,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(request.map(Body::new)).await) }
    });
    let connection = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // The client hung up or sent what is no HTTP; neither is worth a line in production.
        tracing::debug!(%error, "connection ended");
    }
}
