//! Sign out: here, somewhere else, everywhere.

use entity::ids::{SessionId, UserId};

use super::store::{self, Which};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::{Cx, Identity},
        event::DomainEvent,
        throttle::Attempt,
        unit::UnitOfWork,
    },
    error::{Credentials, Error, Result, Subject},
};

/// Ends the session the request was made with; other sessions live (ruling 12).
pub async fn logout(cx: &Cx) -> Result<()> {
    let &Identity {
        session_id,
        ref user,
        ..
    } = cx.identity().await?;
    cx.throttle(Attempt::SessionChange).await?;
    let mut unit = cx.begin().await?;
    if store::revoke_session(&*unit, session_id, cx.now()).await? {
        ended(&mut unit, user.id, session_id);
    }
    unit.commit().await
}

/// Ends one of the caller's sessions; that of somebody else is as unknown as one that has ended.
pub async fn revoke_session(cx: &Cx, session: SessionId) -> Result<()> {
    cx.throttle(Attempt::SessionChange).await?;
    let user = cx.identity().await?.user.id;
    let mut unit = cx.begin().await?;
    let only = Which::Only(&[session]);
    if store::revoke_sessions(&*unit, user, only, cx.now())
        .await?
        .is_empty()
    {
        return Err(Error::NotFound(Subject::Session));
    }
    ended(&mut unit, user, session);
    unit.commit().await
}

/// Ends all of the caller's sessions, or all but the one the request was made with. Says how many.
pub async fn logout_everywhere(cx: &Cx, except_current: bool) -> Result<usize> {
    cx.throttle(Attempt::SessionChange).await?;
    let identity = cx.identity().await?;
    let mut unit = cx.begin().await?;
    // Whoever signs in at this moment does so before or after, not in between.
    store::lock_user(&*unit, identity.user.id)
        .await?
        .ok_or(Error::Unauthenticated(Credentials::Invalid))?;
    let which = if except_current {
        Which::AllBut(identity.session_id)
    } else {
        Which::All
    };
    let count = end_all(cx, &mut unit, identity.user.id, which).await?;
    unit.commit().await?;
    Ok(count)
}

/// Ends many of a person's sessions, whose account's row is locked. Says how many.
pub(super) async fn end_all(
    cx: &Cx,
    unit: &mut UnitOfWork,
    user: UserId,
    which: Which<'_>,
) -> Result<usize> {
    let session_ids = store::revoke_sessions(&**unit, user, which, cx.now()).await?;
    let count = session_ids.len();
    if count > 0 {
        unit.audit(
            Deed::new(Action::SessionsEnded, Target::User(user))
                .details(serde_json::json!({"sessions": count})),
        );
        unit.emit(DomainEvent::SessionsEnded {
            user_id: user,
            session_ids,
        });
    }
    Ok(count)
}

/// Tells that a session has ended.
fn ended(unit: &mut UnitOfWork, user_id: UserId, session: SessionId) {
    unit.audit(Deed::new(Action::SessionEnded, Target::Session(session)));
    unit.emit(DomainEvent::SessionsEnded {
        user_id,
        session_ids: vec![session],
    });
}
