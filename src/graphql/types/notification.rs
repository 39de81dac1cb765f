//! What people are told, and what they want to be told.

use async_graphql::{Enum, ID, Object, SimpleObject};
use entity::{notification, notification_preference};

use super::{id, scalars::DateTime, tenant::Tenant};
use crate::{
    domain::notifications,
    graphql::{context::Scope, error::Result, in_place::InPlace},
};

/// What a notification is about. New words may be added: show an unknown one by its title.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "notification::NotificationKind")]
pub enum NotificationKind {
    /// Somebody put you into a tenant.
    MemberAdded,
    /// Somebody is new in a tenant of which you are an owner or admin.
    MemberJoined,
    /// You have another role in a tenant.
    RoleChanged,
    /// You were taken out of a tenant.
    MemberRemoved,
    /// Somebody left a tenant of which you are an owner or admin.
    MemberLeft,
    /// You are an owner of a tenant now, or no longer.
    OwnershipTransferred,
    /// A provisioning job is done.
    ProvisioningCompleted,
    /// A provisioning job was given up.
    ProvisioningFailed,
    /// A provisioning job was called off.
    ProvisioningCancelled,
    /// A session of yours was ended because its refresh token was used twice.
    SessionReused,
}

/// How a notification is to be shown.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "notification::NotificationType")]
pub enum NotificationType {
    /// Good to know.
    Info,
    /// Something went well.
    Success,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}

/// A way to be told.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "notification_preference::NotificationChannel")]
pub enum NotificationChannel {
    /// In the inbox, and at once on every screen that listens.
    InApp,
    /// By letter.
    Email,
}

/// Something that you were told.
pub struct Notification {
    scope: Scope,
    model: notification::Model,
}

impl Notification {
    /// Wraps a row of the caller's.
    pub fn new(scope: &Scope, model: notification::Model) -> Self {
        scope.announce_notification(&model);
        Self {
            scope: scope.clone(),
            model,
        }
    }
}

/// Something that you were told.
#[Object]
impl Notification {
    /// The notification's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// What it is about.
    async fn kind(&self) -> NotificationKind {
        self.model.kind.into()
    }

    /// How to show it.
    #[graphql(name = "type")]
    async fn notification_type(&self) -> NotificationType {
        self.model.notification_type.into()
    }

    /// The headline. Show it as text, never as markup: there are names in it.
    async fn title(&self) -> &str {
        &self.model.title
    }

    /// The text; as little markup as the headline.
    async fn message(&self) -> &str {
        &self.model.message
    }

    /// The ids of what it is about, for links: `job_id`, `user_id`, `from_user_id`, `to_user_id`,
    /// `session_id`. What they lead to may be gone, or no longer be yours to see.
    async fn data(&self) -> &serde_json::Value {
        &self.model.data
    }

    /// The id of the tenant that it is about; null when it is about none, or that is gone.
    async fn tenant_id(&self) -> Option<ID> {
        self.model.tenant_id.map(id)
    }

    /// The tenant that it is about, as long as you are in it; else null.
    async fn tenant(&self) -> Result<Option<InPlace<Tenant>>> {
        let Some(tenant) = self.model.tenant_id else {
            return Ok(None);
        };
        let place = self.scope.place_told_of(tenant).await?;
        Ok(place.map(|place| InPlace(Tenant::of_viewer(&self.scope, place))))
    }

    /// When you read it; null when you have not.
    async fn read_at(&self) -> Option<DateTime> {
        self.model.read_at.map(DateTime)
    }

    /// When you were told.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }
}

/// Whether you are told things of one kind by one way.
#[derive(Clone, SimpleObject)]
pub struct NotificationPreference {
    /// What.
    kind: NotificationKind,
    /// How.
    channel: NotificationChannel,
    /// Whether.
    enabled: bool,
    /// Whether `updateNotificationPreferences` takes a choice. Some things are told in any case.
    can_change: bool,
}

/// Wraps what the domain answers.
pub fn preferences(of: Vec<notifications::Preference>) -> Vec<InPlace<NotificationPreference>> {
    of.into_iter()
        .map(|preference| {
            InPlace(NotificationPreference {
                kind: preference.kind.into(),
                channel: preference.channel.into(),
                enabled: preference.enabled,
                can_change: preference.can_change,
            })
        })
        .collect()
}
