//! A connection of the engine, which carries the sockets of several namespaces. The engine lets go by itself
//! only of who never connects to one and of who gives no sign of life; here is what else ends a connection:
//! nothing is left on it, nothing can be written to it, or it goes on asking after it was refused.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socketioxide::extract::SocketRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{gate::Gate, namespace::Namespace, upgrade::Listed};
use crate::config::Scale;

/// How often a connection may be refused …
const REFUSALS: u32 = 32;
/// … while as many seconds pass.
const WINDOW: f64 = 300.0;

/// A connection, known for as long as the engine keeps it.
#[derive(Debug)]
pub struct Line {
    /// Counts how often somebody was not let in on it.
    pub refusals: Gate,
    /// Ends it, where it began as a websocket.
    pub cord: CancellationToken,
    /// Count what is said in each namespace, also by one who leaves it and comes back.
    gates: Mutex<Vec<(Namespace, Arc<Gate>)>>,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    now: usize,
    ever: u64,
}

impl Line {
    /// One that has just begun, with what ends it.
    pub fn new(scale: Scale, cord: CancellationToken) -> Self {
        let most = scale.of(REFUSALS);
        Self {
            refusals: Gate::new(most, f64::from(most) / WINDOW),
            cord,
            gates: Mutex::default(),
            seats: Mutex::default(),
        }
    }

    /// Counts what is said in a namespace: so many events each second, twice as many at once.
    pub fn gate(&self, namespace: Namespace, pace: u32) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, gate)) = gates.iter().find(|(it, _)| *it == namespace) {
            return Arc::clone(gate);
        }
        let gate = Arc::new(Gate::new(2 * pace, f64::from(pace)));
        gates.push((namespace, Arc::clone(&gate)));
        gate
    }

    /// The one that a socket is on.
    pub fn of(socket: &SocketRef) -> Option<Arc<Self>> {
        socket.req_parts().extensions.get::<Arc<Self>>().cloned()
    }

    /// A socket more is on it.
    pub fn sit(&self) {
        let mut seats = self.seats();
        seats.now += 1;
        seats.ever += 1;
    }

    /// One less; when that was the last, what to ask [`Self::is_deserted`] for.
    pub fn leave(&self) -> Option<u64> {
        let mut seats = self.seats();
        seats.now -= 1;
        (seats.now == 0).then_some(seats.ever)
    }

    /// Whether nobody has come since the last one left.
    pub fn is_deserted(&self, since: u64) -> bool {
        let seats = self.seats();
        seats.now == 0 && seats.ever == since
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of a websocket. They end when its cord is pulled, and when nothing can be written any more: the
/// engine would go on, and throw away what it could not write.
pub struct Wire {
    stream: TokioIo<Upgraded>,
    cord: CancellationToken,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _listed: Option<Listed>,
}

impl Wire {
    /// Of a connection that has been upgraded.
    pub fn new(upgraded: Upgraded, cord: CancellationToken, listed: Option<Listed>) -> Self {
        Self {
            stream: TokioIo::new(upgraded),
            cut: Box::pin(cord.clone().cancelled_owned()),
            cord,
            _listed: listed,
        }
    }

    fn heed<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &written {
            self.cord.cancel();
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.heed(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.heed(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.heed(shut)
    }
}
