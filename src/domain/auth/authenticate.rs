//! Finds out who shows an access token, with one SQL statement (ruling 12).

use super::{store, token::TokenKind};
use crate::{
    domain::cx::{Cx, Identity},
    error::{Credentials, Error, Result},
};

/// The person whose token the request shows; the session row is the truth about whether it holds.
pub async fn authenticate(cx: &Cx) -> Result<Identity> {
    let invalid = || Error::Unauthenticated(Credentials::Invalid);
    let token = cx
        .info()
        .bearer
        .as_deref()
        .ok_or(Error::Unauthenticated(Credentials::Missing))?;
    let claims = cx
        .app()
        .tokens
        .verify(token, TokenKind::Access, cx.now())
        .map_err(Error::Unauthenticated)?;
    let store::Credential {
        session,
        user,
        membership,
    } = store::credential(cx.db(), claims.sid, claims.tenant_id)
        .await?
        .ok_or_else(invalid)?;
    if session.revoked_at.is_some()
        || session.expires_at <= cx.now()
        || user.id != claims.sub
        || !user.is_active
    {
        return Err(invalid());
    }
    Ok(Identity {
        session_id: session.id,
        user,
        tenant_id: claims.tenant_id,
        membership,
    })
}
