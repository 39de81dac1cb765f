//! The two subprotocols, as texts: `graphql-transport-ws`
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>) and the older `graphql-ws`
//! (<https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>). Pure.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::graphql::body::write;

/// The code for credentials that are not let in, and for rights that have ended.
pub const NOT_LET_IN: u16 = 4403;
/// The code for who has as much as they may.
pub const TRY_LATER: u16 = 1013;
/// Longest id of an operation.
const MAX_ID: usize = 256;

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `graphql-transport-ws`, which the library `graphql-ws` speaks.
    Transport,
    /// `graphql-ws`, which `subscriptions-transport-ws` speaks.
    Older,
}

/// The most that fits into the frame that closes a socket, beside its code (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// Why a socket is closed: a code and a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close(pub u16, pub Cow<'static, str>);

impl Close {
    /// With words that are known from the beginning.
    pub const fn new(code: u16, words: &'static str) -> Self {
        Self(code, Cow::Borrowed(words))
    }

    /// With the words of a refusal, as far as they fit.
    pub fn told(code: u16, words: &str) -> Self {
        let end = words.floor_char_boundary(MAX_REASON);
        Self(code, Cow::Owned(words[..end].to_owned()))
    }
}

/// The process stops.
pub const GOING_AWAY: Close = Close::new(1001, "The server is going away");
/// Too many messages.
pub const TOO_FAST: Close = Close::new(1008, "Too many messages");
/// What is no text.
pub const NO_TEXT: Close = Close::new(1003, "Send texts");
/// A message that is larger than it may be, or is none.
pub const TOO_LARGE: Close = Close::new(1009, "The message is too large or broken");
/// The client has said that it goes.
pub const TERMINATED: Close = Close::new(1000, "");
/// Nobody knows who it is, and nothing was asked for a while. Libraries come back when they have something to ask.
pub const IDLE: Close = Close::new(1000, "Nothing was asked");
/// Our fault.
pub const OUR_FAULT: Close = Close::new(4500, "Internal error");
/// A message that the protocol does not know.
pub const BAD_MESSAGE: Close = Close::new(4400, "Invalid message");
/// An operation before the connection was acknowledged, or a session that has ended: whoever comes back with
/// the same credentials is refused, and libraries do not try.
pub const UNAUTHORIZED: Close = Close::new(4401, "Unauthorized");
/// Credentials that are none.
pub const NO_TOKEN: Close = Close::new(NOT_LET_IN, "Send the token as text");
/// A right that has ended.
pub const FORBIDDEN: Close = Close::new(NOT_LET_IN, "Forbidden");
/// None of our protocols.
pub const NO_PROTOCOL: Close = Close::new(4406, "Subprotocol not acceptable");
/// No word in time.
pub const TOO_LATE: Close = Close::new(4408, "Connection initialisation timeout");
/// An id that is in use.
pub const SAME_ID: Close = Close::new(4409, "Subscriber already exists");
/// A second beginning.
pub const TWICE: Close = Close::new(4429, "Too many initialisation requests");
/// Nobody is there any more.
pub const SILENT: Close = Close::new(4408, "No sign of life");

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Who it is.
    Init(Option<String>),
    /// An operation.
    Start(String, String),
    /// It wants to hear no more of an operation.
    Stop(String),
    /// A sign of life, which wants one back.
    Ping(Option<String>),
    /// A sign of life.
    Pong,
    /// The end.
    Terminate,
}

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Protocol {
    /// In the order in which we like them.
    pub const ALL: [&'static str; 2] = ["graphql-transport-ws", "graphql-ws"];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "graphql-transport-ws" => Some(Self::Transport),
            "graphql-ws" => Some(Self::Older),
            _ => None,
        }
    }

    /// Reads a message.
    pub fn read(self, text: &str) -> Result<Message, Close> {
        let Sent { kind, id, payload } = serde_json::from_str(text).map_err(|_| BAD_MESSAGE)?;
        let payload = payload.map(|payload| payload.get().to_owned());
        let id = || {
            let id = id.filter(|id| !id.is_empty() && id.len() <= MAX_ID);
            id.ok_or(BAD_MESSAGE)
        };
        Ok(match (self, &*kind) {
            (_, "connection_init") => Message::Init(payload),
            (Self::Transport, "subscribe") | (Self::Older, "start") => {
                Message::Start(id()?, payload.ok_or(BAD_MESSAGE)?)
            }
            (Self::Transport, "complete") | (Self::Older, "stop") => Message::Stop(id()?),
            (Self::Transport, "ping") => Message::Ping(payload),
            (Self::Transport, "pong") => Message::Pong,
            (Self::Older, "connection_terminate") => Message::Terminate,
            _ => return Err(BAD_MESSAGE),
        })
    }

    /// That a connection may be used.
    pub fn acknowledged(self) -> &'static [&'static str] {
        const ACK: &str = r#"{"type":"connection_ack"}"#;
        match self {
            Self::Transport => &[ACK],
            Self::Older => &[ACK, KEEP_ALIVE],
        }
    }

    /// That the server is still there, where the protocol has a word for it.
    pub fn keep_alive(self) -> Option<&'static str> {
        (self == Self::Older).then_some(KEEP_ALIVE)
    }

    /// Why a connection may not be used, where the protocol has a word for it.
    pub fn refused(self, text: &str) -> Option<String> {
        let payload = serde_json::json!({ "message": text });
        (self == Self::Older)
            .then(|| format!(r#"{{"type":"connection_error","payload":{payload}}}"#))
    }

    /// An answer, or an event: `body` is its JSON.
    pub fn next(self, id: &str, body: &str) -> String {
        let kind = match self {
            Self::Transport => "next",
            Self::Older => "data",
        };
        message(kind, id, Some(body))
    }

    /// What is wrong with an operation, which ends with it.
    pub fn error(self, id: &str, errors: &[ServerError]) -> String {
        let payload = match self {
            Self::Transport => write(&errors),
            Self::Older => write(&errors.first()),
        };
        message("error", id, Some(&payload))
    }

    /// That an operation has ended.
    pub fn complete(id: &str) -> String {
        message("complete", id, None)
    }

    /// The answer to a sign of life.
    pub fn pong(payload: Option<&str>) -> String {
        match payload {
            Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
            None => r#"{"type":"pong"}"#.to_owned(),
        }
    }
}

const KEEP_ALIVE: &str = r#"{"type":"ka"}"#;

fn message(kind: &str, id: &str, payload: Option<&str>) -> String {
    let id = write(&id);
    let payload = payload.map_or("", |payload| payload);
    let mut text = String::with_capacity(32 + id.len() + kind.len() + payload.len());
    text.extend([r#"{"id":"#, &id, r#","type":""#, kind, "\""]);
    if !payload.is_empty() {
        text.extend([r#","payload":"#, payload]);
    }
    text.push('}');
    text
}

/// The token in what a client says of itself when it begins: `authorization` with `Bearer …`, or `token`,
/// in any case. `Err` when it says so in a form that is none.
pub fn token(payload: Option<&str>) -> Result<Option<String>, Close> {
    let Some(payload) = payload else {
        return Ok(None);
    };
    let said: Option<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(payload).map_err(|_| BAD_MESSAGE)?;
    let named = |name: &str| {
        let mut said = said.iter().flatten();
        said.find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
    };
    let Some((_, value)) = named("authorization").or_else(|| named("token")) else {
        return Ok(None);
    };
    let text = value.as_str().map(str::trim).ok_or(NO_TOKEN)?;
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    Ok((!token.is_empty()).then(|| token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_literally() {
        use Protocol::{Older, Transport};
        let read = |protocol: Protocol, text: &str| protocol.read(text);
        let start = |text: &str| Ok(Message::Start("1".to_owned(), text.to_owned()));
        assert_eq!(
            read(Transport, r#"{"type":"connection_init"}"#),
            Ok(Message::Init(None))
        );
        let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#;
        assert_eq!(read(Transport, subscribe), start(r#"{"query":"{a}"}"#));
        let older = r#"{"id":"1","type":"start","payload":{"query":"{a}"}}"#;
        assert_eq!(read(Older, older), start(r#"{"query":"{a}"}"#));
        for (protocol, bad) in [
            (Older, subscribe),
            (Transport, older),
            (Transport, "nonsense"),
            (Transport, "[]"),
            (Transport, r#"{"type":"subscribe","payload":{}}"#),
            (Transport, r#"{"id":"","type":"complete"}"#),
            (Transport, r#"{"id":"1","type":"subscribe"}"#),
            (Transport, r#"{"id":1,"type":"complete"}"#),
            (Older, r#"{"type":"ping"}"#),
        ] {
            assert_eq!(read(protocol, bad), Err(BAD_MESSAGE), "{bad}");
        }
    }

    #[test]
    fn messages_are_written_literally() {
        let next = Protocol::Transport.next("a\"b", r#"{"data":null}"#);
        assert_eq!(
            next,
            r#"{"id":"a\"b","type":"next","payload":{"data":null}}"#
        );
        assert_eq!(
            Protocol::Older.next("1", "{}"),
            r#"{"id":"1","type":"data","payload":{}}"#
        );
        assert_eq!(Protocol::complete("1"), r#"{"id":"1","type":"complete"}"#);
    }

    #[test]
    fn a_token_is_found_under_each_of_its_names() {
        let found = |payload: &str| token(Some(payload));
        for payload in [
            r#"{"Authorization":"Bearer abc"}"#,
            r#"{"authorization":"bearer  abc "}"#,
            r#"{"AUTHORIZATION":"abc"}"#,
            r#"{"token":"abc"}"#,
            r#"{"Token":"Bearer abc","other":1}"#,
        ] {
            assert_eq!(found(payload), Ok(Some("abc".to_owned())), "{payload}");
        }
        for payload in ["{}", "null", r#"{"token":null}"#, r#"{"token":""}"#] {
            assert_eq!(found(payload), Ok(None), "{payload}");
        }
        assert_eq!(found(r#"{"token":1}"#), Err(NO_TOKEN));
        for payload in ["[]", "1", "\"abc\""] {
            assert_eq!(found(payload), Err(BAD_MESSAGE), "{payload}");
        }
    }
}
