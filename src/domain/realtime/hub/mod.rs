//! What this process listens to: one room per stream that somebody hears here, and one ear for all.
//!
//! A room tells its stream in order, each event once. It takes events from the bus as they come, drops
//! what it has told, and reads from the log what it has not heard. The bus may lose anything: every
//! second the ear looks at the heads of the streams that have changed lately, and knocks at rooms that
//! are behind them.

mod audience;
mod ear;
mod jobs;
mod listener;
mod room;

use std::{
    cmp::Ordering,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{self, AtomicBool},
    },
};

use entity::Timestamp;

use self::room::{Knock, Room};
pub use self::{
    audience::Hearer,
    listener::{Handed, Listener, Next},
};
use super::{Told, feed::Place, log_store::Entry, register::Register};
use crate::{
    app::App,
    domain::event::{DomainEvent, Stream},
    error::Result,
};

/// Something that a stream tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The stream.
    pub stream: Stream,
    /// The place of the event; of what is not in the log, the place of the last event before it.
    pub seq: i64,
    /// Whether it is in the log, so that whoever missed it gets it later.
    pub lasting: bool,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What people are told of it, if anything.
    pub told: Option<Told>,
}

/// How something that is told stands to what was told before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is what comes next.
    Next,
    /// It was told before; or it passes, and whoever has read on from the log knows better by now.
    Old,
    /// Something else comes before it.
    Early,
}

impl Heard {
    /// Says that the stream is so far, and nothing else: who is not, has missed something.
    fn reminder(stream: Stream, seq: i64, now: Timestamp) -> Self {
        Self {
            stream,
            seq,
            lasting: false,
            occurred_at: now,
            told: None,
        }
    }

    /// How it stands to the last event that was told.
    pub fn turn(&self, position: i64) -> Turn {
        let due = position + i64::from(self.lasting);
        match self.seq.cmp(&due) {
            Ordering::Equal => Turn::Next,
            Ordering::Less => Turn::Old,
            Ordering::Greater => Turn::Early,
        }
    }
}

impl From<&Entry> for Heard {
    fn from(entry: &Entry) -> Self {
        Self {
            stream: entry.stream,
            seq: entry.seq,
            lasting: true,
            occurred_at: entry.occurred_at,
            told: entry.event.as_ref().and_then(told),
        }
    }
}

/// What is told of an event. One that cannot be told is passed over wherever it is read, and holds up none
/// of those behind it.
fn told(event: &DomainEvent) -> Option<Told> {
    catch_unwind(AssertUnwindSafe(|| Told::of(event))).unwrap_or_else(|_| {
        tracing::error!(kind = event.kind(), "an event cannot be told; passed over");
        None
    })
}

/// All that is listened to in this process, and by whom.
#[derive(Debug, Default)]
pub struct Hub {
    rooms: Mutex<HashMap<Stream, Arc<Room>>>,
    /// Who is connected.
    pub(super) register: Register,
    listening: AtomicBool,
}

impl Hub {
    /// Begins to listen to a stream: to what comes after the place, which must have been looked at
    /// (`feed::places`).
    pub async fn listen(app: &App, place: Place) -> Result<Listener> {
        let hub = &app.hub;
        hub.wake(app);
        let (room, receiver) = hub.room(app, place.stream);
        room.ready().await?;
        Ok(Listener::new(app, room, receiver, place.after))
    }

    /// Starts the ear, once somebody is here to listen.
    pub(super) fn wake(&self, app: &App) {
        if !self.listening.swap(true, atomic::Ordering::AcqRel) {
            let bus = app.bus.subscribe();
            app.spawn_vital("ear", ear::run(app.clone(), bus));
        }
    }

    /// The room of a stream, with a place in it: taken under the lock, so that no room closes meanwhile.
    fn room(&self, app: &App, stream: Stream) -> (Arc<Room>, room::Receiver) {
        let mut rooms = self.rooms();
        if let Some(room) = rooms.get(&stream) {
            let receiver = room.enter();
            return (Arc::clone(room), receiver);
        }
        let (room, knocks) = Room::new(stream, app.config.realtime.backlog);
        let room = Arc::new(room);
        let receiver = room.enter();
        rooms.insert(stream, Arc::clone(&room));
        app.spawn("room", room::run(app.clone(), Arc::clone(&room), knocks));
        (room, receiver)
    }

    /// Tells a room something, if there is one.
    fn knock(&self, stream: Stream, knock: Knock) {
        let room = self.rooms().get(&stream).cloned();
        if let Some(room) = room {
            room.knock(knock);
        }
    }

    /// Closes a room that nobody is in; `false` when somebody has come.
    fn close(&self, room: &Room) -> bool {
        let mut rooms = self.rooms();
        if room.is_empty() {
            rooms.remove(&room.stream);
            return true;
        }
        false
    }

    /// The streams that somebody listens to.
    fn streams(&self) -> Vec<Stream> {
        self.rooms().keys().copied().collect()
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<Stream, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
