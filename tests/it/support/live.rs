//! People who listen: sockets that speak either protocol literally, and streams of server-sent events.

use std::time::Duration;

use futures::{SinkExt, StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::Actor;

/// Long enough for anything that is to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A socket, in the protocol's own words.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came of listening.
#[derive(Debug, PartialEq)]
pub enum Came {
    /// A message.
    Json(Value),
    /// The end, with its code.
    Closed(u16),
}

impl Actor {
    /// Opens a socket; nothing is said yet.
    pub async fn socket(&self, protocol: &str) -> Socket {
        let url = format!("{}/graphql", self.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        if !protocol.is_empty() {
            let name = HeaderValue::from_str(protocol).unwrap();
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, name);
        }
        let (socket, response) = connect_async(request).await.expect("a socket");
        let spoken = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
        let spoken = spoken.map_or("", |name| name.to_str().unwrap());
        if ["graphql-transport-ws", "graphql-ws"].contains(&protocol) {
            assert_eq!(spoken, protocol);
        }
        Socket(socket)
    }

    /// Opens a socket of the newer protocol, says who it is, and is acknowledged.
    pub async fn online(&self) -> Socket {
        let mut socket = self.socket("graphql-transport-ws").await;
        let payload = match &self.access {
            Some(token) => json!({ "authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        socket
            .say(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        socket.expect(&json!({ "type": "connection_ack" })).await;
        socket
    }

    /// Subscribes over server-sent events.
    pub async fn events(&self, query: &str, variables: Value) -> Events {
        let url = format!("{}/graphql", self.base);
        let body = json!({ "query": query, "variables": variables });
        let request = self.http.post(url).header("accept", "text/event-stream");
        let response = self.signed(request.json(&body)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Events {
            chunks: response
                .bytes_stream()
                .map(|chunk| chunk.map(|bytes| bytes.to_vec()))
                .boxed(),
            read: String::new(),
        }
    }
}

impl Socket {
    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.text(&message.to_string()).await;
    }

    /// Sends a text.
    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Sends anything, which the other side may not wait for.
    pub async fn send(&mut self, message: Message) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// What comes next, signs of life apart.
    pub async fn next(&mut self) -> Came {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let said: Value = serde_json::from_str(&text).unwrap();
                        if said["type"] != "ka" {
                            return Came::Json(said);
                        }
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Came::Closed(frame.map_or(1005, |frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Came::Closed(1006),
                }
            }
        };
        timeout(PATIENCE, next).await.expect("something in time")
    }

    /// The next message.
    pub async fn json(&mut self) -> Value {
        match self.next().await {
            Came::Json(value) => value,
            closed @ Came::Closed(_) => panic!("a message, not {closed:?}"),
        }
    }

    /// The next message must be this.
    pub async fn expect(&mut self, message: &Value) {
        assert_eq!(self.json().await, *message);
    }

    /// The socket must be closed with this.
    pub async fn closed(&mut self, code: u16) {
        assert_eq!(self.next().await, Came::Closed(code));
    }

    /// The socket must be closed next: with which code, and why in words.
    pub async fn farewell(&mut self) -> (u16, String) {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return (frame.code.into(), frame.reason.to_string());
                    }
                    Some(Ok(Message::Ping(_))) => {}
                    other => panic!("a farewell, not {other:?}"),
                }
            }
        };
        timeout(PATIENCE, next).await.expect("something in time")
    }

    /// Sends an operation of the newer protocol.
    pub async fn start(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    /// Subscribes, and waits until that has begun.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.start(id, query, variables).await;
        self.say(&json!({ "type": "ping", "payload": { "of": id } }))
            .await;
        self.expect(&json!({ "type": "pong", "payload": { "of": id } }))
            .await;
    }

    /// The `data` of the next message, which must be an event of an operation.
    pub async fn event(&mut self, id: &str) -> Value {
        let message = self.json().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message}"
        );
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].clone()
    }

    /// The code of the next message, which must be the end of an operation by an error.
    pub async fn refused(&mut self, id: &str) -> String {
        let message = self.json().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!(id)),
            "{message}"
        );
        let error = &message["payload"][0];
        assert!(error["extensions"]["requestId"].is_string(), "{message}");
        error["extensions"]["code"].as_str().unwrap().to_owned()
    }
}

/// A stream of server-sent events.
pub struct Events {
    chunks: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    read: String,
}

impl Events {
    /// The next event and its data; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if event.starts_with(':') {
                    continue;
                }
                let field = |name: &str| {
                    let mut lines = event.lines();
                    let value = lines.find_map(|line| line.strip_prefix(name));
                    value.unwrap_or_default().trim_start().to_owned()
                };
                return Some((field("event:"), field("data:")));
            }
            let chunk = timeout(PATIENCE, self.chunks.next())
                .await
                .expect("something in time");
            self.read += std::str::from_utf8(&chunk?.ok()?).unwrap();
        }
    }

    /// Waits for the first bytes: the subscription has begun.
    pub async fn begun(&mut self) {
        let chunk = timeout(PATIENCE, self.chunks.next())
            .await
            .expect("something in time");
        self.read += std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap();
    }

    /// The next event's answer.
    pub async fn answer(&mut self) -> Value {
        let (event, data) = self.next().await.expect("an event");
        assert_eq!(event, "next", "{data}");
        serde_json::from_str(&data).unwrap()
    }

    /// The `data` of the next event.
    pub async fn event(&mut self) -> Value {
        let answer = self.answer().await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    /// The code of an error, with which it must end.
    pub async fn refused(&mut self) -> String {
        let answer = self.answer().await;
        let code = answer["errors"][0]["extensions"]["code"].clone();
        self.completed().await;
        code.as_str()
            .unwrap_or_else(|| panic!("no code: {answer}"))
            .to_owned()
    }

    /// The operation must be complete, and the stream with it.
    pub async fn completed(&mut self) {
        assert_eq!(
            self.next().await,
            Some(("complete".to_owned(), String::new()))
        );
        assert_eq!(self.next().await, None);
    }
}
