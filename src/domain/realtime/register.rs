//! Who is connected to this process, and whether they still may be. What happened to somebody is heard
//! as an event; whoever it may concern is looked up anew, so that nobody depends on its words.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::ids::UserId;

use super::{Ended, presence::Person};
use crate::{
    app::App,
    domain::event::{DomainEvent, Stream},
    error::{Error, Result},
};

/// How long to wait before the database is asked again that does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// What who has too many connections is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Everybody who is connected to this process.
#[derive(Debug, Default)]
pub struct Register(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_user: HashMap<UserId, Vec<Arc<Person>>>,
    count: usize,
    /// Who has come since they were asked for last.
    newcomers: HashSet<UserId>,
}

impl Register {
    pub(super) fn add(&self, app: &App, person: &Arc<Person>) -> Result<()> {
        let limits = &app.config.realtime;
        let mut entries = self.entries();
        let theirs = entries.by_user.get(&person.user_id).map_or(0, Vec::len);
        let most = limits.connections_per_user;
        if theirs >= most {
            let text = format!("You have as many live connections as you may ({most}). Close one.");
            return Err(Error::too_much(text, RETRY_AFTER));
        }
        if entries.count >= limits.connections {
            let text = "This server has as many live connections as it may. Try again later.";
            return Err(Error::too_much(text, RETRY_AFTER));
        }
        entries.count += 1;
        entries.newcomers.insert(person.user_id);
        let theirs = entries.by_user.entry(person.user_id).or_default();
        theirs.push(Arc::clone(person));
        app.metrics.realtime.connected(entries.count);
        Ok(())
    }

    pub(super) fn remove(&self, app: &App, person: &Arc<Person>) {
        let mut entries = self.entries();
        let Some(theirs) = entries.by_user.get_mut(&person.user_id) else {
            return;
        };
        let Some(at) = theirs.iter().position(|other| Arc::ptr_eq(other, person)) else {
            return;
        };
        theirs.swap_remove(at);
        if theirs.is_empty() {
            entries.by_user.remove(&person.user_id);
        }
        entries.count -= 1;
        app.metrics.realtime.connected(entries.count);
    }

    /// The streams that tell what happens to those who are connected.
    pub(super) fn streams(&self) -> HashSet<Stream> {
        let entries = self.entries();
        entries.by_user.keys().copied().map(Stream::User).collect()
    }

    /// Who has come since this was asked last.
    pub(super) fn newcomers(&self) -> HashSet<UserId> {
        std::mem::take(&mut self.entries().newcomers)
    }

    /// Looks at those whom an event may concern.
    pub(super) fn hear(&self, app: &App, event: &DomainEvent) {
        match event {
            DomainEvent::SessionsEnded {
                user_id,
                session_ids,
            } => {
                for person in self.of(*user_id) {
                    if session_ids.contains(&person.session_id) {
                        person.end(Ended::SignedOut);
                    }
                }
                self.recheck(app, *user_id);
            }
            DomainEvent::SessionReused { user_id, .. }
            | DomainEvent::MemberRoleChanged { user_id, .. }
            | DomainEvent::MemberRemoved { user_id, .. }
            | DomainEvent::MemberLeft { user_id, .. }
            | DomainEvent::MemberJoined { user_id, .. } => self.recheck(app, *user_id),
            DomainEvent::OwnershipTransferred {
                from_user_id,
                to_user_id,
                ..
            } => {
                self.recheck(app, *from_user_id);
                self.recheck(app, *to_user_id);
            }
            DomainEvent::TenantUpdated { .. }
            | DomainEvent::InvitationSent { .. }
            | DomainEvent::InvitationRevoked { .. }
            | DomainEvent::JobQueued(_)
            | DomainEvent::JobStarted(_)
            | DomainEvent::JobCompleted { .. }
            | DomainEvent::JobFailed { .. }
            | DomainEvent::JobCancelled(_)
            | DomainEvent::PaymentReceived(_)
            | DomainEvent::PaymentFailed(_)
            | DomainEvent::SubscriptionUpdated(_)
            | DomainEvent::SubscriptionExpiring { .. }
            | DomainEvent::NotificationCreated { .. }
            | DomainEvent::NotificationsRead { .. } => {}
        }
    }

    /// Looks at those to whom something happened that was not heard.
    pub(super) fn recheck_stream(&self, app: &App, stream: Stream) {
        if let Stream::User(user) = stream {
            self.recheck(app, user);
        }
    }

    /// Looks at those whose session runs out.
    pub(super) fn look_at_ends(&self, app: &App) {
        let now = app.clock.now();
        let over: Vec<_> = {
            let entries = self.entries();
            let everybody = entries.by_user.values().flatten();
            everybody
                .filter(|person| person.comes_to_end(now))
                .cloned()
                .collect()
        };
        look_at(app, over);
    }

    fn recheck(&self, app: &App, user: UserId) {
        look_at(app, self.of(user));
    }

    fn of(&self, user: UserId) -> Vec<Arc<Person>> {
        let entries = self.entries();
        entries.by_user.get(&user).cloned().unwrap_or_default()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the database how they stand, until it says so.
fn look_at(app: &App, persons: Vec<Arc<Person>>) {
    if persons.is_empty() {
        return;
    }
    let shutdown = app.shutdown.clone();
    app.spawn("recheck", async move {
        for person in persons {
            while person.is_here() && !shutdown.is_cancelled() {
                match person.recheck().await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(%error, "a connection's rights cannot be looked up; trying again");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
    });
}
