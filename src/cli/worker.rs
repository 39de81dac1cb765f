//! `worker`: jobs, and no doors but that of the metrics.

use super::{
    banner, configure,
    lifecycle::{self, prepare_schema, reserve},
    serve::BACKLOG,
    signals::Signals,
};
use crate::{
    boot,
    config::Settings,
    error::{BoxError, Result},
    server, worker,
};

/// Does jobs until it is asked to stop.
pub(super) async fn work(mut settings: Settings) -> Result<(), BoxError> {
    let metrics = settings.metrics.metrics_addr;
    let metrics = metrics.map(|address| reserve(address, "METRICS_ADDR chooses"));
    let metrics = match metrics.transpose() {
        Ok(metrics) => metrics,
        // What else is wrong is worth knowing first: it does not go away with the other process.
        Err(taken) => return configure(settings).and(Err(taken)),
    };
    if let Some(metrics) = &metrics {
        settings.metrics.metrics_addr = Some(metrics.local_addr()?);
    }
    let mut config = configure(settings)?;
    config.worker.in_process = true;
    prepare_schema(&config.database).await?;
    let app = boot::boot(config).await?;
    lifecycle::reach_queue(&app).await?;
    worker::start(&app);
    if let Some(metrics) = metrics {
        let listener = metrics.listen(BACKLOG)?;
        app.spawn_vital("metrics", server::serve_metrics(app.clone(), listener));
    }
    // Before anybody is told that it is there.
    let signals = Signals::listen()?;
    banner::announce_worker(&app.config);
    lifecycle::run(&app, signals, app.shutdown.cancelled()).await
}
