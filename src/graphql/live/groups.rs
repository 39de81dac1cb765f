//! Those who see the same: subscribers of one stream who have sent the same document and variables, and
//! look at it with the same eyes. Each event is rendered once for all of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use entity::{
    ids::{ProvisioningJobId, UserId},
    membership::TenantRole,
};
use tokio::sync::{Notify, broadcast};

use crate::{
    app::App,
    domain::{
        event::Stream,
        realtime::{Feed, Heard, Hub, Listener, Next, Place, Presence, Told},
    },
    error::Result,
    graphql::{
        body,
        guard::{Guard, Hash, Selection},
    },
};

/// How many events wait for a subscriber, who reads them from the log otherwise.
const BACKLOG: usize = 64;
/// How many people are asked in turn when rendering fails because of who they are.
const TRIES: usize = 3;

/// What makes a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub stream: Stream,
    pub feed: Feed,
    pub job: Option<ProvisioningJobId>,
    shows: Hash,
    role: Option<TenantRole>,
    /// Nobody, where it looks the same for all who have the role.
    user: Option<UserId>,
}

impl Key {
    /// The group of somebody as they stand now.
    pub fn of(
        (stream, feed, job): (Stream, Feed, Option<ProvisioningJobId>),
        selection: &Selection,
        presence: &Presence,
    ) -> Self {
        let common = selection.common && feed != Feed::Notifications;
        Self {
            stream,
            feed,
            job,
            shows: selection.hash,
            role: presence.role(),
            user: (!common).then(|| presence.user_id()),
        }
    }

    /// Whether an event is for this group.
    pub fn wants(&self, heard: &Heard) -> bool {
        let Some(told) = &heard.told else {
            return false;
        };
        let about = match told {
            Told::StatusUpdate { job, .. }
            | Told::StatusLog { job, .. }
            | Told::StatusCompleted { job, .. }
            | Told::StatusFailed { job, .. } => Some(job.job_id),
            _ => None,
        };
        told.feed() == self.feed && (self.job.is_none() || about == self.job)
    }
}

/// What a group is told.
pub enum Shared {
    /// An event, as it looks; where nobody could be found to look at it, each must do that alone.
    Event(Arc<Heard>, Option<Arc<str>>),
    /// Nothing more; each must go on alone.
    Lost,
}

/// All groups of this process.
pub struct Groups {
    pub app: App,
    guard: Arc<Guard>,
    open: Mutex<HashMap<Key, Arc<Group>>>,
}

struct Group {
    key: Key,
    selection: Arc<Selection>,
    sender: broadcast::Sender<Arc<Shared>>,
    members: Mutex<Vec<Weak<Presence>>>,
    /// The last one has left.
    left: Notify,
}

/// Somebody's place in a group.
pub struct Seat {
    group: Arc<Group>,
    receiver: Option<broadcast::Receiver<Arc<Shared>>>,
}

impl Seat {
    /// What the group is told next.
    pub async fn next(&mut self) -> Result<Arc<Shared>, broadcast::error::RecvError> {
        match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => Err(broadcast::error::RecvError::Closed),
        }
    }

    /// What the group sees of an event.
    pub fn selection(&self) -> &Arc<Selection> {
        &self.group.selection
    }

    /// The group.
    pub fn key(&self) -> &Key {
        &self.group.key
    }

    /// Whether somebody, as they stand now, still belongs here.
    pub fn suits(&self, presence: &Presence) -> bool {
        self.group.key.role == presence.role()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.receiver = None;
        if self.group.sender.receiver_count() == 0 {
            self.group.left.notify_one();
        }
    }
}

impl Groups {
    /// None yet.
    pub fn new(app: App, guard: Arc<Guard>) -> Self {
        Self {
            app,
            guard,
            open: Mutex::default(),
        }
    }

    /// A place in a group: what happens from now on is heard there.
    pub async fn sit(
        self: &Arc<Self>,
        key: Key,
        selection: &Arc<Selection>,
        presence: &Arc<Presence>,
    ) -> Result<Seat> {
        if let Some(group) = self.open().get(&key) {
            return Ok(group.admit(presence));
        }
        let place = Place {
            stream: key.stream,
            after: None,
        };
        let listener = Hub::listen(&self.app, place).await?;
        let mut open = self.open();
        if let Some(group) = open.get(&key) {
            return Ok(group.admit(presence));
        }
        let group = Arc::new(Group {
            key: key.clone(),
            selection: Arc::clone(selection),
            sender: broadcast::Sender::new(BACKLOG),
            members: Mutex::default(),
            left: Notify::new(),
        });
        let seat = group.admit(presence);
        open.insert(key, Arc::clone(&group));
        drop(open);
        let groups = Arc::clone(self);
        self.app
            .spawn("group", async move { groups.keep(group, listener).await });
        Ok(seat)
    }

    /// Shows somebody an event.
    pub async fn show(
        &self,
        presence: &Presence,
        selection: &Selection,
        heard: &Arc<Heard>,
    ) -> (Arc<str>, bool) {
        let shown = self
            .guard
            .render(presence.cx(), selection, Arc::clone(heard));
        let (response, failed) = Box::pin(shown).await;
        (body::text(&response), failed)
    }

    /// Tells a group what happens, until the last one has left or the process stops.
    async fn keep(&self, group: Arc<Group>, mut listener: Listener) {
        loop {
            let next = tokio::select! {
                next = listener.next() => next,
                () = group.left.notified() => {
                    if self.close(&group) {
                        return;
                    }
                    continue;
                }
            };
            match next {
                Ok(Next::Heard(heard)) if group.key.wants(&heard) => {
                    let shown = self.show_to_group(&group, &heard).await;
                    group
                        .sender
                        .send(Arc::new(Shared::Event(heard, shown)))
                        .ok();
                }
                Ok(Next::Heard(_)) => {}
                Ok(Next::Closed) => return,
                lost => {
                    if let Err(error) = lost {
                        tracing::warn!(%error, "a group has lost its stream");
                    }
                    self.open().remove(&group.key);
                    group.sender.send(Arc::new(Shared::Lost)).ok();
                    return;
                }
            }
        }
    }

    /// An event as one of the group sees it. What fails because they may no more is shown to another.
    async fn show_to_group(&self, group: &Group, heard: &Arc<Heard>) -> Option<Arc<str>> {
        for _ in 0..TRIES {
            let presence = group.somebody()?;
            let (shown, failed) = self.show(&presence, &group.selection, heard).await;
            let stands = presence.is_here() && presence.role() == group.key.role;
            if stands || !failed {
                return Some(shown);
            }
        }
        None
    }

    /// Closes a group that nobody is in; `false` when somebody has come.
    fn close(&self, group: &Group) -> bool {
        let mut open = self.open();
        if group.sender.receiver_count() > 0 {
            return false;
        }
        open.remove(&group.key);
        true
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Key, Arc<Group>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    fn admit(self: &Arc<Self>, presence: &Arc<Presence>) -> Seat {
        let receiver = self.sender.subscribe();
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
        }
    }

    /// Somebody who may look for all.
    fn somebody(&self) -> Option<Arc<Presence>> {
        let members = self.members();
        let mut present = members.iter().filter_map(Weak::upgrade);
        present.find(|presence| presence.is_here() && presence.role() == self.key.role)
    }

    fn members(&self) -> MutexGuard<'_, Vec<Weak<Presence>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
