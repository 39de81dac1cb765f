//! Note that one's notifications were read.

use entity::{ids::NotificationId, notification::Model};

use super::store;
use crate::{
    domain::{auth, cx::Cx, event::DomainEvent, throttle::Attempt},
    error::{Credentials, Error, Result, Subject},
};

/// How many notifications one event names.
const AT_ONCE: usize = 500;

/// Notes that the caller has read a notification of theirs. Said again it is confirmed again, and
/// nothing happens; somebody else's is as unknown as one that does not exist.
pub async fn mark_read(cx: &Cx, id: NotificationId) -> Result<NotificationId> {
    Ok(read(cx, id).await?.id)
}

/// The same; returns the notification.
pub async fn read(cx: &Cx, id: NotificationId) -> Result<Model> {
    cx.throttle(Attempt::InboxChange).await?;
    let user = cx.identity().await?.user.id;
    let mut unit = cx.begin().await?;
    if let Some(row) = store::mark_read(&*unit, user, id, cx.now()).await? {
        unit.emit(DomainEvent::NotificationsRead {
            user_id: user,
            notification_ids: vec![id],
        });
        unit.commit().await?;
        return Ok(row);
    }
    let known = store::one(&*unit, user, id).await?;
    known.ok_or(Error::NotFound(Subject::Notification))
}

/// Notes that the caller has read all of their notifications: those up to `up_to`, which is the newest
/// they have seen, or all there are. Says how many they had not read before.
pub async fn mark_all_read(cx: &Cx, up_to: Option<NotificationId>) -> Result<u64> {
    cx.throttle(Attempt::InboxChange).await?;
    let user = cx.identity().await?.user.id;
    let mut unit = cx.begin().await?;
    // Two at once would take the rows in orders of their own.
    auth::store::lock_user(&*unit, user)
        .await?
        .ok_or(Error::Unauthenticated(Credentials::Invalid))?;
    let last = match up_to {
        Some(id) => {
            let known = store::one(&*unit, user, id).await?;
            Some(known.ok_or(Error::NotFound(Subject::Notification))?)
        }
        None => None,
    };
    let marked = store::mark_all_read(&*unit, user, last.as_ref(), cx.now()).await?;
    for ids in marked.chunks(AT_ONCE) {
        unit.emit(DomainEvent::NotificationsRead {
            user_id: user,
            notification_ids: ids.to_vec(),
        });
    }
    unit.commit().await?;
    Ok(marked.len() as u64)
}
