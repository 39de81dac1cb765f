//! The upgrade of a connection that polls to a websocket.
//!
//! The engine, once asked for it, cannot go back: from then on it answers polls with nothing and asks no more
//! whether the client is there, also when the websocket breaks off before the client has moved to it, as
//! behind proxies that know no websockets. So its part is played here until then; the engine gets the
//! websocket of a client that has moved, and hears all that was said.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use futures::{SinkExt, StreamExt};
use socketioxide::socket::Sid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;

use super::{READ, line::Wire};

/// What the client asks the websocket for, what it is answered, and how it says that it has moved
/// (Engine.IO protocol 4, "Upgrade").
const PROBE: &str = "2probe";
const ANSWER: &str = "3probe";
const MOVED: &str = "5";
/// More bytes than that takes.
const HEARD: usize = 2 * READ;

/// Connections that become websockets or have become some, and requests that poll.
#[derive(Clone, Debug, Default)]
pub struct Upgrades(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    upgrades: HashMap<Sid, Upgrade>,
    polls: HashMap<Sid, CancellationToken>,
}

#[derive(Debug)]
struct Upgrade {
    cord: CancellationToken,
    /// Whether the client is moving: polls are answered with nothing.
    moving: bool,
}

/// A connection that is listed as long as this lives.
#[derive(Debug)]
pub struct Listed {
    upgrades: Upgrades,
    sid: Sid,
    ended: CancellationToken,
}

impl Listed {
    /// Cancelled when it is listed no more.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

/// A request that polls.
#[derive(Debug)]
pub struct Polling {
    upgrades: Upgrades,
    sid: Sid,
    interrupted: CancellationToken,
}

impl Upgrades {
    /// Lists the cord of a connection that becomes a websocket; nothing when it is becoming one already.
    pub fn list(&self, sid: Sid, cord: &CancellationToken) -> Option<Listed> {
        let mut state = self.state();
        if state.upgrades.contains_key(&sid) {
            return None;
        }
        let cord = cord.clone();
        let moving = false;
        state.upgrades.insert(sid, Upgrade { cord, moving });
        Some(Listed {
            upgrades: self.clone(),
            sid,
            ended: CancellationToken::new(),
        })
    }

    /// Ends a connection that has become a websocket.
    pub fn pull(&self, sid: Sid) {
        if let Some(upgrade) = self.state().upgrades.get(&sid) {
            upgrade.cord.cancel();
        }
    }

    /// Begins to poll; nothing while the client moves.
    pub fn poll(&self, sid: Sid) -> Option<Polling> {
        let mut state = self.state();
        if state.upgrades.get(&sid).is_some_and(|it| it.moving) {
            return None;
        }
        let interrupted = state.polls.entry(sid).or_default().clone();
        let upgrades = self.clone();
        Some(Polling {
            upgrades,
            sid,
            interrupted,
        })
    }

    /// The client moves, or has moved; while it does, who polls gets nothing.
    pub fn moves(&self, sid: Sid, moving: bool) {
        let mut state = self.state();
        if let Some(upgrade) = state.upgrades.get_mut(&sid) {
            upgrade.moving = moving;
        }
        if moving && let Some(poll) = state.polls.get(&sid) {
            poll.cancel();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.upgrades.state().upgrades.remove(&self.sid);
        self.ended.cancel();
    }
}

impl Polling {
    /// Waits until the client moves.
    pub async fn interrupted(&self) {
        self.interrupted.cancelled().await;
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.upgrades.state().polls.remove(&self.sid);
    }
}

/// A websocket on which the engine's part was played, or not.
pub struct Stage {
    wire: Wire,
    rehearsal: Option<Box<Rehearsal>>,
}

/// What was said before the engine was let at it.
#[derive(Default)]
struct Rehearsal {
    /// What the client has said and the engine has not yet heard.
    heard: Vec<u8>,
    /// How many bytes the engine was spared to say.
    said: usize,
    over: bool,
}

impl Stage {
    /// Leaves everything to the engine.
    pub fn new(wire: Wire) -> Self {
        Self {
            wire,
            rehearsal: None,
        }
    }

    /// Plays the engine's part until the client has moved. `probed` is called when the websocket works, and
    /// the client is about to.
    pub async fn rehearse(wire: Wire, probed: impl FnOnce()) -> Option<Self> {
        let mut stage = Self {
            wire,
            rehearsal: Some(Box::default()),
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .max_message_size(Some(READ))
            .max_frame_size(Some(READ));
        let mut socket =
            WebSocketStream::from_raw_socket(&mut stage, Role::Server, Some(config)).await;
        hear(&mut socket, PROBE).await?;
        probed();
        socket.send(Message::text(ANSWER)).await.ok()?;
        hear(&mut socket, MOVED).await?;
        drop(socket);
        if let Some(rehearsal) = &mut stage.rehearsal {
            rehearsal.over = true;
        }
        Some(stage)
    }
}

/// The engine takes nothing else at this point, either.
async fn hear(socket: &mut WebSocketStream<&mut Stage>, words: &str) -> Option<()> {
    match socket.next().await {
        Some(Ok(Message::Text(said))) if said.as_str() == words => Some(()),
        _ => None,
    }
}

impl AsyncRead for Stage {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { wire, rehearsal } = &mut *self;
        let Some(rehearsal) = rehearsal else {
            return Pin::new(wire).poll_read(cx, buf);
        };
        if rehearsal.over && !rehearsal.heard.is_empty() {
            let part = rehearsal.heard.len().min(buf.remaining());
            buf.put_slice(&rehearsal.heard[..part]);
            rehearsal.heard.drain(..part);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(wire).poll_read(cx, buf))?;
        if !rehearsal.over {
            rehearsal.heard.extend_from_slice(&buf.filled()[before..]);
            if rehearsal.heard.len() > HEARD {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stage {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { wire, rehearsal } = &mut *self;
        match rehearsal {
            // It says the same again.
            Some(rehearsal) if rehearsal.over && rehearsal.said > 0 => {
                let part = rehearsal.said.min(buf.len());
                rehearsal.said -= part;
                Poll::Ready(Ok(part))
            }
            Some(rehearsal) if !rehearsal.over => {
                let part = ready!(Pin::new(wire).poll_write(cx, buf))?;
                rehearsal.said += part;
                Poll::Ready(Ok(part))
            }
            Some(_) | None => Pin::new(wire).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
