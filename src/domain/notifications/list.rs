//! One's own notifications.

use entity::notification::Model;

use super::store;
use crate::{
    domain::{
        cx::Cx,
        page::{Listing, Window},
    },
    error::Result,
};

/// Which notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NotificationFilter {
    /// Only those that were not read.
    pub unread_only: bool,
}

/// The caller's notifications, newest first.
pub async fn list(cx: &Cx, filter: NotificationFilter, window: &Window) -> Result<Listing<Model>> {
    store::list(cx.db(), cx.identity().await?.user.id, filter, window).await
}

/// How many notifications the caller has.
pub async fn count(cx: &Cx, filter: NotificationFilter) -> Result<u64> {
    store::count(cx.db(), cx.identity().await?.user.id, filter).await
}
