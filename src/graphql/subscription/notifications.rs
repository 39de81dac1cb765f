//! What one is notified of, as it happens.

use async_graphql::{Context, Object, Subscription};
use entity::notification;
use futures::Stream;

use super::{Event, show};
use crate::{
    domain::realtime::{Feed, Told},
    graphql::{error::Result, in_place::InPlace, types::notification::Notification},
};

/// One's own notifications.
#[derive(Default)]
pub struct NotificationsSubscription;

#[Subscription]
impl NotificationsSubscription {
    /// What you are notified of, in whatever tenant. Needs no permission: they are your own.
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The cursor of the last event that was heard: what was missed since comes first."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = InPlace<NotificationEvent>> + use<>> {
        show(
            ctx,
            Feed::Notifications,
            None,
            after.as_deref(),
            NotificationEvent::of,
        )
        .await
    }
}

/// Something that you are notified of.
pub struct NotificationEvent {
    event: Event,
    row: notification::Model,
}

impl NotificationEvent {
    fn of(event: Event) -> Option<Self> {
        match event.heard.told.clone()? {
            Told::NotificationNew(facts) => Some(Self {
                row: facts.into_row(),
                event,
            }),
            _ => None,
        }
    }
}

/// Something that you are notified of.
#[Object]
impl NotificationEvent {
    #[graphql(flatten)]
    async fn event(&self) -> &Event {
        &self.event
    }

    /// What you were told, as it was when it was new.
    async fn notification(&self) -> InPlace<Notification> {
        InPlace(Notification::new(&self.event.scope, self.row.clone()))
    }
}
