//! Read notifications, and choose which ones to get.

use async_graphql::{Context, ID, InputObject, Object};

use crate::{
    domain::{fields::Fields, notifications},
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{self, complete, optional},
        types::{
            notification::{
                Notification, NotificationChannel, NotificationKind, NotificationPreference,
                preferences,
            },
            viewer::Viewer,
        },
    },
};

/// A notification that was read.
#[derive(InputObject)]
pub struct MarkNotificationReadInput {
    /// One of `viewer.notifications`.
    notification_id: ID,
}

/// A notification that was read.
pub struct MarkNotificationReadPayload {
    scope: Scope,
    read: entity::notification::Model,
}

/// A notification that was read.
#[Object]
impl MarkNotificationReadPayload {
    /// The notification, with the time when it was first marked as read.
    async fn notification(&self) -> InPlace<Notification> {
        InPlace(Notification::new(&self.scope, self.read.clone()))
    }

    /// You, with what is left to read.
    async fn viewer(&self) -> Result<InPlace<Viewer>> {
        you(&self.scope).await
    }
}

/// Notifications that were read.
#[derive(InputObject)]
pub struct MarkAllNotificationsReadInput {
    /// The newest notification that was shown: only it and what is older is marked, and nothing that
    /// came meanwhile. All of them when left out.
    up_to: Option<ID>,
}

/// Notifications that were read.
pub struct MarkAllNotificationsReadPayload {
    scope: Scope,
    marked: u64,
}

/// Notifications that were read.
#[Object]
impl MarkAllNotificationsReadPayload {
    /// How many were not marked before.
    async fn marked_count(&self) -> u64 {
        self.marked
    }

    /// You, with what is left to read.
    async fn viewer(&self) -> Result<InPlace<Viewer>> {
        you(&self.scope).await
    }
}

/// Whether to be told things of one kind by one way.
#[derive(InputObject)]
pub struct NotificationPreferenceInput {
    /// What.
    kind: NotificationKind,
    /// How.
    channel: NotificationChannel,
    /// Whether.
    enabled: bool,
}

/// What to be told.
#[derive(InputObject)]
pub struct UpdateNotificationPreferencesInput {
    /// What is to change; all else stays. The last one counts where the same is named twice.
    preferences: Vec<NotificationPreferenceInput>,
}

/// What you are told.
pub struct UpdateNotificationPreferencesPayload(Vec<notifications::Preference>);

/// What you are told.
#[Object]
impl UpdateNotificationPreferencesPayload {
    /// Every kind by every way.
    async fn notification_preferences(&self) -> Vec<InPlace<NotificationPreference>> {
        preferences(self.0.clone())
    }
}

async fn you(scope: &Scope) -> Result<InPlace<Viewer>> {
    let user = scope.cx().identity().await?.user.clone();
    Ok(InPlace(Viewer::new(scope.clone(), user)))
}

/// Read notifications, and choose which ones to get.
#[derive(Default)]
pub struct NotificationsMutation;

#[Object]
impl NotificationsMutation {
    /// Marks one of your notifications as read. Needs any valid access token; `NOT_FOUND` for one that
    /// is not yours. Marked again it stays as it is.
    async fn mark_notification_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: MarkNotificationReadInput,
    ) -> Result<MarkNotificationReadPayload> {
        let scope = Scope::anew(ctx);
        scope.cx().identity().await?;
        let mut fields = Fields::new();
        let id = fields.take("notification_id", input::id(&input.notification_id));
        let read = notifications::read(scope.cx(), complete(fields, id)?).await?;
        Ok(MarkNotificationReadPayload { scope, read })
    }

    /// Marks all of your notifications as read, of all tenants. Needs any valid access token;
    /// `NOT_FOUND` for an `upTo` that is not yours.
    async fn mark_all_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones.")] input: MarkAllNotificationsReadInput,
    ) -> Result<MarkAllNotificationsReadPayload> {
        let scope = Scope::anew(ctx);
        scope.cx().identity().await?;
        let mut fields = Fields::new();
        let up_to = fields.take("up_to", optional(input.up_to, |text| input::id(&text)));
        let marked = notifications::mark_all_read(scope.cx(), complete(fields, up_to)?).await?;
        Ok(MarkAllNotificationsReadPayload { scope, marked })
    }

    /// Chooses what you are told and how, from the next event on. Needs any valid access token.
    /// `INVALID_INPUT` with reason `ALWAYS_TOLD` for what cannot be switched off.
    async fn update_notification_preferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateNotificationPreferencesInput,
    ) -> Result<UpdateNotificationPreferencesPayload> {
        let choices = input.preferences.into_iter();
        let choices = choices.map(|choice| notifications::Choice {
            kind: choice.kind.into(),
            channel: choice.channel.into(),
            enabled: choice.enabled,
        });
        let chosen = notifications::choose(Scope::of(ctx).cx(), choices.collect()).await?;
        Ok(UpdateNotificationPreferencesPayload(chosen))
    }
}
