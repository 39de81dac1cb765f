//! A socket that is connected to a namespace: told what happens until it leaves or may not stay.

use std::{
    pin::pin,
    sync::{Arc, PoisonError},
    time::Duration,
};

use entity::ids::NotificationId;
use serde::Serialize;
use serde_json::{Value, json};
use socketioxide::{
    SendError, SocketError, SocketIo,
    extract::{AckSender, Event, SocketRef, TryData},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Door,
    entrance::{Arrival, Waiting},
    gate::{Gate, Verdict},
    namespace::Namespace,
};
use crate::{
    domain::{
        notifications,
        realtime::{Cursor, Ended, Feed, Heard, Listener, Next, Presence},
    },
    error::{Code, Error, Reason, Result, Subject},
};

/// The words of the original.
const WELCOME: &str = "Successfully connected to ERPMax Orchestrator";
/// How long to wait before something is emitted again for which there was no room.
const ROOM: Duration = Duration::from_millis(10);
/// How long to wait before a stream is read again that could not be read.
const AGAIN: Duration = Duration::from_millis(500);

/// What a socket's handlers know.
struct Seat {
    door: Arc<Door>,
    presence: Presence,
    namespace: Namespace,
    gate: Gate,
    /// Cancelled when the socket is not connected any more.
    gone: CancellationToken,
}

/// The socket is not there any more, or takes nothing in.
struct Gone;

/// A socket at work.
struct Teller<'a> {
    seat: &'a Seat,
    socket: &'a SocketRef,
    feeds: Vec<Feed>,
    place: Cursor,
}

/// Serves a socket whose CONNECT was answered, until it goes.
pub async fn attend(door: Arc<Door>, io: SocketIo, socket: SocketRef) {
    let waiting = socket.extensions.remove::<Waiting>();
    let arrival = waiting.and_then(|it| it.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(arrival) = arrival else {
        return;
    };
    let Arrival {
        presence,
        namespace,
        feeds,
        listeners,
    } = arrival;
    let seat = Arc::new(Seat {
        gate: Gate::new(door.app.config.realtime.events_per_second),
        door,
        presence,
        namespace,
        gone: CancellationToken::new(),
    });
    watch(&seat, &socket);
    // Whoever left before could be watched is not seen leaving.
    let here = io
        .of(socket.ns())
        .and_then(|space| space.get_socket(socket.id));
    if here.is_none() || !socket.connected() {
        return;
    }
    let Some(listeners) = listeners else {
        return seat.resync(&socket).await;
    };
    let mut place = Cursor::default();
    for listener in &listeners {
        place.move_to(listener.stream(), listener.position());
    }
    let teller = Teller {
        seat: &seat,
        socket: &socket,
        feeds,
        place,
    };
    teller.serve(listeners).await;
}

/// Hears what the client says, and that it goes.
fn watch(seat: &Arc<Seat>, socket: &SocketRef) {
    let gone = seat.gone.clone();
    socket.on_disconnect(move || {
        gone.cancel();
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
                return self.part(socket, &refusal).await;
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
            _ => {}
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
    async fn resync(&self, socket: &SocketRef) {
        self.door.app.metrics.realtime.resync();
        self.part(socket, &error_said(&Error::Resync)).await;
    }

    /// Tells why, and disconnects the socket from the namespace.
    async fn part(&self, socket: &SocketRef, why: &Value) {
        if self.emit(socket, "error", why).await.is_err() {
            return;
        }
        while let Err(SocketError::InternalChannelFull) = socket.clone().disconnect() {
            if self.pause(ROOM).await.is_err() {
                return;
            }
        }
    }

    /// Emits as soon as there is room; gives up on who takes nothing in.
    async fn emit<T: Serialize + Sync + ?Sized>(
        &self,
        socket: &SocketRef,
        name: &str,
        payload: &T,
    ) -> Result<(), Gone> {
        let mut until = None;
        loop {
            match socket.emit(name, payload) {
                Ok(()) => return Ok(()),
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    let patience = self.door.app.config.connections.write_timeout;
                    let until = *until.get_or_insert_with(|| Instant::now() + patience);
                    if Instant::now() > until {
                        tracing::debug!("a client takes nothing in");
                        return Err(Gone);
                    }
                    self.pause(ROOM).await?;
                }
                Err(SendError::Socket(SocketError::Closed)) => return Err(Gone),
                Err(SendError::Serialize(error)) => {
                    tracing::error!(%error, "an event cannot be written");
                    return Ok(());
                }
            }
        }
    }

    async fn pause(&self, duration: Duration) -> Result<(), Gone> {
        tokio::select! {
            () = self.gone.cancelled() => Err(Gone),
            () = self.door.app.shutdown.cancelled() => Err(Gone),
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
fn farewell(ended: Ended) -> Value {
    json!({ "message": ended.message(), "code": ended.refusal().code().as_str() })
}

impl Teller<'_> {
    async fn serve(mut self, mut listeners: Vec<Listener>) {
        if self.welcome().await.is_err() {
            return;
        }
        let (seat, socket) = (self.seat, self.socket);
        let mut ended = pin!(seat.presence.ended());
        let mut gone = pin!(seat.gone.cancelled());
        loop {
            let next = tokio::select! {
                biased;
                () = gone.as_mut() => return,
                ended = ended.as_mut() => return seat.part(socket, &farewell(ended)).await,
                next = next(&mut listeners) => next,
            };
            match next {
                Ok(Next::Heard(heard)) => {
                    let told = tokio::select! {
                        biased;
                        ended = ended.as_mut() => {
                            return seat.part(socket, &farewell(ended)).await;
                        }
                        told = self.tell(&heard) => told,
                    };
                    if told.is_err() {
                        return self.let_go().await;
                    }
                }
                Ok(Next::Resync) => return seat.resync(socket).await,
                Ok(Next::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, "a stream cannot be read; trying again");
                    if seat.pause(AGAIN).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn welcome(&self) -> Result<(), Gone> {
        if self.seat.namespace != Namespace::Main {
            return Ok(());
        }
        let presence = &self.seat.presence;
        let welcome = json!({
            "message": WELCOME,
            "user_id": presence.user_id(),
            "tenant_id": presence.tenant_id(),
            "cursor": self.place.to_string(),
        });
        self.seat.emit(self.socket, "connected", &welcome).await
    }

    async fn tell(&mut self, heard: &Arc<Heard>) -> Result<(), Gone> {
        self.place.move_to(heard.stream, heard.seq);
        let Some(told) = &heard.told else {
            return Ok(());
        };
        if !self.feeds.contains(&told.feed()) {
            return Ok(());
        }
        let print = match self.seat.door.press.print(heard) {
            Ok(Some(print)) => print,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, event = told.name(), "an event cannot be written");
                return Ok(());
            }
        };
        if self.seat.namespace != Namespace::Main {
            return self
                .seat
                .emit(self.socket, told.name(), print.alone())
                .await;
        }
        let Ok(whole) = print.at(self.place) else {
            return Ok(());
        };
        self.seat.emit(self.socket, told.name(), &*whole).await?;
        // The specification's example listens for `notification` there.
        if told.name() == "notification:new" {
            self.seat.emit(self.socket, "notification", &*whole).await?;
        }
        Ok(())
    }

    /// Disconnects who takes nothing in, as soon as that can be said; the engine gives up on it otherwise.
    async fn let_go(&self) {
        while let Err(SocketError::InternalChannelFull) = self.socket.clone().disconnect() {
            if self.seat.pause(AGAIN).await.is_err() {
                return;
            }
        }
    }
}

/// What is told next in any of the streams; safe to be dropped while it waits.
async fn next(listeners: &mut [Listener]) -> Result<Next> {
    match listeners {
        [one] => one.next().await,
        [one, other] => tokio::select! {
            next = one.next() => next,
            next = other.next() => next,
        },
        _ => std::future::pending().await,
    }
}
