//! The engine as HTTP knows it: what it is asked, how a request becomes a websocket, and how a connection is
//! hung up on, for which the engine has no word.

use std::sync::{Arc, OnceLock, Weak};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE},
        uri::PathAndQuery,
    },
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use serde::Deserialize;
use serde_json::json;
use socketioxide::{service::SocketIoService, socket::Sid};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    PATH,
    line::{Cords, Line, Wire},
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

/// The engine and what ends its connections.
pub struct Engine {
    app: App,
    service: Service,
    cords: Cords,
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
            engine.cords.pull(sid);
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
            cords: Cords::default(),
            all: operator.all.clone(),
        });
        operator.engine.set(Arc::downgrade(&engine)).ok();
        engine
    }

    /// Says in the name of a client that polls that it leaves; of another the engine knows better.
    async fn close(&self, sid: Sid) {
        let uri = format!("{PATH}?EIO=4&transport=polling&sid={sid}");
        let request = Request::post(uri).body(Body::from(CLOSE));
        if let Ok(request) = request {
            self.ask(request).await;
        }
    }

    async fn ask(&self, request: Request) -> Response {
        let answered = self.service.clone().oneshot(request).await;
        let answered = answered.unwrap_or_else(|never| match never {});
        answered.map(Body::new)
    }

    /// Answers a request for a websocket, and hands its bytes to the engine once they flow; leaves alone
    /// what is no such request, or is none that the engine would take.
    fn connect(&self, request: &mut Request) -> Option<Response> {
        let query = request.uri().query().unwrap_or_default();
        let asks = parameter(query, "EIO") == Some("4")
            && parameter(query, "transport") == Some("websocket");
        let sid = parameter(query, "sid").map(str::parse::<Sid>);
        let key = request.headers().get(SEC_WEBSOCKET_KEY);
        let (true, Some(key), None | Some(Ok(_))) = (asks, key, &sid) else {
            return None;
        };
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = request.extensions_mut().remove::<OnUpgrade>()?;
        let line = request.extensions().get::<Arc<Line>>();
        let cord = line.map_or_else(|| self.all.child_token(), |line| line.cord.clone());
        let listed = match sid {
            Some(Ok(sid)) => match self.cords.list(sid, &cord) {
                Some(listed) => Some(listed),
                None => return Some(StatusCode::BAD_REQUEST.into_response()),
            },
            _ => None,
        };
        let (parts, _) = std::mem::take(request).into_parts();
        let service = self.service.clone();
        self.app.spawn("socket.io", async move {
            let Ok(upgraded) = upgrade.await else { return };
            let wire = Wire::new(upgraded, cord, listed);
            let request = Request::from_parts(parts, ());
            if let Err(error) = service.oneshot((wire, request)).await {
                tracing::debug!(%error, "not for the engine");
            }
        });
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        if let Ok(accept) = HeaderValue::try_from(accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        Some(response)
    }
}

/// Answers what is for the engine.
pub async fn answer(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    let cx = request.extensions().get::<Cx>();
    let info = cx.map(|cx| cx.info().clone()).unwrap_or_default();
    let request_id = info.request_id.clone();
    let mut request = for_engine(&engine, request, info);
    match engine.connect(&mut request) {
        Some(response) => response,
        None => complete(engine.ask(request).await, &request_id).await,
    }
}

/// What the engine keeps of a request for as long as the connection lives: no more than is used.
fn for_engine(engine: &Engine, request: Request, info: RequestInfo) -> Request {
    let (mut parts, body) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    parts.extensions = Extensions::new();
    if let Some(upgrade) = upgrade {
        parts.extensions.insert(upgrade);
    }
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
    Request::from_parts(parts, body)
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
