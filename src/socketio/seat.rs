//! A socket that is connected to a namespace: told what happens until it leaves or may not stay.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entity::ids::NotificationId;
use futures::FutureExt;
use serde_json::{Value, json};
use socketioxide::{
    SendError, SocketError, SocketIo,
    extract::{AckSender, Event, SocketRef, TryData},
    socket::DisconnectReason,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Door,
    entrance::{Arrival, Waiting},
    gate::{Gate, Verdict},
    line::Line,
    mouth::Mouth,
    namespace::Namespace,
    teller,
};
use crate::{
    domain::{
        notifications,
        realtime::{Cursor, Ended, Presence},
    },
    error::{Code, Error, Reason, Result, Subject},
};

/// How long to wait before something is emitted again for which there was no room.
const ROOM: Duration = Duration::from_millis(10);
/// How long somebody who may not stay is given to take in why.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a socket's handlers know.
pub struct Seat {
    pub door: Arc<Door>,
    pub presence: Presence,
    pub namespace: Namespace,
    gate: Arc<Gate>,
    /// Cancelled when the socket is not connected any more.
    pub gone: CancellationToken,
    /// Whether the whole connection has ended, not only this socket on it.
    cut: AtomicBool,
}

/// Why nothing can be said to a socket.
pub enum Lost {
    /// It is not there any more, or the process stops.
    Gone,
    /// It takes nothing in.
    Stuck,
}

/// Serves a socket whose CONNECT was answered, until it goes; then looks after the connection that it was on.
pub async fn attend(door: Arc<Door>, io: SocketIo, socket: SocketRef) {
    let Some(line) = Line::of(&socket) else {
        return;
    };
    let sid = socket.id;
    line.sit();
    // A socket that nobody serves any more would hear nothing, and not know it.
    let served = AssertUnwindSafe(host(&door, &io, &line, socket)).catch_unwind();
    let left = served.await.unwrap_or_else(|_| {
        tracing::error!("what serves a socket panicked");
        Left::Stuck
    });
    let vacancy = line.leave();
    match (left, vacancy) {
        (Left::Stuck, _) => door.operator.hang_up(&line, sid).await,
        // What carries no socket is kept no longer than what never did.
        (Left::Namespace, Some(vacancy)) => {
            tokio::select! {
                () = door.app.shutdown.cancelled() => return,
                () = sleep(door.app.config.realtime.connect_timeout) => {}
            }
            if line.is_deserted(vacancy) {
                door.operator.hang_up(&line, sid).await;
            }
        }
        (Left::Namespace, None) | (Left::Connection, _) => {}
    }
}

/// How a socket went.
enum Left {
    /// Out of its namespace, by its own wish or ours.
    Namespace,
    /// With the connection that it was on.
    Connection,
    /// It is still there, and takes nothing in or is told nothing.
    Stuck,
}

/// Serves a socket until it goes. Of those who have gone nothing is kept.
async fn host(door: &Arc<Door>, io: &SocketIo, line: &Line, socket: SocketRef) -> Left {
    let waiting = socket.extensions.remove::<Waiting>();
    let arrival = waiting.and_then(|it| it.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(arrival) = arrival else {
        return Left::Namespace;
    };
    let Arrival {
        presence,
        namespace,
        feeds,
        listeners,
    } = arrival;
    let pace = door.app.config.realtime.events_per_second;
    let seat = Arc::new(Seat {
        gate: line.gate(namespace, pace),
        door: Arc::clone(door),
        presence,
        namespace,
        gone: CancellationToken::new(),
        cut: AtomicBool::new(false),
    });
    watch(&seat, &socket);
    // Whoever left before could be watched is not seen leaving.
    let here = io
        .of(socket.ns())
        .and_then(|space| space.get_socket(socket.id));
    if here.is_none() || !socket.connected() {
        return Left::Namespace;
    }
    let served = match listeners {
        Some(listeners) => {
            let heard = Cursor::of_all(listeners.iter().map(|it| (it.stream(), it.position())));
            let mouth = Arc::new(Mouth::new(Arc::clone(&seat), socket, &feeds, heard));
            teller::serve(&mouth, listeners).await
        }
        None => Box::pin(seat.resync(&socket)).await,
    };
    match served {
        Err(Lost::Stuck) => Left::Stuck,
        _ if seat.cut.load(Ordering::Acquire) => Left::Connection,
        Ok(()) | Err(Lost::Gone) => Left::Namespace,
    }
}

/// Hears what the client says, and that it goes.
fn watch(seat: &Arc<Seat>, socket: &SocketRef) {
    let leaving = Arc::clone(seat);
    socket.on_disconnect(move |why: DisconnectReason| {
        use DisconnectReason::{ClientNSDisconnect, ServerNSDisconnect};
        let cut = !matches!(why, ClientNSDisconnect | ServerNSDisconnect);
        leaving.cut.store(cut, Ordering::Release);
        leaving.gone.cancel();
        std::future::ready(())
    });
    let seat = Arc::clone(seat);
    socket.on_fallback(
        move |socket: SocketRef,
              Event(name): Event,
              TryData(said): TryData<Value>,
              ack: AckSender| {
            let seat = Arc::clone(&seat);
            async move { seat.hear(&socket, &name, said.ok(), ack).await }
        },
    );
}

impl Seat {
    /// What a client says.
    async fn hear(&self, socket: &SocketRef, name: &str, said: Option<Value>, ack: AckSender) {
        match self.gate.pass() {
            Verdict::In => {}
            Verdict::Closing => {
                let refusal = json!({
                    "message": "Too many events.",
                    "code": Code::RateLimited.as_str(),
                });
                if let Err(Lost::Stuck) = self.turn_out(socket, &refusal).await {
                    self.hang_up(socket).await;
                }
                return;
            }
            Verdict::Closed => return,
        }
        match name {
            "ping" => {
                socket.emit("pong", &NOTHING).ok();
            }
            "notification_read" if self.namespace.takes_readings() => {
                let (name, answer) = match self.read(said.as_ref()).await {
                    Ok(id) => (
                        "notification_read_confirmed",
                        json!({ "notification_id": id }),
                    ),
                    Err(error) => ("error", error_said(&error)),
                };
                socket.emit(name, &answer).ok();
            }
            _ => {
                let metrics = &self.door.app.metrics.realtime;
                metrics.unknown(self.namespace.word());
            }
        }
        ack.send(&NOTHING).ok();
    }

    /// A client says that a notification was read. One that is no id is as unknown as somebody else's.
    async fn read(&self, said: Option<&Value>) -> Result<NotificationId> {
        const FIELD: &str = "notification_id";
        let id = said.and_then(|said| said.get(FIELD));
        let id = id.filter(|id| !id.is_null());
        let id = id.ok_or_else(|| Error::invalid(FIELD, Reason::Required))?;
        let id = id.as_str().and_then(|id| id.parse().ok());
        let id = id.ok_or(Error::NotFound(Subject::Notification))?;
        let read = notifications::mark_read(&self.presence.cx(), id).await;
        if let Err(error) = &read
            && error.code() == Code::Internal
        {
            tracing::error!(%error, "a notification cannot be marked");
        }
        read
    }

    /// Tells that what was missed is gone, and ends.
    pub async fn resync(&self, socket: &SocketRef) -> Result<(), Lost> {
        self.door.app.metrics.realtime.resync();
        self.part(socket, &error_said(&Error::Resync)).await
    }

    /// Tells why, and disconnects the socket from the namespace.
    pub async fn part(&self, socket: &SocketRef, why: &Value) -> Result<(), Lost> {
        self.say(FAREWELL, || socket.emit("error", why)).await?;
        self.disconnect(socket).await
    }

    /// The same to one who says too much: what is on its way is passed over first, because the engine ends the
    /// whole connection, with all that it still has to say, for an event from where nobody is any more.
    async fn turn_out(&self, socket: &SocketRef, why: &Value) -> Result<(), Lost> {
        self.say(FAREWELL, || socket.emit("error", why)).await?;
        self.pause(FAREWELL).await?;
        self.disconnect(socket).await
    }

    async fn disconnect(&self, socket: &SocketRef) -> Result<(), Lost> {
        let disconnect = || Ok(socket.clone().disconnect()?);
        self.say(FAREWELL, disconnect).await
    }

    /// Says something as soon as there is room; gives up on who takes nothing in.
    pub async fn say(
        &self,
        patience: Duration,
        mut say: impl FnMut() -> Result<(), SendError>,
    ) -> Result<(), Lost> {
        let mut until = None;
        loop {
            match say() {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    let until = *until.get_or_insert_with(|| Instant::now() + patience);
                    if Instant::now() > until {
                        tracing::debug!("a client takes nothing in");
                        return Err(Lost::Stuck);
                    }
                    self.pause(ROOM).await?;
                }
                Err(SendError::Socket(SocketError::Closed)) => return Err(Lost::Gone),
                Err(SendError::Serialize(error)) => {
                    tracing::error!(%error, "an event cannot be written");
                    return Ok(());
                }
            }
        }
    }

    async fn hang_up(&self, socket: &SocketRef) {
        if let Some(line) = Line::of(socket) {
            self.door.operator.hang_up(&line, socket.id).await;
        }
    }

    pub async fn pause(&self, duration: Duration) -> Result<(), Lost> {
        tokio::select! {
            () = self.gone.cancelled() => Err(Lost::Gone),
            () = self.door.app.shutdown.cancelled() => Err(Lost::Gone),
            () = sleep(duration) => Ok(()),
        }
    }
}

/// No argument: an event without one is `["pong"]`, an acknowledgement `[]`.
const NOTHING: [(); 0] = [];

/// An error as clients are told of it.
fn error_said(error: &Error) -> Value {
    json!({ "message": error.message(), "code": error.code().as_str() })
}

/// Why somebody may not stay.
pub fn farewell(ended: Ended) -> Value {
    json!({ "message": ended.message(), "code": ended.refusal().code().as_str() })
}
