//! Where log lines go and what they look like. Commands answer on standard output, logs go to
//! standard error.

mod json;

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Environment, Log, LogFormat};

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
    let filter = log.filter.clone();
    let started = if is_json(log, environment) {
        tracing_subscriber::registry()
            .with(filter)
            .with(json::JsonLines(stderr))
            .try_init()
    } else {
        let lines = fmt::layer()
            .with_writer(stderr)
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
