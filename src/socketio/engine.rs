//! The engine as HTTP knows it: what it is asked, how a request becomes a websocket, and how a connection is
//! hung up on, for which the engine has no word.

use std::sync::{Arc, OnceLock, Weak};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{CONTENT_TYPE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION},
        uri::PathAndQuery,
    },
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use serde::Deserialize;
use serde_json::json;
use socketioxide::{service::SocketIoService, socket::Sid};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    PATH,
    line::{Line, Wire},
    upgrade::{Stage, Upgrades},
};
use crate::{
    app::App,
    domain::cx::{Cx, RequestInfo},
    error::Code,
};

/// The engine; what is not for it is nowhere.
pub type Service = SocketIoService<Router>;

/// More than the engine says of what it refuses.
const REFUSAL: usize = 1_024;
/// The packet of the engine by which a client that polls ends its connection.
const CLOSE: &str = "1";
/// The one that says nothing, and what packets are to one who polls.
const NOTHING: &str = "6";
const POLLED: &str = "text/plain; charset=UTF-8";

/// The engine and what ends its connections.
pub struct Engine {
    app: App,
    service: Service,
    upgrades: Upgrades,
    all: CancellationToken,
}

/// What knows how to hang up. Weak, because the engine keeps those who ask.
#[derive(Debug, Default)]
pub struct Operator {
    engine: OnceLock<Weak<Engine>>,
    /// Ends all that are websockets.
    pub all: CancellationToken,
}

impl Operator {
    /// Ends a connection and all sockets on it.
    pub async fn hang_up(&self, line: &Line, sid: Sid) {
        line.cord.cancel();
        if let Some(engine) = self.engine.get().and_then(Weak::upgrade) {
            engine.upgrades.pull(sid);
            engine.close(sid).await;
        }
    }
}

impl Engine {
    /// At work; whoever is to hang up is told of it.
    pub fn new(app: App, service: Service, operator: &Operator) -> Arc<Self> {
        let engine = Arc::new(Self {
            app,
            service,
            upgrades: Upgrades::default(),
            all: operator.all.clone(),
        });
        operator.engine.set(Arc::downgrade(&engine)).ok();
        engine
    }

    /// Says in the name of a client that polls that it leaves; of another the engine knows better.
    async fn close(&self, sid: Sid) {
        self.say(sid, Body::from(CLOSE)).await;
    }

    /// Says something in that client's name.
    async fn say(&self, sid: Sid, packets: Body) -> Response {
        let uri = format!("{PATH}?EIO=4&transport=polling&sid={sid}");
        match Request::post(uri).body(packets) {
            Ok(request) => self.ask(request).await,
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }

    async fn ask(&self, request: Request) -> Response {
        let answered = self.service.clone().oneshot(request).await;
        let answered = answered.unwrap_or_else(|never| match never {});
        answered.map(Body::new)
    }

    /// Answers a request that polls: with nothing while its client moves to a websocket.
    async fn poll(&self, sid: Sid, request: Request) -> Response {
        let nothing = || ([(CONTENT_TYPE, POLLED)], NOTHING).into_response();
        let Some(polling) = self.upgrades.poll(sid) else {
            return nothing();
        };
        tokio::select! {
            // What there is to fetch is fetched.
            biased;
            answer = self.ask(request) => answer,
            () = polling.interrupted() => nothing(),
        }
    }

    /// Hands the bytes of a websocket to the engine once they flow.
    fn begin(&self, request: Request, upgrade: OnUpgrade) {
        let (parts, _) = request.into_parts();
        let line = parts.extensions.get::<Arc<Line>>();
        let cord = line.map_or_else(|| self.all.child_token(), |line| line.cord.clone());
        let service = self.service.clone();
        self.app.spawn("socket.io", async move {
            let Ok(upgraded) = upgrade.await else { return };
            let stage = Stage::new(Wire::new(upgraded, cord, None));
            let request = Request::from_parts(parts, ());
            if let Err(error) = service.oneshot((stage, request)).await {
                tracing::debug!(%error, "not for the engine");
            }
        });
    }

    /// The same where the client has polled until now, and goes on with that should this come to nothing.
    async fn upgrade(
        self: &Arc<Self>,
        sid: Sid,
        request: Request,
        upgrade: OnUpgrade,
    ) -> Result<(), Response> {
        self.expect(sid).await?;
        let cord = self.all.child_token();
        let listed = self.upgrades.list(sid, &cord);
        let listed = listed.ok_or_else(|| StatusCode::BAD_REQUEST.into_response())?;
        let ended = listed.ended();
        let (parts, _) = request.into_parts();
        let engine = Arc::clone(self);
        self.app.spawn("socket.io", async move {
            let patience = engine.app.config.realtime.connect_timeout;
            let rehearsed = async {
                let wire = Wire::new(upgrade.await.ok()?, cord, Some(listed));
                Stage::rehearse(wire, || engine.upgrades.moves(sid, true)).await
            };
            let Ok(Some(stage)) = timeout(patience, rehearsed).await else {
                tracing::debug!(%sid, "an upgrade came to nothing");
                return;
            };
            engine.upgrades.moves(sid, false);
            let request = Request::from_parts(parts, ());
            if let Err(error) = engine.service.clone().oneshot((stage, request)).await {
                tracing::debug!(%error, "not for the engine");
            }
            // The engine keeps the connection of a client that was lost between moving and being taken over.
            ended.cancelled().await;
            engine.close(sid).await;
        });
        Ok(())
    }

    /// Refuses, with the engine's words, a connection that is not there or does not poll.
    async fn expect(&self, sid: Sid) -> Result<(), Response> {
        let answer = self.say(sid, Body::empty()).await;
        match answer.status() {
            StatusCode::OK => Ok(()),
            _ => Err(answer),
        }
    }
}

/// Answers what is for the engine.
pub async fn answer(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    let cx = request.extensions().get::<Cx>();
    let info = cx.map(|cx| cx.info().clone()).unwrap_or_default();
    let request_id = info.request_id.clone();
    let answer = match Wish::of(&request) {
        Wish::Websocket(sid) => {
            let shaken = create_response_with_body(&request, Body::empty);
            let (request, upgrade) = for_engine(&engine, request, info);
            match (shaken, upgrade, sid) {
                (Ok(shaken), Some(upgrade), None) => {
                    engine.begin(request, upgrade);
                    shaken
                }
                (Ok(shaken), Some(upgrade), Some(sid)) => {
                    let upgraded = engine.upgrade(sid, request, upgrade).await;
                    upgraded.map_or_else(|refusal| refusal, |()| shaken)
                }
                _ => not_a_websocket(),
            }
        }
        Wish::Poll(sid) => {
            let (request, _) = for_engine(&engine, request, info);
            engine.poll(sid, request).await
        }
        Wish::Other => {
            let (request, _) = for_engine(&engine, request, info);
            engine.ask(request).await
        }
    };
    complete(answer, &request_id).await
}

/// No handshake of a websocket, or one of another version than the only one there is (RFC 6455, section 4.4).
fn not_a_websocket() -> Response {
    let version = (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    (StatusCode::BAD_REQUEST, [version]).into_response()
}

/// What a request is about, where that is not left to the engine.
enum Wish {
    /// To become a websocket, perhaps after having polled.
    Websocket(Option<Sid>),
    /// To be told what there is.
    Poll(Sid),
    /// Something else, or what the engine refuses.
    Other,
}

impl Wish {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let sid = parameter(query, "sid").map(str::parse);
        match (parameter(query, "EIO"), parameter(query, "transport"), sid) {
            (Some("4"), Some("websocket"), None) => Self::Websocket(None),
            (Some("4"), Some("websocket"), Some(Ok(sid))) => Self::Websocket(Some(sid)),
            (Some("4"), Some("polling"), Some(Ok(sid))) if request.method() == Method::GET => {
                Self::Poll(sid)
            }
            _ => Self::Other,
        }
    }
}

/// What the engine keeps of a request for as long as the connection lives: no more than is used.
fn for_engine(
    engine: &Engine,
    request: Request,
    info: RequestInfo,
) -> (Request, Option<OnUpgrade>) {
    let (mut parts, body) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    parts.extensions = Extensions::new();
    // The token of a socket is in what it says, not in the headers.
    parts.extensions.insert(RequestInfo {
        bearer: None,
        ..info
    });
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::GET {
        let key = parts.headers.remove(SEC_WEBSOCKET_KEY);
        // A copy, because what was read of the connection is kept while a part of it is in use.
        let key = key.and_then(|key| HeaderValue::from_bytes(key.as_bytes()).ok());
        parts.headers = HeaderMap::from_iter(key.map(|key| (SEC_WEBSOCKET_KEY, key)));
        if parameter(query, "sid").is_none() {
            let cord = engine.all.child_token();
            let line = Line::new(engine.app.config.limits.scale, cord);
            parts.extensions.insert(Arc::new(line));
        }
    }
    if let Ok(path) = PathAndQuery::try_from(format!("{PATH}?{query}")) {
        parts.uri = Uri::from(path);
    }
    (Request::from_parts(parts, body), upgrade)
}

/// The first value of a parameter, as the engine reads it.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut parameters = query.split('&').filter_map(|it| it.split_once('='));
    parameters.find_map(|(it, value)| (it == name).then_some(value))
}

/// What the engine says of a request that it refuses.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

/// Adds to the engine's words those of every other error (ruling 5). What has no words gets them where
/// those of all doors do.
async fn complete(response: Response, request_id: &str) -> Response {
    let json = response.headers().get(CONTENT_TYPE);
    if response.status() != StatusCode::BAD_REQUEST || json.is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = to_bytes(body, REFUSAL).await.unwrap_or_default();
    let Ok(Refusal { code, message }) = serde_json::from_slice(&said) else {
        return parts.status.into_response();
    };
    let body = json!({
        "code": code,
        "status": "error",
        "detail": message,
        "message": message,
        "error": { "code": Code::InvalidInput.as_str(), "message": message, "reason": null, "details": null },
        "data": null,
        "request_id": request_id,
    });
    (parts.status, Json(body)).into_response()
}
