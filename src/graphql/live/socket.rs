//! A WebSocket: one conversation, in which many operations may be under way. What waits to be written is
//! bounded, because nothing is taken from a subscription before the last thing was written.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::{Response as Answer, ServerError};
use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::{
    future::{AbortHandle, BoxFuture},
    stream::{self, BoxStream, SelectAll, Stream, StreamExt, abortable},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

use super::{
    Live, farewell,
    protocol::{
        self, Close, FORBIDDEN, GOING_AWAY, Message, NO_PROTOCOL, NO_TEXT, OUR_FAULT, Protocol,
        SAME_ID, SILENT, TOO_FAST, TOO_LARGE, TOO_LATE, TRY_LATER, TWICE, UNAUTHORIZED,
    },
    subscriber::Said,
    told,
};
use crate::{
    domain::{
        cx::{Cx, RequestInfo},
        realtime::{Ended, Presence},
    },
    error::Error,
    graphql::{
        body::{self, was_refused},
        context::Scope,
        error::Failure,
        guard::{Admitted, Begun},
        request,
    },
};

/// How much is read from a socket at a time: messages are short, and sockets are many.
const READ: usize = 4 * 1024;
/// How much is collected before it is written.
const WRITE: usize = 8 * 1024;
/// How long a client may take to say farewell.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many answers are worked out at a time, or wait to be written: who reads slowly does not make us keep
/// many.
const ANSWERS: usize = 8;
/// When to come back who has too much under way.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Opens a socket.
pub fn open(live: Live, cx: Cx, upgrade: WebSocketUpgrade) -> Response {
    let largest = live.app.config.server.max_body_bytes;
    let upgrade = upgrade
        .protocols(Protocol::ALL)
        .read_buffer_size(READ)
        .write_buffer_size(WRITE)
        // A socket that takes nothing in fails once so much waits for it.
        .max_write_buffer_size(16 * largest.max(WRITE))
        .max_message_size(largest)
        .max_frame_size(largest);
    upgrade.on_upgrade(move |socket| async move {
        let tasks = live.app.tasks.clone();
        tasks.track_future(converse(live, cx, socket)).await;
    })
}

async fn converse(live: Live, cx: Cx, mut socket: WebSocket) {
    let protocol = socket.protocol().and_then(|name| name.to_str().ok());
    let close = match protocol.and_then(Protocol::named) {
        Some(protocol) => Conversation::new(live, cx, protocol).run(&mut socket).await,
        None => Some(NO_PROTOCOL),
    };
    let Some(Close(code, reason)) = close else {
        return;
    };
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    let said = timeout(FAREWELL, socket.send(Frame::Close(Some(frame))));
    if let Ok(Ok(())) = said.await {
        // What is read no more would make the system throw our last words away.
        let drained = async { while let Some(Ok(_)) = socket.recv().await {} };
        timeout(FAREWELL, drained).await.ok();
    }
}

/// What an operation says.
enum Out {
    Next(Arc<str>),
    Refused(Vec<ServerError>),
    Done,
}

type Outs = BoxStream<'static, (Arc<str>, Out)>;

struct Conversation {
    live: Live,
    cx: Cx,
    protocol: Protocol,
    begun: bool,
    presence: Option<Arc<Presence>>,
    ended: BoxFuture<'static, Ended>,
    under_way: HashMap<Arc<str>, AbortHandle>,
    outs: SelectAll<Outs>,
    turns: Arc<Semaphore>,
    pace: Pace,
}

/// How fast messages come.
struct Pace {
    second: Instant,
    count: u32,
}

/// The conversation ends: with a word, or because there is nobody to say it to.
type Over = Option<Close>;

impl Conversation {
    fn new(live: Live, cx: Cx, protocol: Protocol) -> Self {
        Self {
            live,
            cx,
            protocol,
            begun: false,
            presence: None,
            ended: Box::pin(std::future::pending()),
            under_way: HashMap::new(),
            outs: SelectAll::new(),
            turns: Arc::new(Semaphore::new(ANSWERS)),
            pace: Pace {
                second: Instant::now(),
                count: 0,
            },
        }
    }

    async fn run(mut self, socket: &mut WebSocket) -> Over {
        let settings = self.live.app.config.realtime.clone();
        let shutdown = self.live.app.shutdown.clone();
        let mut stopping = Box::pin(async move { shutdown.cancelled().await });
        let patience = Instant::now() + settings.connect_timeout;
        let mut life = interval(settings.keep_alive);
        life.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = 0_u32;
        loop {
            let step = tokio::select! {
                biased;
                () = &mut stopping => Err(Some(GOING_AWAY)),
                why = &mut self.ended => {
                    self.tell_end(socket, why).await;
                    Err(Some(match why {
                        Ended::SignedOut => UNAUTHORIZED,
                        Ended::Removed | Ended::Forbidden => FORBIDDEN,
                    }))
                }
                frame = socket.recv() => {
                    silent = 0;
                    match frame {
                        Some(Ok(frame)) => self.take(socket, frame).await,
                        // Too large, or none: what comes after it cannot be read.
                        Some(Err(_)) => Err(Some(TOO_LARGE)),
                        None => Err(None),
                    }
                }
                Some((id, out)) = self.outs.next(), if !self.outs.is_empty() => {
                    self.say(socket, &id, out).await
                }
                _ = life.tick() => {
                    silent += 1;
                    if silent > 3 { Err(Some(SILENT)) } else { self.live_on(socket).await }
                }
                () = sleep_until(patience), if !self.begun => Err(Some(TOO_LATE)),
            };
            if let Err(over) = step {
                return over;
            }
        }
    }

    /// Gives a sign of life and asks for one.
    async fn live_on(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        if let Some(text) = self.protocol.keep_alive().filter(|_| self.begun) {
            self.send(socket, text).await?;
        }
        self.write(socket, Frame::Ping(Bytes::new())).await
    }

    async fn take(&mut self, socket: &mut WebSocket, frame: Frame) -> Result<(), Over> {
        self.pace
            .step(self.live.app.config.realtime.messages_per_second)?;
        match frame {
            Frame::Text(text) => {
                let message = self.protocol.read(&text).map_err(Some)?;
                self.hear(socket, message).await
            }
            Frame::Binary(_) => Err(Some(NO_TEXT)),
            Frame::Close(_) => Err(None),
            Frame::Ping(_) | Frame::Pong(_) => Ok(()),
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), Over> {
        match message {
            Message::Init(_) if self.begun => Err(Some(TWICE)),
            Message::Init(payload) => self.begin(socket, payload.as_deref()).await,
            Message::Start(..) if !self.begun => Err(Some(UNAUTHORIZED)),
            Message::Start(id, payload) => self.start(socket, id.into(), &payload).await,
            Message::Stop(id) => {
                if let Some(handle) = self.under_way.remove(&*id) {
                    handle.abort();
                }
                Ok(())
            }
            Message::Ping(payload) => self.send(socket, Protocol::pong(payload.as_deref())).await,
            Message::Pong => Ok(()),
            Message::Terminate => Err(Some(Close(1000, ""))),
        }
    }

    /// Finds out who it is.
    async fn begin(&mut self, socket: &mut WebSocket, payload: Option<&str>) -> Result<(), Over> {
        let token = protocol::token(payload).map_err(Some)?;
        let shown = token.or_else(|| self.cx.info().bearer.clone());
        let signed = shown.is_some();
        self.cx = Cx::request(
            self.live.app.clone(),
            RequestInfo {
                bearer: shown,
                ..self.cx.info().clone()
            },
        );
        if signed {
            let presence = match Presence::begin(&self.cx).await {
                Ok(presence) => Arc::new(presence),
                Err(refusal) => {
                    if let Some(text) = self.protocol.refused(&refusal.message()) {
                        self.send(socket, text).await?;
                    }
                    return Err(Some(match refusal {
                        Error::Unauthenticated(_) | Error::Forbidden(_) => FORBIDDEN,
                        Error::RateLimited { .. } => TRY_LATER,
                        failure => {
                            tracing::error!(error = %failure, "a socket's token cannot be looked up");
                            OUR_FAULT
                        }
                    }));
                }
            };
            self.presence = Some(Arc::clone(&presence));
            self.ended = Box::pin(async move { presence.ended().await });
        }
        self.begun = true;
        for text in self.protocol.acknowledged() {
            self.send(socket, *text).await?;
        }
        Ok(())
    }

    /// Begins an operation. A subscription has begun when this returns, so whoever gets a `pong` to a `ping`
    /// after it knows that.
    async fn start(
        &mut self,
        socket: &mut WebSocket,
        id: Arc<str>,
        payload: &str,
    ) -> Result<(), Over> {
        if let Some(other) = self.under_way.get(&id) {
            if self.protocol == Protocol::Transport {
                return Err(Some(SAME_ID));
            }
            other.abort();
            self.under_way.remove(&id);
        }
        let most = self.live.app.config.realtime.operations_per_socket;
        if self.under_way.len() >= most {
            let refusal = Error::RateLimited {
                retry_after: RETRY_AFTER,
            };
            return self.refuse(socket, &id, refusal).await;
        }
        if let Err(refusal) = self.live.clients.count(&self.cx) {
            return self.refuse(socket, &id, refusal).await;
        }
        let cx = match &self.presence {
            Some(presence) => presence.ask().await,
            None => Ok(self.cx.anew()),
        };
        let cx = match cx {
            Ok(cx) => cx,
            Err(error) => return self.refuse(socket, &id, error).await,
        };
        let request = match request::by_message(payload) {
            Ok(request) => request,
            Err(refusal) => {
                let error = refusal.into_error(cx.request_id());
                return self.say(socket, &id, Out::Refused(vec![error])).await;
            }
        };
        let admitted = self.live.guard.admit(Scope::new(cx), request);
        if !admitted.listens() {
            let turns = Arc::clone(&self.turns);
            let answered = answered(self.live.clone(), self.cx.clone(), turns, admitted);
            self.run_operation(id, stream::once(answered).flatten().boxed());
            return Ok(());
        }
        match Box::pin(self.live.guard.begin(admitted, self.presence.clone())).await {
            Begun::Refused(answer) => self.say(socket, &id, Out::Refused(answer.errors)).await,
            Begun::Listening(opened, selection) => {
                match Box::pin(self.live.subscribe(opened, selection)).await {
                    Ok(subscriber) => {
                        let said = subscriber.into_stream().map(|said| match said {
                            Said::Next(body) => Out::Next(body),
                            Said::Failed(error) => Out::Refused(vec![error]),
                        });
                        let end = stream::once(async { Out::Done });
                        self.run_operation(id, said.chain(end).boxed());
                        Ok(())
                    }
                    Err(error) => self.refuse(socket, &id, error).await,
                }
            }
        }
    }

    fn run_operation(&mut self, id: Arc<str>, outs: BoxStream<'static, Out>) {
        let of = Arc::clone(&id);
        let (outs, handle) = abortable(outs.map(move |out| (Arc::clone(&of), out)));
        self.under_way.insert(id, handle);
        self.outs.push(outs.boxed());
    }

    async fn refuse(
        &mut self,
        socket: &mut WebSocket,
        id: &Arc<str>,
        why: Error,
    ) -> Result<(), Over> {
        let error = refusal(why, &self.cx);
        self.say(socket, id, Out::Refused(vec![error])).await
    }

    async fn say(&mut self, socket: &mut WebSocket, id: &Arc<str>, out: Out) -> Result<(), Over> {
        let text = match out {
            Out::Next(body) => self.protocol.next(id, &body),
            Out::Refused(errors) => {
                self.forget(id);
                self.protocol.error(id, &errors)
            }
            Out::Done => {
                self.forget(id);
                Protocol::complete(id)
            }
        };
        self.send(socket, text).await
    }

    /// Writes something. Who takes nothing in is given a moment once they are to go, and no more.
    async fn write(&mut self, socket: &mut WebSocket, frame: Frame) -> Result<(), Over> {
        let (presence, shutdown) = (&self.presence, &self.live.app.shutdown);
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
            sent = socket.send(frame) => sent.map_err(|_| None),
            () = going => Err(None),
        }
    }

    async fn send(
        &mut self,
        socket: &mut WebSocket,
        text: impl Into<Utf8Bytes>,
    ) -> Result<(), Over> {
        self.write(socket, Frame::Text(text.into())).await
    }

    fn forget(&mut self, id: &Arc<str>) {
        if let Some(handle) = self.under_way.remove(id) {
            handle.abort();
        }
    }

    /// Tells each subscription why it ends.
    async fn tell_end(&mut self, socket: &mut WebSocket, why: Ended) {
        let error = farewell(why, self.cx.request_id());
        let ids: Vec<_> = self.under_way.keys().cloned().collect();
        for id in ids {
            let refused = Out::Refused(vec![error.clone()]);
            if self.say(socket, &id, refused).await.is_err() {
                return;
            }
        }
    }
}

/// Answers an operation, when it is its turn. While others are told something, it goes on: it may hold locks.
async fn answered(
    live: Live,
    cx: Cx,
    turns: Arc<Semaphore>,
    admitted: Admitted,
) -> impl Stream<Item = Out> {
    let turn = turns.acquire_owned().await;
    let guard = Arc::clone(&live.guard);
    let answering = async move { guard.answer(admitted).await };
    let outs = match live.app.apart(answering).await {
        Ok(answer) => outs(answer),
        Err(error) => vec![Out::Refused(vec![refusal(error, &cx)])],
    };
    stream::iter(outs).inspect(move |_| {
        // The next one's turn comes when this was said.
        let _ = &turn;
    })
}

/// Why there is no answer.
fn refusal(why: Error, cx: &Cx) -> ServerError {
    told(Failure::from(why).into_server_error(None), cx.request_id())
}

/// What is said of an operation that answers.
fn outs(answer: Answer) -> Vec<Out> {
    if was_refused(&answer) {
        return vec![Out::Refused(answer.errors)];
    }
    vec![Out::Next(body::text(&answer)), Out::Done]
}

impl Pace {
    fn step(&mut self, most: u32) -> Result<(), Over> {
        if self.second.elapsed() >= Duration::from_secs(1) {
            self.second = Instant::now();
            self.count = 0;
        }
        self.count += 1;
        if self.count > most {
            Err(Some(TOO_FAST))
        } else {
            Ok(())
        }
    }
}
