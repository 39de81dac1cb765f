//! Forgets old notifications.

use super::store;
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// How many people's inboxes are shortened at a time.
const PEOPLE: u64 = 20;

/// Forgets up to `limit` notifications (of each of some people) that were read long ago, or that are
/// more than a person is to have; returns how many.
pub async fn forget_old(cx: &Cx, limit: u64) -> Result<u64> {
    let access = cx.system_access()?;
    let kept = &cx.app().config.notifications;
    let age = chrono::Duration::from_std(kept.retention).map_err(Error::internal)?;
    let mut gone = store::forget_read(cx.db(), access, cx.now() - age, limit).await?;
    for user in store::hoarders(cx.db(), access, kept.most, PEOPLE).await? {
        gone += store::forget_surplus(cx.db(), access, user, kept.most, limit).await?;
    }
    Ok(gone)
}
