//! The addresses to listen on: free, or taken by our own server, which then should be ready.

use std::net::SocketAddr;

use super::{
    Facts,
    check::{Check, bounded},
};
use crate::cli::{healthcheck, lifecycle};

/// Looks at each address.
pub(super) async fn look(facts: &Facts) -> [Check; 2] {
    let (server, metrics) = tokio::join!(
        bounded("server", server(facts)),
        bounded("metrics", metrics(facts))
    );
    [server, metrics]
}

async fn server(facts: &Facts) -> Check {
    let server = &facts.config.server;
    let address = server.address();
    if address.port() == 0 {
        return Check::ok(
            "server",
            format!("will take any free port of {}", server.host),
        );
    }
    let Err(taken) = bind(address) else {
        return Check::ok("server", format!("{address} is free; no server runs there"));
    };
    match healthcheck::check(server.reachable()).await {
        Ok(()) => Check::ok(
            "server",
            format!("a server answers on {address} and is ready"),
        ),
        Err(error) => Check::failed(
            "server",
            format!("{taken}; {error}"),
            "if that is ours, read its log; else stop the other program, or set PORT",
        ),
    }
}

async fn metrics(facts: &Facts) -> Check {
    let settings = &facts.config.metrics;
    if facts.problem("METRICS_ADDR").is_some() || facts.problem("METRICS_TOKEN").is_some() {
        return Check::failed("metrics", "cannot be served", "see configuration above");
    }
    match settings.address {
        Some(address) => match bind(address) {
            Ok(()) => Check::ok(
                "metrics",
                format!("will be served on {address}, which is free"),
            ),
            Err(taken) => match healthcheck::check_metrics(address).await {
                Ok(()) => Check::ok("metrics", format!("served on {address}")),
                Err(error) => Check::failed(
                    "metrics",
                    format!("{taken}; {error}"),
                    "stop the other program, or set METRICS_ADDR",
                ),
            },
        },
        None if settings.token.is_some() => Check::ok(
            "metrics",
            "on the public port, to whoever shows METRICS_TOKEN",
        ),
        None => Check::off("metrics", "METRICS_ADDR or METRICS_TOKEN switches them on"),
    }
}

/// Takes the address and gives it back.
fn bind(address: SocketAddr) -> Result<(), String> {
    match lifecycle::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot listen on {address}: {error}")),
    }
}
