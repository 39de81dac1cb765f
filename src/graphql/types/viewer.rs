//! The person who asks.

use std::sync::Arc;

use async_graphql::{ID, Object};
use entity::user;

use super::{
    connection::Connection, id, member::Membership, notification::Notification, scalars::DateTime,
    session::Session, tenant::Tenant,
};
use crate::{
    domain::{
        fields::Fields,
        notifications::{self, NotificationFilter},
        tenants,
    },
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{Page, complete},
    },
};

/// The person who asks.
pub struct Viewer {
    scope: Scope,
    user: Arc<user::Model>,
}

impl Viewer {
    /// The person as whom the scope asks.
    pub fn new(scope: Scope, user: impl Into<Arc<user::Model>>) -> Self {
        let user = user.into();
        Self { scope, user }
    }

    /// The scope in which the person asks.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// You: the person that the access token names, and the tenant it currently works in.
#[Object]
impl Viewer {
    /// Your user id.
    async fn id(&self) -> ID {
        id(self.user.id)
    }

    /// Your e-mail address as you wrote it.
    async fn email(&self) -> &str {
        &self.user.email
    }

    /// Your display name.
    async fn full_name(&self) -> &str {
        &self.user.full_name
    }

    /// Whether you operate the whole platform. No role in any tenant follows from it.
    async fn is_superuser(&self) -> bool {
        self.user.is_superuser
    }

    /// Whether your address was proven by opening a mailed link.
    async fn email_verified(&self) -> bool {
        self.user.email_verified_at.is_some()
    }

    /// When your account was made.
    async fn created_at(&self) -> DateTime {
        self.user.created_at.into()
    }

    /// The tenant that your token works in; change it with `switchTenant`. Null when you are in no
    /// tenant, or no longer in that one.
    async fn current_tenant(&self) -> Result<Option<InPlace<Tenant>>> {
        let current = self.scope.current_tenant().await?;
        Ok(current.map(|place| InPlace(Tenant::of_viewer(&self.scope, place))))
    }

    /// Your place in the current tenant; null when there is none.
    async fn membership(&self) -> Result<Option<InPlace<Membership>>> {
        let current = self.scope.current_tenant().await?;
        let place = |place| Membership::of_viewer(&self.scope, Arc::clone(&self.user), place);
        Ok(current.map(place).map(InPlace))
    }

    /// Where you are signed in, the session used last first; at most 100 unless configured
    /// otherwise. End one with `revokeSession`, all with `logoutEverywhere`.
    async fn sessions(&self) -> Result<Vec<InPlace<Session>>> {
        let current = self.scope.cx().identity().await?.session_id;
        let sessions = self.scope.sessions().await?.iter();
        Ok(sessions
            .map(|session| InPlace(Session::new(session.clone(), current)))
            .collect())
    }

    /// What you were told, newest first. It is yours alone, whichever tenant is the current one;
    /// what you read long ago is forgotten, and so are the oldest beyond a thousand (unless
    /// configured otherwise).
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn notifications(
        &self,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what you have not read.")] unread_only: Option<bool>,
    ) -> Result<InPlace<Connection<Notification>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let filter = NotificationFilter {
            unread_only: unread_only.unwrap_or_default(),
        };
        let cx = self.scope.cx().clone();
        let listing = Box::pin(notifications::list(&cx, filter, &window)).await?;
        Ok(InPlace(Connection::new(
            listing,
            |row| Notification::new(&self.scope, row),
            move || {
                let cx = cx.clone();
                async move { notifications::count(&cx, filter).await }
            },
        )))
    }

    /// How many of your notifications you have not read: the number beside the bell.
    async fn unread_notification_count(&self) -> Result<u64> {
        let filter = NotificationFilter { unread_only: true };
        Ok(notifications::count(self.scope.cx(), filter).await?)
    }

    /// All your places in tenants, oldest first: the content of a tenant switcher.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn memberships(
        &self,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<Membership>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let listing = Box::pin(self.scope.memberships(window)).await?;
        self.scope
            .announce_tenants(listing.items.iter().map(|item| item.node.tenant.id));
        let cx = self.scope.cx().clone();
        Ok(InPlace(Connection::new(
            listing,
            |place| Membership::of_viewer(&self.scope, Arc::clone(&self.user), place),
            move || {
                let cx = cx.clone();
                async move { tenants::memberships_count(&cx).await }
            },
        )))
    }
}
