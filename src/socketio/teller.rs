//! Has a socket told what happens until it may not stay or is not there any more. Its task reads what was
//! missed; once nothing is left the rooms tell it themselves, and the task sleeps until one of them finds
//! no room for what it has to tell.

use std::{pin::pin, sync::Arc, time::Duration};

use serde_json::json;

use super::{
    mouth::Mouth,
    namespace::Namespace,
    seat::{Lost, Seat, farewell},
};
use crate::{
    domain::{
        event::Stream,
        realtime::{Ended, Handed, Hearer, Hub, Listener, Next, Place},
    },
    error::Error,
};

/// The words of the original.
const WELCOME: &str = "Successfully connected to ERPMax Orchestrator";
/// How long to wait before a stream is read again that could not be read.
const AGAIN: Duration = Duration::from_millis(500);

/// What a socket listens to.
struct Teller<'a> {
    mouth: &'a Arc<Mouth>,
    /// Those that may have something left to tell.
    behind: Vec<Listener>,
    /// Those that rooms stand in for.
    handed: Vec<Handed>,
}

/// Why a socket is told nothing more.
enum End {
    /// It is not there any more, or the process stops.
    Gone,
    /// It may not stay.
    Ended(Ended),
}

/// Tells a socket what its listeners hear.
pub async fn serve(mouth: &Arc<Mouth>, listeners: Vec<Listener>) -> Result<(), Lost> {
    // What happens once is boxed: most of the time a socket waits for nothing but its end.
    Box::pin(welcome(mouth)).await?;
    let mut teller = Teller {
        mouth,
        behind: listeners,
        handed: Vec::new(),
    };
    let mut end = pin!(end(&mouth.seat));
    loop {
        let is_kept = tokio::select! {
            biased;
            end = end.as_mut() => return Box::pin(leave(mouth, end)).await,
            followed = Box::pin(teller.follow()) => followed?,
        };
        if !is_kept {
            return Box::pin(mouth.seat.resync(&mouth.socket)).await;
        }
        tokio::select! {
            biased;
            end = end.as_mut() => return Box::pin(leave(mouth, end)).await,
            () = mouth.stopped() => {}
        }
    }
}

async fn end(seat: &Seat) -> End {
    tokio::select! {
        biased;
        () = seat.gone.cancelled() => End::Gone,
        () = seat.door.app.shutdown.cancelled() => End::Gone,
        ended = seat.presence.ended() => End::Ended(ended),
    }
}

async fn leave(mouth: &Mouth, end: End) -> Result<(), Lost> {
    match end {
        End::Gone => Err(Lost::Gone),
        End::Ended(ended) => mouth.seat.part(&mouth.socket, &farewell(ended)).await,
    }
}

async fn welcome(mouth: &Mouth) -> Result<(), Lost> {
    let seat = &mouth.seat;
    if seat.namespace != Namespace::Main {
        return Ok(());
    }
    let welcome = json!({
        "message": WELCOME,
        "user_id": seat.presence.user_id(),
        "tenant_id": seat.presence.tenant_id(),
        "cursor": mouth.place().to_string(),
    });
    let patience = seat.door.app.config.connections.write_timeout;
    let say = || mouth.socket.emit("connected", &welcome);
    seat.say(patience, say).await
}

impl Teller<'_> {
    /// Tells what was missed until rooms stand in for all listeners; `false` when it is no longer kept.
    async fn follow(&mut self) -> Result<bool, Lost> {
        let seat = &self.mouth.seat;
        let patience = seat.door.app.config.connections.write_timeout;
        loop {
            for (stream, seq) in self.mouth.take_stopped() {
                self.handed.retain(|handed| handed.stream() != stream);
                let listener = self.listen(stream, seq).await?;
                self.behind.push(listener);
            }
            self.hand_over();
            if self.behind.is_empty() {
                return Ok(true);
            }
            match next(&mut self.behind).await {
                Ok(Next::Heard(heard)) => seat.say(patience, || self.mouth.tell(&heard)).await?,
                Ok(Next::Resync) => return Ok(false),
                Ok(Next::Closed) => return Err(Lost::Gone),
                Err(error) => self.wait(&error).await?,
            }
        }
    }

    /// Listens to a stream again that a room tells no more.
    async fn listen(&self, stream: Stream, seq: i64) -> Result<Listener, Lost> {
        let place = Place {
            stream,
            after: Some(seq),
        };
        loop {
            match Hub::listen(&self.mouth.seat.door.app, place).await {
                Ok(listener) => return Ok(listener),
                Err(error) => self.wait(&error).await?,
            }
        }
    }

    async fn wait(&self, error: &Error) -> Result<(), Lost> {
        tracing::warn!(%error, "a stream cannot be read; trying again");
        self.mouth.seat.pause(AGAIN).await
    }

    /// Lets rooms stand in for listeners that have nothing left to tell.
    fn hand_over(&mut self) {
        for listener in std::mem::take(&mut self.behind) {
            let hearer: Arc<dyn Hearer> = Arc::clone(self.mouth) as _;
            match listener.hand_over(hearer) {
                Ok(handed) => self.handed.push(handed),
                Err(listener) => self.behind.push(*listener),
            }
        }
    }
}

/// What is told next in any of the streams; safe to be dropped while it waits.
async fn next(listeners: &mut [Listener]) -> Result<Next, Error> {
    match listeners {
        [one] => one.next().await,
        [one, other] => tokio::select! {
            next = one.next() => next,
            next = other.next() => next,
        },
        _ => std::future::pending().await,
    }
}
