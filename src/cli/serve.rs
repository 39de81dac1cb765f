//! `serve`: everything in one process, from the first check to the last answer.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpSocket,
    time::{sleep, timeout},
};

use super::{banner, configure, descriptors, seed, signals::Signals};
use crate::{
    app::App,
    boot::{self, migrations},
    config::{Database, ServerSettings, Settings},
    error::{BoxError, Result},
    server, worker,
};

/// How many connections may wait to be taken up.
const BACKLOG: u32 = 1024;
/// How long effects of the last requests may take that were asked for during the grace period.
const LAST_EFFECTS: Duration = Duration::from_secs(1);
/// The same signal twice within this time is one request to stop.
const ONE_REQUEST: Duration = Duration::from_millis(500);

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
    worker::start(&app);

    let mut signals = Signals::listen()?;
    let listener = socket.listen(BACKLOG)?;
    if let Some(metrics) = metrics {
        let listener = metrics.listen(BACKLOG)?;
        app.spawn_vital("metrics", server::serve_metrics(app.clone(), listener));
    }
    banner::announce(&app.config);
    let serving = async {
        server::serve(app.clone(), listener).await;
        app.shutdown.cancel();
    };
    tokio::select! {
        signal = insisted(&mut signals, &app) => {
            Err(format!("stopped at once at the second {signal}").into())
        }
        ((), ()) = async { tokio::join!(serving, finish_tasks(&app)) } => {
            timeout(LAST_EFFECTS, app.tasks.wait()).await.ok();
            // Connections of requests that were cut off may still wait for their statements.
            if timeout(LAST_EFFECTS, app.db.close()).await.is_err() {
                tracing::warn!("database connections were still in use");
            }
            tracing::info!("stopped");
            Ok(())
        }
    }
}

/// Passes the first signal on as a request to stop; returns when somebody insists.
async fn insisted(signals: &mut Signals, app: &App) -> &'static str {
    let first = signals.next().await;
    tracing::info!(
        signal = first,
        "stopping; what is in hand is finished first"
    );
    app.shutdown.cancel();
    let asked = Instant::now();
    loop {
        let signal = signals.next().await;
        // Wrappers such as `timeout` send one request twice.
        if signal != first || asked.elapsed() > ONE_REQUEST {
            return signal;
        }
    }
}

/// Brings the schema up to date, or makes sure that it is.
pub(super) async fn prepare_schema(database: &Database) -> Result<()> {
    if database.run_migrations {
        let applied = migrations::up(database).await?;
        if let Some(newest) = applied.last() {
            tracing::info!(applied = applied.len(), newest, "schema brought up to date");
        }
        Ok(())
    } else {
        migrations::require_current(database).await
    }
}

/// The address of everything, and that of the metrics where they have one.
fn reserve_all(settings: &Settings) -> Result<(TcpSocket, Option<TcpSocket>), BoxError> {
    let ServerSettings { host, port, .. } = settings.server;
    let everything = reserve(SocketAddr::new(host, port), "HOST and PORT choose")?;
    let metrics = settings.metrics.metrics_addr;
    let metrics = metrics.map(|address| reserve(address, "METRICS_ADDR chooses"));
    Ok((everything, metrics.transpose()?))
}

/// Binds without listening, or says how to do better.
fn reserve(address: SocketAddr, chooses: &str) -> Result<TcpSocket, BoxError> {
    bind(address)
        .map_err(|error| format!("cannot listen on {address}: {error}; {chooses} another").into())
}

/// Binds without listening.
pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // A port whose last connections still linger may be used again.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Waits for the tasks in the background, as long as requests in hand may take.
async fn finish_tasks(app: &App) {
    app.shutdown.cancelled().await;
    app.tasks.close();
    let grace = app.config.server.shutdown_grace;
    tokio::select! {
        () = app.tasks.wait() => {}
        () = sleep(grace) => {
            tracing::warn!(tasks = app.tasks.len(), "work in hand took longer than {grace:?}");
        }
    }
}
