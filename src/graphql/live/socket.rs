//! A WebSocket: one conversation, in which many operations may be under way. What waits to be written is
//! bounded, because nothing is taken from a subscription before the last thing was written.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures::future::BoxFuture;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{
    Live, farewell,
    line::{self, Line, Over},
    operations::{Operations, Out},
    protocol::{
        self, Close, FORBIDDEN, GOING_AWAY, IDLE, Message, NO_PROTOCOL, NO_TEXT, NOT_LET_IN,
        OUR_FAULT, Protocol, SAME_ID, SILENT, TERMINATED, TOO_FAST, TOO_LARGE, TOO_LATE, TRY_LATER,
        TWICE, UNAUTHORIZED,
    },
    unanswered,
};
use crate::{
    domain::{
        cx::{Cx, RequestInfo},
        realtime::{Ended, Presence},
    },
    error::Error,
    graphql::{context::Scope, guard::Begun, request},
};

/// How much is read from a socket at a time: messages are short, and sockets are many.
const READ: usize = 4 * 1024;
/// How much is collected before it is written.
const WRITE: usize = 8 * 1024;
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

async fn converse(live: Live, cx: Cx, socket: WebSocket) {
    let protocol = socket.protocol().and_then(|name| name.to_str().ok());
    let Some(protocol) = protocol.and_then(Protocol::named) else {
        return line::close(socket, NO_PROTOCOL).await;
    };
    let conversation = Conversation::new(live, cx, socket, protocol);
    let (left, over) = conversation.run().await;
    left.close(over).await;
}

struct Conversation {
    live: Live,
    cx: Cx,
    line: Line,
    begun: bool,
    /// Since when nothing is under way, if that is so.
    idle_since: Instant,
    ended: BoxFuture<'static, Ended>,
    operations: Operations,
    pace: Pace,
}

/// How fast messages come.
struct Pace {
    second: Instant,
    count: u32,
}

impl Conversation {
    fn new(live: Live, cx: Cx, socket: WebSocket, protocol: Protocol) -> Self {
        Self {
            line: Line::new(socket, protocol, live.app.shutdown.clone()),
            live,
            cx,
            begun: false,
            idle_since: Instant::now(),
            ended: Box::pin(std::future::pending()),
            operations: Operations::new(),
            pace: Pace {
                second: Instant::now(),
                count: 0,
            },
        }
    }

    async fn run(mut self) -> (Line, Over) {
        let settings = self.live.app.config.realtime.clone();
        let shutdown = self.live.app.shutdown.clone();
        let mut stopping = Box::pin(async move { shutdown.cancelled().await });
        let mut life = interval(settings.keep_alive);
        life.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent = 0_u32;
        loop {
            let step = tokio::select! {
                biased;
                () = &mut stopping => Err(Some(GOING_AWAY)),
                why = &mut self.ended => {
                    self.tell_end(why).await;
                    Err(Some(match why {
                        Ended::SignedOut => UNAUTHORIZED,
                        Ended::Removed | Ended::Forbidden => FORBIDDEN,
                    }))
                }
                frame = self.line.hear() => {
                    silent = 0;
                    match frame {
                        Some(Ok(frame)) => self.take(frame).await,
                        // Too large, or none: what comes after it cannot be read.
                        Some(Err(_)) => Err(Some(TOO_LARGE)),
                        None => Err(None),
                    }
                }
                Some((id, out)) = self.operations.next() => self.say(&id, out).await,
                _ = life.tick() => {
                    silent += 1;
                    if silent > 3 { Err(Some(SILENT)) } else { self.live_on().await }
                }
                () = sleep_until(self.idle_since + settings.connect_timeout), if self.is_idle() => {
                    Err(Some(if self.begun { IDLE } else { TOO_LATE }))
                }
            };
            if let Err(over) = step {
                return (self.line, over);
            }
        }
    }

    /// Whether nobody is known to be there, and nothing is under way. In the limits, only people count.
    fn is_idle(&self) -> bool {
        self.line.presence.is_none() && self.operations.count() == 0
    }

    /// Gives a sign of life and asks for one.
    async fn live_on(&mut self) -> Result<(), Over> {
        if let Some(text) = self.line.protocol.keep_alive().filter(|_| self.begun) {
            self.line.say(text).await?;
        }
        self.line.ping().await
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Over> {
        self.pace
            .step(self.live.app.config.realtime.messages_per_second)?;
        match frame {
            Frame::Text(text) => {
                let message = self.line.protocol.read(&text).map_err(Some)?;
                self.hear(message).await
            }
            Frame::Binary(_) => Err(Some(NO_TEXT)),
            Frame::Close(_) => Err(None),
            Frame::Ping(_) | Frame::Pong(_) => Ok(()),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Over> {
        match message {
            Message::Init(_) if self.begun => Err(Some(TWICE)),
            Message::Init(payload) => self.begin(payload.as_deref()).await,
            Message::Start(..) if !self.begun => Err(Some(UNAUTHORIZED)),
            Message::Start(id, payload) => self.start(id.into(), &payload).await,
            Message::Stop(id) => {
                self.end(&id);
                Ok(())
            }
            Message::Ping(payload) => self.line.say(Protocol::pong(payload.as_deref())).await,
            Message::Pong => Ok(()),
            Message::Terminate => Err(Some(TERMINATED)),
        }
    }

    /// Finds out who it is.
    async fn begin(&mut self, payload: Option<&str>) -> Result<(), Over> {
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
                    if let Some(text) = self.line.protocol.refused(&refusal.message()) {
                        self.line.say(text).await?;
                    }
                    let told = |code| Close::told(code, &refusal.message());
                    return Err(Some(match &refusal {
                        Error::Unauthenticated(_) | Error::Forbidden(_) => told(NOT_LET_IN),
                        Error::RateLimited { .. } => told(TRY_LATER),
                        failure => {
                            tracing::error!(error = %failure, "a socket's token cannot be looked up");
                            OUR_FAULT
                        }
                    }));
                }
            };
            self.line.presence = Some(Arc::clone(&presence));
            self.ended = Box::pin(async move { presence.ended().await });
        }
        self.begun = true;
        self.idle_since = Instant::now();
        for text in self.line.protocol.acknowledged() {
            self.line.say(*text).await?;
        }
        Ok(())
    }

    /// Begins an operation. A subscription has begun when this returns, so whoever gets a `pong` to a `ping`
    /// after it knows that.
    async fn start(&mut self, id: Arc<str>, payload: &str) -> Result<(), Over> {
        if self.operations.has(&id) {
            if self.line.protocol == Protocol::Transport {
                return Err(Some(SAME_ID));
            }
            self.operations.end(&id);
        }
        let most = self.live.app.config.realtime.operations_per_socket;
        if self.operations.count() >= most {
            let text = format!(
                "As many operations are under way on this socket as may be ({most}). End one."
            );
            let refusal = Error::too_much(text, RETRY_AFTER);
            return self.refuse(&id, refusal).await;
        }
        if let Err(refusal) = self.live.clients.count(&self.cx) {
            return self.refuse(&id, refusal).await;
        }
        let cx = match &self.line.presence {
            Some(presence) => presence.ask().await,
            None => Ok(self.cx.anew()),
        };
        let cx = match cx {
            Ok(cx) => cx,
            Err(error) => return self.refuse(&id, error).await,
        };
        let request = match request::by_message(payload) {
            Ok(request) => request,
            Err(refusal) => {
                let error = refusal.into_error(cx.request_id());
                return self.say(&id, Out::Refused(vec![error])).await;
            }
        };
        let admitted = self.live.guard.admit(Scope::new(cx), request);
        if !admitted.listens() {
            let (live, cx) = (self.live.clone(), self.cx.clone());
            self.operations.answer(live, cx, id, admitted);
            return Ok(());
        }
        match Box::pin(self.live.guard.begin(admitted, self.line.presence.clone())).await {
            Begun::Refused(answer) => self.say(&id, Out::Refused(answer.errors)).await,
            Begun::Listening(opened, selection) => {
                match Box::pin(self.live.subscribe(opened, selection)).await {
                    Ok(subscriber) => {
                        self.operations.listen(id, subscriber);
                        Ok(())
                    }
                    Err(error) => self.refuse(&id, error).await,
                }
            }
        }
    }

    async fn refuse(&mut self, id: &Arc<str>, why: Error) -> Result<(), Over> {
        let error = unanswered(why, &self.cx);
        self.say(id, Out::Refused(vec![error])).await
    }

    async fn say(&mut self, id: &Arc<str>, out: Out) -> Result<(), Over> {
        let text = match out {
            Out::Next(body) => self.line.protocol.next(id, &body),
            Out::Refused(errors) => {
                self.end(id);
                self.line.protocol.error(id, &errors)
            }
            Out::Done => {
                self.end(id);
                Protocol::complete(id)
            }
        };
        self.line.say(text).await
    }

    fn end(&mut self, id: &str) {
        if self.operations.has(id) {
            self.operations.end(id);
            self.idle_since = Instant::now();
        }
    }

    /// Tells each subscription why it ends.
    async fn tell_end(&mut self, why: Ended) {
        let error = farewell(why, self.cx.request_id());
        for id in self.operations.ids() {
            let refused = Out::Refused(vec![error.clone()]);
            if self.say(&id, refused).await.is_err() {
                return;
            }
        }
    }
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
