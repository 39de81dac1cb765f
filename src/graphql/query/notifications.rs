//! What the caller wants to be told.

use async_graphql::{Context, Object};

use crate::{
    domain::notifications,
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        types::notification::{NotificationPreference, preferences},
    },
};

/// Preferences; the notifications themselves are the viewer's.
#[derive(Default)]
pub struct NotificationsQuery;

#[Object]
impl NotificationsQuery {
    /// What you are told and how: every kind by every way. Needs any valid access token. The
    /// notifications are `viewer.notifications`.
    async fn notification_preferences(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<InPlace<NotificationPreference>>> {
        let found = notifications::preferences(Scope::of(ctx).cx()).await?;
        Ok(preferences(found))
    }
}
