//! A client of Socket.IO that says and hears the packets themselves, over one websocket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::Actor;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open engine.
pub struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What the engine said first.
    pub handshake: Value,
}

/// What a server says in a namespace.
#[derive(Clone, Debug, PartialEq)]
pub enum Packet {
    /// `40`: connected.
    Connect,
    /// `41`: disconnected.
    Disconnect,
    /// `42`: an event and its argument, if it has one.
    Event(String, Option<Value>),
    /// `43`: an acknowledgement.
    Ack(u64, Value),
    /// `44`: not let in; the message.
    Refused(String),
}

impl Wire {
    /// Opens one at the usual place.
    pub async fn open(who: &Actor) -> Self {
        Self::open_at(who, "/socket.io/").await
    }

    /// Opens one at a path.
    pub async fn open_at(who: &Actor, path: &str) -> Self {
        Self::try_open_at(who, path).await.expect("it opens")
    }

    /// Opens one if the server lets it.
    pub async fn try_open_at(who: &Actor, path: &str) -> Option<Self> {
        let base = who.base.replacen("http", "ws", 1);
        let url = format!("{base}{path}?EIO=4&transport=websocket");
        let mut wire = Self::dial(url).await?;
        let said = wire.read().await?;
        let open = said.strip_prefix('0').expect("a handshake");
        wire.handshake = serde_json::from_str(open).unwrap();
        Some(wire)
    }

    /// Opens the websocket that a client who polls goes over to; nothing is said on it yet.
    pub async fn upgrade(who: &Actor, sid: &str) -> Self {
        let base = who.base.replacen("http", "ws", 1);
        let url = format!("{base}/socket.io/?EIO=4&transport=websocket&sid={sid}");
        Self::dial(url).await.expect("it opens")
    }

    async fn dial(url: String) -> Option<Self> {
        let (socket, _) = connect_async(url).await.ok()?;
        Some(Self {
            socket,
            handshake: Value::Null,
        })
    }

    /// Connects to a namespace with somebody's token, and finds itself let in.
    pub async fn connect(&mut self, namespace: &str, who: &Actor) {
        self.connect_after(namespace, who, None).await;
    }

    /// The same, after a cursor.
    pub async fn connect_after(&mut self, namespace: &str, who: &Actor, after: Option<&str>) {
        let mut auth = json!({ "token": who.access });
        if let Some(after) = after {
            auth["after"] = json!(after);
        }
        let packet = self.ask(namespace, Some(auth)).await;
        assert_eq!(packet, Packet::Connect, "{namespace}");
    }

    /// Asks to be let into a namespace; the answer.
    pub async fn ask(&mut self, namespace: &str, auth: Option<Value>) -> Packet {
        let auth = auth.map(|auth| auth.to_string()).unwrap_or_default();
        self.say(&format!("40{}{auth}", prefix(namespace))).await;
        self.packet(namespace).await
    }

    /// Sends an event.
    pub async fn emit(&mut self, namespace: &str, event: Value) {
        self.say(&format!("42{}{event}", prefix(namespace))).await;
    }

    /// Sends anything.
    pub async fn say(&mut self, text: &str) {
        // A closed one is seen by whoever listens.
        self.socket.send(Message::text(text)).await.ok();
    }

    /// Sends several at once.
    pub async fn say_all(&mut self, texts: &[String]) {
        for text in texts {
            self.socket.feed(Message::text(text)).await.ok();
        }
        self.socket.flush().await.ok();
    }

    /// What the server says next in a namespace, which must be the one it speaks in.
    pub async fn packet(&mut self, namespace: &str) -> Packet {
        let said = self.read().await.expect("the server says something");
        let (there, packet) = parse(&said);
        assert_eq!(there, namespace, "{said}");
        packet
    }

    /// The next event, which has this name; its argument.
    pub async fn event(&mut self, namespace: &str, name: &str) -> Value {
        match self.packet(namespace).await {
            Packet::Event(there, Some(value)) if there == name => value,
            other => panic!("expected {name} in {namespace}, heard {other:?}"),
        }
    }

    /// The next event of this name, whatever comes before.
    pub async fn until(&mut self, namespace: &str, name: &str) -> Value {
        loop {
            if let Packet::Event(there, value) = self.packet(namespace).await
                && there == name
            {
                return value.unwrap_or_default();
            }
        }
    }

    /// The next frame that is none of the engine's own; nothing when the server has hung up.
    pub async fn read(&mut self) -> Option<String> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            match next.expect("something in time") {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.say("3").await,
                // The engine takes its leave.
                Some(Ok(Message::Text(text))) if text.as_str() == "1" => return None,
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Waits until the server hangs up.
    pub async fn closed(&mut self) {
        while self.read().await.is_some() {}
    }
}

fn prefix(namespace: &str) -> String {
    match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    }
}

fn parse(said: &str) -> (String, Packet) {
    let (kind, rest) = said.split_at(2);
    let (namespace, rest) = match rest.split_once(',') {
        Some((name, rest)) if name.starts_with('/') => (name, rest),
        None if rest.starts_with('/') => (rest, ""),
        _ => ("/", rest),
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let packet = match kind {
        "40" => Packet::Connect,
        "41" => Packet::Disconnect,
        "42" => {
            let mut said = json(rest).as_array().cloned().unwrap().into_iter();
            let name = said.next().unwrap().as_str().unwrap().to_owned();
            Packet::Event(name, said.next())
        }
        "43" => {
            let at = rest.find('[').unwrap();
            Packet::Ack(rest[..at].parse().unwrap(), json(&rest[at..]))
        }
        "44" => Packet::Refused(json(rest)["message"].as_str().unwrap().to_owned()),
        other => panic!("{other}: {said}"),
    };
    (namespace.to_owned(), packet)
}
