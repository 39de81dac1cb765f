//! Where log lines go and what they look like. Commands answer on standard output, logs go to
//! standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Environment, Log, LogFormat};

/// What is too talkative to be useful; a filter that names one of these wins.
const QUIET: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn";

/// Whether lines are JSON objects.
pub fn is_json(log: &Log, environment: Environment) -> bool {
    match log.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => environment.is_production(),
    }
}

/// Starts logging, panics included. Done twice, the first time counts.
pub fn init(log: &Log, environment: Environment) {
    let filter = EnvFilter::new(format!("{QUIET},{}", log.filter));
    let lines = fmt::layer().with_writer(stderr);
    let started = if is_json(log, environment) {
        let lines = lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false);
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .try_init()
    } else {
        let lines = lines
            .compact()
            .with_target(false)
            .with_ansi(stderr().is_terminal());
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .try_init()
    };
    if started.is_ok() {
        // The default hook writes several lines that no log reader understands. What was panicked
        // with is logged where the panic is caught, with the request or job it belongs to.
        std::panic::set_hook(Box::new(|panic| {
            let at = panic.location().map(ToString::to_string);
            tracing::error!(at, "panic: {}", panic.payload_as_str().unwrap_or("no text"));
        }));
    }
}
