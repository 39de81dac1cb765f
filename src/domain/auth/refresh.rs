//! Exchange a refresh token for the next pair (ruling 11).
//!
//! Whoever holds the live token gets a new pair. A token that was exchanged a moment ago gets the
//! pair it was exchanged for, so that parallel refreshes and lost replies sign nobody out. A token
//! that was exchanged longer ago has been copied: the whole session ends.

use entity::{ids::TenantId, refresh_token, session};

use super::{
    TokenPair, session as sessions, store,
    token::{Claims, TokenKind},
};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::Cx,
        event::DomainEvent,
        tenants,
        throttle::{Attempt, Refreshed},
        unit::UnitOfWork,
    },
    error::{Credentials, Error, Result},
};

/// The next pair of tokens, or the live one for a token that was exchanged a moment ago.
pub async fn refresh(cx: &Cx, token: &str) -> Result<TokenPair> {
    let claims = cx.app().tokens.verify(token, TokenKind::Refresh, cx.now());
    let shown = claims
        .as_ref()
        .map_or(Refreshed::Nonsense(token), |claims| {
            Refreshed::Session(claims.sid)
        });
    cx.throttle(Attempt::TokenRefresh(shown)).await?;
    let claims = claims.map_err(Error::Unauthenticated)?;
    let mut unit = cx.begin().await?;
    let (session, shown) = hold(cx, &unit, &claims).await?;
    let Some(rotated_at) = shown.rotated_at else {
        let tenant = tenant_of(&unit, &session).await?;
        let tokens = sessions::rotate(cx, &unit, &session, tenant).await?;
        unit.commit().await?;
        return Ok(tokens);
    };
    let age = (cx.now() - rotated_at).to_std().unwrap_or_default();
    if age < cx.app().config.auth.refresh_reuse_window {
        let live = store::live_refresh_token(&*unit, session.id)
            .await?
            .ok_or_else(|| Error::internal("a session that goes on has no live refresh token"))?;
        return sessions::pair(cx, session.user_id, &live);
    }
    store::revoke_session(&*unit, session.id, cx.now()).await?;
    unit.audit(
        Deed::new(Action::SessionReuseDetected, Target::Session(session.id))
            .details(serde_json::json!({"user_id": session.user_id})),
    );
    unit.emit(DomainEvent::SessionsEnded {
        user_id: session.user_id,
        session_ids: vec![session.id],
    });
    unit.emit(DomainEvent::SessionReused {
        user_id: session.user_id,
        session_id: session.id,
    });
    unit.commit().await?;
    tracing::warn!(session.id = %session.id, "an exchanged refresh token came back: session ended");
    Err(Error::Unauthenticated(Credentials::Invalid))
}

/// Locks the session and finds the token's row; both must still hold, and so must the account.
async fn hold(
    cx: &Cx,
    unit: &UnitOfWork,
    claims: &Claims,
) -> Result<(session::Model, refresh_token::Model)> {
    let invalid = || Error::Unauthenticated(Credentials::Invalid);
    let session = store::lock_session(&**unit, claims.sid)
        .await?
        .ok_or_else(invalid)?;
    if session.revoked_at.is_some()
        || session.expires_at <= cx.now()
        || session.user_id != claims.sub
    {
        return Err(invalid());
    }
    let user = store::user(&**unit, session.user_id)
        .await?
        .ok_or_else(invalid)?;
    if !user.is_active {
        return Err(invalid());
    }
    let shown = store::refresh_token(&**unit, session.id, claims.jti.into()).await?;
    Ok((session, shown.ok_or_else(invalid)?))
}

/// The session's tenant; if the person is no longer in it, their default one.
async fn tenant_of(unit: &UnitOfWork, session: &session::Model) -> Result<Option<TenantId>> {
    if let Some(tenant) = session.tenant_id
        && tenants::store::membership(&**unit, session.user_id, tenant)
            .await?
            .is_some()
    {
        return Ok(Some(tenant));
    }
    let memberships = tenants::store::memberships_of(&**unit, session.user_id).await?;
    Ok(sessions::current_of(&memberships).map(|current| current.tenant.id))
}
