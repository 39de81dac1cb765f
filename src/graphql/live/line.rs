//! A WebSocket with somebody at its other end: what is said waits until they take it in, or are to go.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket},
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::protocol::{Close, Protocol};
use crate::domain::realtime::Presence;

/// How long a client may take to say farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// The conversation ends: with a word, or because there is nobody to say it to.
pub type Over = Option<Close>;

/// A socket whose language is known.
pub struct Line {
    socket: WebSocket,
    /// How the other end speaks.
    pub protocol: Protocol,
    /// Who is there, once they have said so.
    pub presence: Option<Arc<Presence>>,
    shutdown: CancellationToken,
}

impl Line {
    /// With nobody known to be there yet.
    pub fn new(socket: WebSocket, protocol: Protocol, shutdown: CancellationToken) -> Self {
        Self {
            socket,
            protocol,
            presence: None,
            shutdown,
        }
    }

    /// What is said next; safe to be dropped while it waits.
    pub async fn hear(&mut self) -> Option<Result<Frame, axum::Error>> {
        self.socket.recv().await
    }

    /// Says something.
    pub async fn say(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Over> {
        self.write(Frame::Text(text.into())).await
    }

    /// Asks for a sign of life.
    pub async fn ping(&mut self) -> Result<(), Over> {
        self.write(Frame::Ping(Bytes::new())).await
    }

    /// Writes something. Who takes nothing in is given a moment once they are to go, and no more.
    async fn write(&mut self, frame: Frame) -> Result<(), Over> {
        let (presence, shutdown) = (&self.presence, &self.shutdown);
        let going = async {
            let unwelcome = async {
                match presence {
                    Some(presence) => presence.ended().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = unwelcome => {}
            }
            sleep(FAREWELL).await;
        };
        tokio::select! {
            biased;
            sent = self.socket.send(frame) => sent.map_err(|_| None),
            () = going => Err(None),
        }
    }

    /// Ends it, with a word where there is one. The answer to a client's own farewell goes out as one reads on
    /// (RFC 6455, section 5.5.1).
    pub async fn close(self, over: Over) {
        drop(self.presence);
        match over {
            Some(word) => close(self.socket, word).await,
            None => drain(self.socket).await,
        }
    }
}

/// Ends a socket with a word.
pub async fn close(mut socket: WebSocket, Close(code, reason): Close) {
    let frame = CloseFrame {
        code,
        reason: reason.into_owned().into(),
    };
    let said = timeout(FAREWELL, socket.send(Frame::Close(Some(frame))));
    if let Ok(Ok(())) = said.await {
        // What is read no more would make the system throw our last words away.
        drain(socket).await;
    }
}

async fn drain(mut socket: WebSocket) {
    let drained = async { while let Some(Ok(_)) = socket.recv().await {} };
    timeout(FAREWELL, drained).await.ok();
}
