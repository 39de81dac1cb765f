//! Those who see the same: each has a seat, from which they hear what their group is told.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
};

use tokio::sync::{Notify, broadcast};

use super::{
    groups::Key,
    shown::{Replays, Shown},
};
use crate::{
    domain::realtime::{Heard, Presence},
    graphql::guard::Selection,
};

/// How many events wait for a subscriber, who reads them from the log otherwise.
const BACKLOG: usize = 64;

/// What a group is told.
pub enum Shared {
    /// An event, as it looks; where nobody could be found to look at it, each must do that alone.
    Event(Arc<Heard>, Option<Shown>, Mark),
    /// Nothing more; each must go on alone.
    Lost,
}

/// How far the stream has gone on after an event without anything for the group: who has dealt with that event
/// has missed nothing up to here. It stays where it is once the group is told the next one.
#[derive(Clone, Debug)]
pub struct Mark(Arc<AtomicI64>);

impl Mark {
    fn at(seq: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seq)))
    }

    fn place(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Those who see the same.
pub struct Group {
    pub key: Key,
    pub selection: Arc<Selection>,
    sender: broadcast::Sender<Arc<Shared>>,
    /// After the last event that was told; taken together with a seat.
    mark: Mutex<Mark>,
    members: Mutex<Vec<Weak<Presence>>>,
    /// What those who come back are shown.
    pub replays: Replays,
    /// The last one has left.
    pub left: Notify,
}

/// Somebody's place in a group.
pub struct Seat {
    group: Arc<Group>,
    receiver: Option<broadcast::Receiver<Arc<Shared>>>,
    mark: Mark,
}

impl Group {
    /// With nobody in it, at a place in its stream.
    pub fn new(key: Key, selection: Arc<Selection>, position: i64) -> Self {
        Self {
            key,
            selection,
            sender: broadcast::Sender::new(BACKLOG),
            mark: Mutex::new(Mark::at(position)),
            members: Mutex::default(),
            replays: Replays::default(),
            left: Notify::new(),
        }
    }

    /// Lets somebody in.
    pub fn admit(self: &Arc<Self>, presence: &Arc<Presence>) -> Seat {
        let (receiver, mark) = {
            let mark = self.mark();
            (self.sender.subscribe(), mark.clone())
        };
        let mut members = self.members();
        if members.len() > 2 * (self.sender.receiver_count() + 8) {
            let mut seen = HashSet::new();
            members.retain(|member| member.strong_count() > 0 && seen.insert(member.as_ptr()));
        }
        members.push(Arc::downgrade(presence));
        drop(members);
        Seat {
            group: Arc::clone(self),
            receiver: Some(receiver),
            mark,
        }
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.sender.receiver_count() == 0
    }

    /// Tells an event, as it looks.
    pub fn tell(&self, heard: Arc<Heard>, shown: Option<Shown>) {
        let mut mark = self.mark();
        *mark = Mark::at(heard.seq);
        let event = Shared::Event(heard, shown, mark.clone());
        self.sender.send(Arc::new(event)).ok();
    }

    /// Notes that the stream has gone on, with nothing for this group.
    pub fn pass(&self, seq: i64) {
        self.mark().0.fetch_max(seq, Ordering::AcqRel);
    }

    /// Tells that nothing more comes.
    pub fn lose(&self) {
        self.sender.send(Arc::new(Shared::Lost)).ok();
    }

    /// Somebody who may look for all.
    pub fn somebody(&self) -> Option<Arc<Presence>> {
        let members = self.members();
        let mut present = members.iter().filter_map(Weak::upgrade);
        present.find(|presence| presence.is_here() && self.suits(presence))
    }

    /// Whether somebody, as they stand now, belongs here.
    pub fn suits(&self, presence: &Presence) -> bool {
        self.key.role() == presence.role()
    }

    fn mark(&self) -> MutexGuard<'_, Mark> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self) -> MutexGuard<'_, Vec<Weak<Presence>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// What the group is told next.
    pub async fn next(&mut self) -> Result<Arc<Shared>, broadcast::error::RecvError> {
        let Some(receiver) = &mut self.receiver else {
            return Err(broadcast::error::RecvError::Closed);
        };
        let shared = receiver.recv().await?;
        if let Shared::Event(_, _, mark) = &*shared {
            self.mark = mark.clone();
        }
        Ok(shared)
    }

    /// Up to where nothing was missed, given that all was dealt with that was heard here.
    pub fn place(&self) -> i64 {
        self.mark.place()
    }

    /// The group.
    pub fn group(&self) -> &Arc<Group> {
        &self.group
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.receiver = None;
        if self.group.is_empty() {
            self.group.left.notify_one();
        }
    }
}
