//! Somebody's live connection. It lives as long as the right to it: not until the access token expires,
//! but until the session, the membership or the permission behind it ends (ruling 27).

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use entity::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
    membership::TenantRole,
};
use tokio_util::sync::CancellationToken;

use super::{Feed, feed};
use crate::{
    app::App,
    domain::{
        access, auth,
        cx::{Cx, Identity},
        event::Stream,
    },
    error::{Credentials, Error, Result},
};

/// Why a live connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The session was ended or has run out, or the account was disabled.
    SignedOut,
    /// The person is not in the tenant any more.
    Removed,
    /// The person's role does not allow any more what they listen to.
    Forbidden,
}

impl Ended {
    /// For metrics and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Removed => "removed",
            Self::Forbidden => "forbidden",
        }
    }

    /// The same for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::SignedOut => "Your session has ended. Sign in again.",
            Self::Removed => "You are not in this tenant any more.",
            Self::Forbidden => "Your role does not allow this any more.",
        }
    }

    /// What is refused from then on, at whichever door: the same as a request of theirs would be.
    pub fn refusal(self) -> Error {
        match self {
            Self::SignedOut => Error::Unauthenticated(Credentials::Invalid),
            Self::Removed => access::outside(),
            Self::Forbidden => Error::Forbidden(self.message().into()),
        }
    }
}

/// A live connection, known to the register until it is dropped.
#[derive(Debug)]
pub struct Presence {
    app: App,
    person: Arc<Person>,
}

/// Who is connected.
pub(super) struct Person {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub tenant_id: Option<TenantId>,
    state: Mutex<State>,
    /// What they listen to, by the place in `Feed::ALL`.
    feeds: [AtomicBool; Feed::ALL.len()],
    /// Asked for each of them before each event, so without a lock.
    why: OnceLock<Ended>,
    ended: CancellationToken,
}

struct State {
    cx: Cx,
    /// Asked for before each event of a subscription.
    role: Option<TenantRole>,
    session_ends_at: Timestamp,
    /// The end that somebody was told of.
    end_told: Option<Timestamp>,
    /// How often the database was asked, and which time what it said was believed last: answers may
    /// overtake each other.
    asked: u64,
    believed: u64,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person")
            .field("session_id", &self.session_id)
            .field("user_id", &self.user_id)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

impl Presence {
    /// Lets somebody in who shows credentials that hold: `FORBIDDEN` when they are not in the tenant that
    /// these name, `RATE_LIMITED` when they, or all together, have as many connections as they may.
    pub async fn begin(cx: &Cx) -> Result<Self> {
        let identity = cx.identity().await?;
        // Who would be sent away at the next look need not come in, and is told the same.
        if identity.tenant_id.is_some() {
            cx.current_tenant().await?;
        }
        let person = Arc::new(Person {
            session_id: identity.session_id,
            user_id: identity.user.id,
            tenant_id: identity.tenant_id,
            state: Mutex::new(State {
                cx: cx.signed_in_as(identity.clone()),
                role: role_of(identity),
                session_ends_at: identity.session_ends_at,
                end_told: None,
                asked: 0,
                believed: 0,
            }),
            feeds: Default::default(),
            why: OnceLock::new(),
            ended: CancellationToken::new(),
        });
        let app = cx.app().clone();
        app.hub.wake(&app);
        app.hub.register.add(&app, &person)?;
        Ok(Self { app, person })
    }

    /// Who it is.
    pub fn user_id(&self) -> UserId {
        self.person.user_id
    }

    /// The tenant that their token names.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.person.tenant_id
    }

    /// A context of theirs, as they stand now.
    pub fn cx(&self) -> Cx {
        self.person.cx()
    }

    /// Their role in the tenant that their token names, as they stand now.
    pub fn role(&self) -> Option<TenantRole> {
        self.person.state().role
    }

    /// Whether the right to be here holds, as far as is known.
    pub fn is_here(&self) -> bool {
        self.person.is_here()
    }

    /// A context of theirs after the database was asked how they stand: what a request of theirs begins
    /// with, though their access token may have expired since they came.
    pub async fn ask(&self) -> Result<Cx> {
        self.person.recheck().await?;
        match self.person.why() {
            None => Ok(self.cx()),
            Some(why) => Err(why.refusal()),
        }
    }

    /// Begins to listen to a feed, if they may; from then on, the connection ends when they may no more.
    pub async fn enter(&self, feed: Feed) -> Result<Stream> {
        loop {
            let (cx, believed) = self.person.standing();
            let stream = feed::enter(&cx, feed).await?;
            if self.person.begin_to_listen(feed, believed) {
                return Ok(stream);
            }
        }
    }

    /// Waits until the right to be here ends.
    pub async fn ended(&self) -> Ended {
        self.person.ended.cancelled().await;
        self.person.why().unwrap_or(Ended::SignedOut)
    }
}

fn role_of(identity: &Identity) -> Option<TenantRole> {
    identity.membership.as_ref().map(|place| place.role)
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.app.hub.register.remove(&self.app, &self.person);
    }
}

impl Person {
    pub fn cx(&self) -> Cx {
        self.state().cx.anew()
    }

    /// A context of theirs, and which answer of the database it is by.
    fn standing(&self) -> (Cx, u64) {
        let state = self.state();
        (state.cx.anew(), state.believed)
    }

    /// They listen to a feed from now on; `false` when another answer is believed since they were found to be
    /// allowed to. The lock makes this one of two: whoever judges them either sees what they listen to, or has
    /// changed what they are allowed before.
    fn begin_to_listen(&self, feed: Feed, believed: u64) -> bool {
        let state = self.state();
        let holds = state.believed == believed;
        if holds {
            self.listens(feed).store(true, Ordering::Relaxed);
        }
        holds
    }

    /// Whether the session, as far as is known, has run out and nobody was told so before: who looks
    /// whether it has goes on until the database answers, and is not joined by another every second.
    pub fn comes_to_end(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let end = state.session_ends_at;
        end <= now && state.end_told.replace(end) != Some(end)
    }

    pub fn is_here(&self) -> bool {
        self.why.get().is_none()
    }

    fn why(&self) -> Option<Ended> {
        self.why.get().copied()
    }

    pub fn end(&self, why: Ended) {
        if self.why.set(why).is_ok() {
            self.state().cx.app().metrics.realtime.ended(why.word());
        }
        self.ended.cancel();
    }

    /// Asks the database whether they may still be here, and how they stand now.
    pub async fn recheck(&self) -> Result<()> {
        let turn = {
            let mut state = self.state();
            state.asked += 1;
            state.asked
        };
        let cx = self.cx();
        match auth::believe(&cx, self.session_id, self.tenant_id).await {
            Ok(identity) => self.judge(&cx, identity, turn),
            Err(Error::Unauthenticated(_)) => self.end(Ended::SignedOut),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn judge(&self, cx: &Cx, identity: Identity, turn: u64) {
        if self.tenant_id.is_some() && identity.membership.is_none() {
            return self.end(Ended::Removed);
        }
        let role = role_of(&identity);
        let mut state = self.state();
        if turn < state.believed {
            return;
        }
        state.believed = turn;
        let forbidden = Feed::ALL.iter().any(|feed| {
            let listens = self.listens(*feed).load(Ordering::Relaxed);
            let permitted = feed
                .permission()
                .is_none_or(|permission| role.is_some_and(|role| permission.is_held_by(role)));
            listens && !permitted
        });
        if forbidden {
            drop(state);
            return self.end(Ended::Forbidden);
        }
        state.session_ends_at = identity.session_ends_at;
        state.role = role;
        state.cx = cx.signed_in_as(identity);
    }

    fn listens(&self, feed: Feed) -> &AtomicBool {
        &self.feeds[feed as usize]
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
