//! How a process that stays runs and ends: what it needs at the start, the signal that asks it to stop,
//! and what is finished before it does.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpSocket,
    time::{sleep, timeout},
};

use super::signals::Signals;
use crate::{
    app::App,
    boot::migrations,
    config::Database,
    error::{BoxError, Result},
    ports::queue::Trouble,
};

/// How long effects of the last requests may take that were asked for during the grace period.
const LAST_EFFECTS: Duration = Duration::from_secs(1);
/// The same signal twice within this time is one request to stop.
const ONE_REQUEST: Duration = Duration::from_millis(500);

/// Works until it is asked to stop, and finishes what is in hand then.
pub(super) async fn run(
    app: &App,
    mut signals: Signals,
    work: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    tokio::select! {
        signal = insisted(&mut signals, app) => {
            Err(format!("stopped at once at the second {signal}").into())
        }
        ((), ()) = async { tokio::join!(work, finish_tasks(app)) } => {
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

/// Reaches the queue. One that does not answer may come later, and accepted work waits for it; one that
/// refuses us has to be mended by somebody.
pub(super) async fn reach_queue(app: &App) -> Result<(), BoxError> {
    match app.queue.open().await {
        // It was logged.
        Ok(()) | Err(Trouble::Away(_)) => Ok(()),
        Err(Trouble::Refused(why)) => Err(format!(
            "cannot use the RabbitMQ of RABBITMQ_URL: {why}; `erpmax doctor` says more"
        )
        .into()),
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

/// Binds without listening, or says how to do better.
pub(super) fn reserve(address: SocketAddr, chooses: &str) -> Result<TcpSocket, BoxError> {
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
