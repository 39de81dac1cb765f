//! What a socket is told, in order, whoever tells it: its own task while that catches up, then the rooms.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketioxide::{SendError, SocketError, extract::SocketRef};
use tokio::sync::Notify;

use super::{namespace::Namespace, seat::Seat};
use crate::domain::{
    event::Stream,
    realtime::{Cursor, Feed, Heard, Hearer, Told, Turn},
};

/// Tells a socket what happens.
pub struct Mouth {
    pub seat: Arc<Seat>,
    pub socket: SocketRef,
    /// Whether it hears a feed, by the place in `Feed::ALL`.
    feeds: [bool; Feed::ALL.len()],
    state: Mutex<State>,
    /// A room tells nothing more, because there was no room for it.
    stopped: Notify,
}

struct State {
    place: Cursor,
    /// What was told under only so many of its names when there was no room for more.
    begun: Option<(Stream, i64, usize)>,
    stopped: Vec<Stream>,
}

impl fmt::Debug for Mouth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mouth")
            .field("socket", &self.socket.id)
            .finish_non_exhaustive()
    }
}

impl Mouth {
    /// For a socket that has heard all up to a place.
    pub fn new(seat: Arc<Seat>, socket: SocketRef, feeds: &[Feed], place: Cursor) -> Self {
        Self {
            seat,
            socket,
            feeds: std::array::from_fn(|at| feeds.contains(&Feed::ALL[at])),
            state: Mutex::new(State {
                place,
                begun: None,
                stopped: Vec::new(),
            }),
            stopped: Notify::new(),
        }
    }

    /// What was told last in each stream.
    pub fn place(&self) -> Cursor {
        self.state().place
    }

    /// Waits until a room tells nothing more.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// The streams that rooms tell no more, and what was told of them.
    pub fn take_stopped(&self) -> Vec<(Stream, i64)> {
        let mut state = self.state();
        let streams = std::mem::take(&mut state.stopped);
        let place = state.place;
        let at = |stream| (stream, place.place_in(stream).unwrap_or_default());
        streams.into_iter().map(at).collect()
    }

    /// Tells the socket; where there is no room for it, it can be told again.
    pub fn tell(&self, heard: &Arc<Heard>) -> Result<(), SendError> {
        self.tell_from(&mut self.state(), heard)
    }

    fn tell_from(&self, state: &mut State, heard: &Arc<Heard>) -> Result<(), SendError> {
        let mut place = state.place;
        place.move_to(heard.stream, heard.seq);
        if let Some(told) = &heard.told
            && self.feeds[told.feed() as usize]
        {
            match self.emit(state, place, heard, told) {
                Err(SendError::Serialize(error)) => {
                    tracing::error!(%error, event = told.name(), "an event cannot be written");
                }
                emitted => emitted?,
            }
        }
        state.place = place;
        Ok(())
    }

    fn emit(
        &self,
        state: &mut State,
        place: Cursor,
        heard: &Arc<Heard>,
        told: &Told,
    ) -> Result<(), SendError> {
        let print = match self.seat.door.press.print(heard) {
            Ok(Some(print)) => print,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, event = told.name(), "an event cannot be written");
                return Ok(());
            }
        };
        if self.seat.namespace != Namespace::Main {
            return self.socket.emit(told.name(), print.alone());
        }
        let done = match state.begun {
            None => 0,
            Some((stream, seq, done)) if (stream, seq) == (heard.stream, heard.seq) => done,
            // That comes first.
            Some(_) => return Err(SocketError::InternalChannelFull.into()),
        };
        let Ok(whole) = print.at(place) else {
            return Ok(());
        };
        // The specification's example listens for `notification` there.
        let both = [told.name(), "notification"];
        let names = if told.name() == "notification:new" {
            &both[..]
        } else {
            &both[..1]
        };
        for (done, name) in names.iter().enumerate().skip(done) {
            if let Err(error) = self.socket.emit(name, &*whole) {
                state.begun = (done > 0).then_some((heard.stream, heard.seq, done));
                return Err(error);
            }
        }
        state.begun = None;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hearer for Mouth {
    fn hear(&self, heard: &Arc<Heard>) -> bool {
        // Its task takes leave of it.
        if !self.seat.presence.is_here() {
            return false;
        }
        let mut state = self.state();
        let position = state.place.place_in(heard.stream).unwrap_or_default();
        let told = match heard.turn(position) {
            Turn::Old => return true,
            Turn::Next => self.tell_from(&mut state, heard),
            Turn::Early => Err(SocketError::InternalChannelFull.into()),
        };
        if told.is_err() {
            state.stopped.push(heard.stream);
            drop(state);
            self.stopped.notify_one();
            return false;
        }
        true
    }
}
