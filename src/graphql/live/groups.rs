//! Those who see the same: subscribers of one stream who have sent the same document and variables, and
//! look at it with the same eyes. Each event is rendered once for all of them.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{
    ids::{ProvisioningJobId, UserId},
    membership::TenantRole,
};
use futures::FutureExt;

use super::{
    group::{Group, Seat},
    shown::{Lately, Shown},
};
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

    /// The role of all who are in the group.
    pub fn role(&self) -> Option<TenantRole> {
        self.role
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

/// All groups of this process.
pub struct Groups {
    pub app: App,
    guard: Arc<Guard>,
    lately: Lately,
    open: Mutex<HashMap<Key, Arc<Group>>>,
}

impl Groups {
    /// None yet.
    pub fn new(app: App, guard: Arc<Guard>) -> Self {
        Self {
            app,
            guard,
            lately: Lately::default(),
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
        let group = Group::new(key.clone(), Arc::clone(selection), listener.position());
        let group = Arc::new(group);
        let seat = group.admit(presence);
        open.insert(key, Arc::clone(&group));
        drop(open);
        let groups = Arc::clone(self);
        self.app.spawn("group", async move {
            let keeping = AssertUnwindSafe(groups.keep(&group, listener));
            if keeping.catch_unwind().await.is_err() {
                // Its members go on alone: whoever comes to what panicked is told that it failed.
                tracing::error!(stream = %group.key.stream, "what renders for a group panicked");
                groups.lose(&group);
            }
        });
        Ok(seat)
    }

    /// Shows somebody an event that the group was not told, or that is not kept any more. Members who are at the
    /// same place at about the same time share it.
    pub async fn show_again(
        &self,
        group: &Group,
        presence: &Presence,
        heard: &Arc<Heard>,
    ) -> Arc<str> {
        let stands = || presence.is_here() && group.suits(presence);
        if !heard.lasting || !stands() {
            return self.show(presence, &group.selection, heard).await.0;
        }
        let replay = group.replays.of(heard.seq);
        let mut own = None;
        let shown = replay.get_or_try_init(async || {
            let (text, failed) = self.show(presence, &group.selection, heard).await;
            own = Some(Arc::clone(&text));
            if failed && !stands() {
                return Err(());
            }
            Ok(self.lately.keep(text))
        });
        let shared = shown.await.ok().and_then(Shown::text);
        match own.or(shared) {
            Some(text) => text,
            None => self.show(presence, &group.selection, heard).await.0,
        }
    }

    /// Shows somebody an event; also whether that failed.
    async fn show(
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
    async fn keep(&self, group: &Group, mut listener: Listener) {
        loop {
            let next = tokio::select! {
                next = listener.next() => next,
                () = group.left.notified() => {
                    if self.close(group) {
                        return;
                    }
                    continue;
                }
            };
            match next {
                Ok(Next::Heard(heard)) if group.key.wants(&heard) => {
                    let shown = self.show_to_group(group, &heard).await;
                    group.tell(heard, shown);
                }
                Ok(Next::Heard(heard)) => group.pass(heard.seq),
                Ok(Next::Closed) => return,
                lost => {
                    if let Err(error) = lost {
                        tracing::warn!(%error, "a group has lost its stream");
                    }
                    return self.lose(group);
                }
            }
        }
    }

    /// An event as one of the group sees it. What fails because they may no more is shown to another.
    async fn show_to_group(&self, group: &Group, heard: &Arc<Heard>) -> Option<Shown> {
        for _ in 0..TRIES {
            let presence = group.somebody()?;
            let (shown, failed) = self.show(&presence, &group.selection, heard).await;
            let stands = presence.is_here() && group.suits(&presence);
            if stands || !failed {
                return Some(self.lately.keep(shown));
            }
        }
        None
    }

    /// Gives a group up; its members sit down anew.
    fn lose(&self, group: &Group) {
        self.open().remove(&group.key);
        group.lose();
    }

    /// Closes a group that nobody is in; `false` when somebody has come.
    fn close(&self, group: &Group) -> bool {
        let mut open = self.open();
        if !group.is_empty() {
            return false;
        }
        open.remove(&group.key);
        true
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Key, Arc<Group>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
