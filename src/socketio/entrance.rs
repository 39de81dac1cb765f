//! Who may connect to a namespace, and what they hear there.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;
use socketioxide::extract::SocketRef;

use super::{Door, gate::Verdict, line::Line, namespace::Namespace};
use crate::{
    domain::{
        cx::{Cx, RequestInfo},
        realtime::{Feed, Hub, Listener, Presence, invalid_cursor, places},
    },
    error::{Code, Error, Result},
};

/// When to come back, on another connection, who was refused too often.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Somebody who was let in and not yet seated.
pub struct Arrival {
    /// Their right to be here.
    pub presence: Presence,
    /// Where.
    pub namespace: Namespace,
    /// What they hear.
    pub feeds: Vec<Feed>,
    /// Where they hear it; nothing where what they missed is no longer kept.
    pub listeners: Option<Vec<Listener>>,
}

/// Where arrivals wait between the entrance and their seat.
pub type Waiting = Arc<std::sync::Mutex<Option<Arrival>>>;

/// Why somebody may not connect: clients show it as it is.
#[derive(Debug)]
pub enum Refusal {
    /// No token.
    Required,
    /// One that does not hold.
    Invalid,
    /// Something else.
    Other(Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("Authentication required"),
            Self::Invalid => f.write_str("Invalid token"),
            Self::Other(error) => f.write_str(&error.message()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(_) => Self::Invalid,
            other => Self::Other(other),
        }
    }
}

/// Lets somebody in who says `{token, after?}`, or tells why not. Who is refused too often on one connection is
/// told so, and asks no more on it.
pub async fn admit(
    door: &Door,
    namespace: Namespace,
    socket: &SocketRef,
    said: Option<Value>,
) -> Result<(), Refusal> {
    let line = Line::of(socket).ok_or_else(|| Error::internal("a socket on no line"))?;
    if line.refusals.is_closed() {
        door.operator.hang_up(&line, socket.id).await;
        return Err(too_often());
    }
    let pace = door.app.config.realtime.events_per_second;
    let arrived = if line.gate(namespace, pace).opens() {
        arrive(door, namespace, socket, said.as_ref()).await
    } else {
        Err(too_often())
    };
    if let Err(Refusal::Other(error)) = &arrived
        && matches!(error.code(), Code::Internal | Code::Upstream)
    {
        tracing::error!(%error, "nobody can be let in");
    }
    if arrived.is_err() && line.refusals.pass() != Verdict::In {
        return Err(too_often());
    }
    let waiting: Waiting = Arc::new(std::sync::Mutex::new(Some(arrived?)));
    socket.extensions.insert(waiting);
    Ok(())
}

fn too_often() -> Refusal {
    Refusal::Other(Error::too_often(RETRY_AFTER))
}

async fn arrive(
    door: &Door,
    namespace: Namespace,
    socket: &SocketRef,
    said: Option<&Value>,
) -> Result<Arrival, Refusal> {
    let token = said.and_then(|said| said.get("token"));
    let token = token.and_then(Value::as_str).ok_or(Refusal::Required)?;
    let known = socket.req_parts().extensions.get::<RequestInfo>();
    let info = RequestInfo {
        bearer: Some(token.to_owned()),
        ..known.cloned().unwrap_or_default()
    };
    let cx = Cx::request(door.app.clone(), info);
    // A socket more is no cheaper way to try tokens than a request.
    door.clients.count(&cx)?;
    let presence = match Presence::begin(&cx).await {
        // A token of a tenant that its bearer is not in any more is none (`rest.md` 4.2).
        Err(Error::Forbidden(_)) => return Err(Refusal::Invalid),
        begun => begun?,
    };
    let feeds = feeds(namespace, &presence).await?;
    let after = match said.and_then(|said| said.get("after")) {
        None | Some(Value::Null) => None,
        Some(Value::String(after)) => Some(after.as_str()),
        Some(_) => return Err(invalid_cursor().into()),
    };
    let listeners = match places(&presence.cx(), &feeds, after).await {
        Ok(places) => {
            let mut listeners = Vec::with_capacity(places.len());
            for place in places {
                listeners.push(Hub::listen(&door.app, place).await?);
            }
            Some(listeners)
        }
        // Said as an event, whose code clients can tell from a refusal.
        Err(Error::Resync) => None,
        Err(other) => return Err(other.into()),
    };
    Ok(Arrival {
        presence,
        namespace,
        feeds,
        listeners,
    })
}

/// What is heard in a namespace: in the main one, everything that the person may hear.
async fn feeds(namespace: Namespace, presence: &Presence) -> Result<Vec<Feed>> {
    let feed = match namespace {
        Namespace::Main => None,
        Namespace::Of(feed) => Some(feed),
    };
    if let Some(feed) = feed {
        presence.enter(feed).await?;
        return Ok(vec![feed]);
    }
    let mut feeds = Vec::with_capacity(Feed::ALL.len());
    for feed in Feed::ALL {
        match presence.enter(*feed).await {
            Ok(_) => feeds.push(*feed),
            Err(Error::Forbidden(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(feeds)
}
