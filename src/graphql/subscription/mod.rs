//! The root of listening, one file per feed. A field is resolved in two ways: once at the beginning, to
//! find out who may hear what from where on, and once for each event, by itself, with nothing loaded.

#![expect(
    clippy::unused_async,
    reason = "what is flattened into an object is awaited by the library"
)]

mod billing;
mod notifications;
mod provisioning;

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, MergedSubscription, Object};
use entity::ids::ProvisioningJobId;
use futures::stream;

use super::{context::Scope, error::Result, in_place::InPlace, types::scalars::DateTime};
use crate::{
    domain::realtime::{self, Cursor, Feed, Heard, Place, Presence},
    error::{Error, Subject},
};

/// What can be listened to, over a WebSocket at this address (`graphql-transport-ws`, or the older
/// `graphql-ws`) or as server-sent events (POST with `Accept: text/event-stream`). Each event has a `cursor`:
/// give the last one back as `after` to hear first what you missed. A cursor that is too old is answered
/// with `RESYNC`: load the state anew, and listen without `after`.
#[derive(Default, MergedSubscription)]
pub struct Subscription(
    notifications::NotificationsSubscription,
    provisioning::ProvisioningSubscription,
    billing::BillingSubscription,
);

/// Why a root field is resolved.
pub enum Source {
    /// To find out whether it may be asked for so.
    Checking,
    /// To begin.
    Opening(Arc<Opening>),
    /// To show an event.
    One(Arc<Heard>),
}

/// A subscription that begins.
#[derive(Debug, Default)]
pub struct Opening {
    /// The connection that it is part of, if that is known to be somebody's.
    presence: Option<Arc<Presence>>,
    opened: Mutex<Option<Opened>>,
}

/// What somebody listens to.
#[derive(Debug)]
pub struct Opened {
    /// Who listens.
    pub presence: Arc<Presence>,
    /// To what.
    pub feed: Feed,
    /// From where on.
    pub place: Place,
    /// Only to what is told of this job.
    pub job: Option<ProvisioningJobId>,
}

impl Opening {
    /// On a connection that somebody has, or on one that nobody is known to have yet.
    pub fn new(presence: Option<Arc<Presence>>) -> Self {
        Self {
            presence,
            opened: Mutex::default(),
        }
    }

    /// What was opened.
    pub fn take(&self) -> Option<Opened> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.take()
    }

    async fn open(
        &self,
        scope: &Scope,
        feed: Feed,
        job: Option<ProvisioningJobId>,
        after: Option<&str>,
    ) -> Result<()> {
        scope.cx().identity().await?;
        let presence = match &self.presence {
            Some(presence) => Arc::clone(presence),
            None => Arc::new(Presence::begin(scope.cx()).await?),
        };
        let cx = presence.cx();
        let place = realtime::places(&cx, &[feed], after).await?.pop();
        let place = place.ok_or_else(|| Error::internal("a feed without a stream"))?;
        if let Some(job) = job {
            let found = crate::domain::provisioning::find(&cx, job).await?;
            // Another tenant's events are not in this stream, though the caller may know the job.
            if Some(found.tenant_id) != presence.tenant_id() {
                return Err(Error::NotFound(Subject::Job).into());
            }
        }
        presence.enter(feed).await?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        *opened = Some(Opened {
            presence,
            feed,
            place,
            job,
        });
        Ok(())
    }
}

/// One event or none.
type Shown<T> = stream::Iter<std::option::IntoIter<InPlace<T>>>;

/// What a root field has to show: nothing while it begins, later the one event.
async fn show<T>(
    ctx: &Context<'_>,
    feed: Feed,
    job: Option<ProvisioningJobId>,
    after: Option<&str>,
    shape: impl FnOnce(Event) -> Option<T>,
) -> Result<Shown<T>> {
    let scope = Scope::of(ctx);
    let shown = match ctx.data_opt::<Source>() {
        Some(Source::One(heard)) => shape(Event {
            scope: scope.clone(),
            heard: Arc::clone(heard),
        }),
        Some(Source::Checking) => None,
        Some(Source::Opening(opening)) => {
            opening.open(scope, feed, job, after).await?;
            None
        }
        None => return Err(Error::internal("a subscription without a source").into()),
    };
    Ok(stream::iter(shown.map(InPlace)))
}

/// What all events have: their place in the stream, and when they happened.
#[derive(Clone)]
pub struct Event {
    scope: Scope,
    heard: Arc<Heard>,
}

/// Part of every event.
#[Object]
impl Event {
    /// Its place in the stream: what to give back as `after`.
    async fn cursor(&self) -> String {
        Cursor::of(self.heard.stream, self.heard.seq).to_string()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.heard.occurred_at.into()
    }
}
