//! `healthcheck`: one request to `/health/ready`, without an HTTP client in the program.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::terminal;
use crate::{config::ServerSettings, error::BoxError};

/// A server that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// Succeeds when the server says that it is ready.
pub(super) async fn run(server: &ServerSettings) -> Result<(), BoxError> {
    let address = server.reachable();
    check(address).await?;
    terminal::say(format_args!("{address} is ready"));
    Ok(())
}

/// Whether a server answers there and says that it is ready.
pub(super) async fn check(address: SocketAddr) -> Result<(), String> {
    let (status, body) = get(address, "/health/ready").await?;
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(format!("{address} is not ready: {status} {}", body.trim())),
    }
}

/// Whether metrics are served there, to us or to others.
pub(super) async fn check_metrics(address: SocketAddr) -> Result<(), String> {
    let (status, _) = get(address, "/metrics").await?;
    match status.split(' ').nth(1) {
        Some("200" | "401") => Ok(()),
        _ => Err(format!("{address} serves no metrics: {status}")),
    }
}

/// The first line of the answer, and its body.
async fn get(address: SocketAddr, path: &str) -> Result<(String, String), String> {
    let answer = timeout(PATIENCE, ask(address, path))
        .await
        .map_err(|_| format!("{address} did not answer within {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("{address} cannot be asked: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    Ok((status.to_owned(), body.to_owned()))
}

async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: erpmax-healthcheck\r\n\
         Connection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
