//! One who listens to a stream: gets each event once and in order, from a place on.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::{
    Heard, Hearer, Turn,
    room::{Receiver, Room},
};
use crate::{
    app::App,
    domain::{event::Stream, realtime::log_store as store},
    error::{Error, Result},
};

/// How many events are read at a time.
const PAGE: u64 = 100;

/// Hears a stream.
#[derive(Debug)]
pub struct Listener {
    app: App,
    room: Arc<Room>,
    receiver: Receiver,
    /// The last event that was handed on.
    position: i64,
    /// What was read from the log and not yet handed on.
    read: VecDeque<Arc<Heard>>,
    /// Whether there is, or may be, more in the log before what the room tells next.
    behind: bool,
    /// How many events were handed on while behind, which must end somewhere.
    caught_up: u64,
}

/// A seat in the audience of a room, until it is dropped.
#[derive(Debug)]
pub struct Handed {
    room: Arc<Room>,
    number: u64,
}

impl Handed {
    /// The stream.
    pub fn stream(&self) -> Stream {
        self.room.stream
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.room.audience.dismiss(self.number);
    }
}

/// What a listener is told next.
#[derive(Clone, Debug)]
pub enum Next {
    /// Something that happened.
    Heard(Arc<Heard>),
    /// What was missed is no longer kept, or too much: the state must be loaded anew.
    Resync,
    /// The process stops.
    Closed,
}

impl Listener {
    pub(super) fn new(app: &App, room: Arc<Room>, receiver: Receiver, after: Option<i64>) -> Self {
        // The receiver was there first: what is told from here on is heard twice rather than not at all.
        let position = after.unwrap_or_else(|| room.position());
        Self {
            app: app.clone(),
            behind: position < room.position(),
            room,
            receiver,
            position,
            read: VecDeque::new(),
            caught_up: 0,
        }
    }

    /// The stream.
    pub fn stream(&self) -> Stream {
        self.room.stream
    }

    /// The last event that was handed on, or that was known at the beginning.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Whether what comes next is read from the log because it was missed.
    pub fn is_behind(&self) -> bool {
        self.behind || !self.read.is_empty()
    }

    /// What is told next; safe to be dropped while it waits.
    pub async fn next(&mut self) -> Result<Next> {
        loop {
            if let Some(heard) = self.read.pop_front() {
                self.position = heard.seq;
                return Ok(Next::Heard(heard));
            }
            if self.behind {
                if !self.catch_up().await? {
                    return Ok(Next::Resync);
                }
                continue;
            }
            let heard = tokio::select! {
                () = self.app.shutdown.cancelled() => return Ok(Next::Closed),
                heard = self.receiver.recv() => heard,
            };
            match heard {
                Ok(heard) => {
                    if let Some(heard) = self.take(heard) {
                        return Ok(Next::Heard(heard));
                    }
                }
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(Next::Closed),
            }
        }
    }

    /// What is there to be heard at once, if anything.
    pub fn try_next(&mut self) -> Option<Arc<Heard>> {
        if let Some(heard) = self.read.pop_front() {
            self.position = heard.seq;
            return Some(heard);
        }
        while !self.behind {
            match self.receiver.try_recv() {
                Ok(heard) => {
                    if let Some(heard) = self.take(heard) {
                        return Some(heard);
                    }
                }
                Err(TryRecvError::Lagged(_)) => self.behind = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
        None
    }

    /// What the room tells, unless it was heard before, or something else comes first.
    fn take(&mut self, heard: Arc<Heard>) -> Option<Arc<Heard>> {
        match heard.turn(self.position) {
            Turn::Next => {
                self.position = heard.seq;
                self.caught_up = 0;
                // A reminder to who needs none.
                (heard.lasting || heard.told.is_some()).then_some(heard)
            }
            Turn::Old => None,
            Turn::Early => {
                self.behind = true;
                None
            }
        }
    }

    /// Has the room itself tell somebody what comes next. Gives the listener back when something is left
    /// to be heard before that.
    pub fn hand_over(self, hearer: Arc<dyn Hearer>) -> Result<Handed, Box<Self>> {
        let up_to_date = || !self.is_behind() && self.receiver.is_empty();
        match self.room.audience.admit(hearer, up_to_date) {
            Some(number) => Ok(Handed {
                room: self.room,
                number,
            }),
            None => Err(Box::new(self)),
        }
    }

    /// Reads what was missed; `false` when it is gone or too much.
    async fn catch_up(&mut self) -> Result<bool> {
        let stream = self.room.stream;
        let most = u64::from(self.app.config.realtime.replay_max);
        let (app, position) = (self.app.clone(), self.position);
        let read = async move {
            let page = store::after(&app.db, stream, position, PAGE).await?;
            let gone = page.is_empty() && store::extent(&app.db, stream).await?.pruned > position;
            Ok::<_, Error>((page, gone))
        };
        let (page, gone) = self.app.apart(read).await??;
        let gap = page
            .first()
            .is_some_and(|first| first.seq != self.position + 1);
        self.caught_up += u64::try_from(page.len()).unwrap_or(u64::MAX);
        if gone || gap || self.caught_up > most {
            return Ok(false);
        }
        self.behind = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.read
            .extend(page.iter().map(|entry| Arc::new(Heard::from(entry))));
        Ok(true)
    }
}
