//! `serve`: everything in one process, from the first check to the last answer.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

use super::{
    banner, configure, descriptors,
    lifecycle::{self, prepare_schema, reserve},
    seed,
    signals::Signals,
};
use crate::{
    boot,
    config::{ServerSettings, Settings},
    error::{BoxError, Result},
    server, worker,
};

/// How many connections may wait to be taken up.
pub(super) const BACKLOG: u32 = 1024;

/// Serves until it is asked to stop.
pub(super) async fn serve(mut settings: Settings) -> Result<(), BoxError> {
    // Taken before anything is changed, opened after everything is ready: a port in use is found
    // out at once, and nobody waits at a door that does not open yet.
    let (socket, metrics) = match reserve_all(&settings) {
        Ok(sockets) => sockets,
        // What else is wrong is worth knowing first: it does not go away with the other process.
        Err(taken) => return configure(settings).and(Err(taken)),
    };
    settings.server.port = socket.local_addr()?.port();
    if let Some(metrics) = &metrics {
        settings.metrics.metrics_addr = Some(metrics.local_addr()?);
    }
    let mut config = configure(settings)?;
    config.server.max_connections = descriptors::make_room(&config);
    prepare_schema(&config.database).await?;
    let app = boot::boot(config).await?;
    seed::plans_if_none(&app).await?;
    lifecycle::reach_queue(&app).await?;
    worker::start(&app);

    let listener = socket.listen(BACKLOG)?;
    if let Some(metrics) = metrics {
        let listener = metrics.listen(BACKLOG)?;
        app.spawn_vital("metrics", server::serve_metrics(app.clone(), listener));
    }
    // Before anybody is told that it is there.
    let signals = Signals::listen()?;
    banner::announce(&app.config);
    let serving = async {
        server::serve(app.clone(), listener).await;
        app.shutdown.cancel();
    };
    lifecycle::run(&app, signals, serving).await
}

/// The address of everything, and that of the metrics where they have one.
fn reserve_all(settings: &Settings) -> Result<(TcpSocket, Option<TcpSocket>), BoxError> {
    let ServerSettings { host, port, .. } = settings.server;
    let everything = reserve(SocketAddr::new(host, port), "HOST and PORT choose")?;
    let metrics = settings.metrics.metrics_addr;
    let metrics = metrics.map(|address| reserve(address, "METRICS_ADDR chooses"));
    Ok((everything, metrics.transpose()?))
}
