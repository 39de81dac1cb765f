//! Finds out who shows an access token, with one SQL statement (ruling 12), which may be one for all who
//! show theirs at the same moment.

use entity::ids::{SessionId, TenantId};

use super::{store, token::TokenKind};
use crate::{
    app::App,
    domain::{
        cx::{Cx, Identity},
        gather::Gather,
    },
    error::{Credentials, Error, Result},
};

/// The sessions that access tokens name.
pub type SignIns = Gather<App, store::CredentialKey, store::Credential>;

/// Looks sessions up.
pub fn sign_ins() -> SignIns {
    Gather::new(|app: App, keys| Box::pin(async move { store::credentials(&app.db, &keys).await }))
}

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
    let identity = believe(cx, claims.sid, claims.tenant_id).await?;
    if identity.user.id != claims.sub {
        return Err(invalid());
    }
    Ok(identity)
}

/// Whose session this is and what they are in the tenant now; UNAUTHENTICATED when it is over or the
/// account is disabled.
pub async fn believe(cx: &Cx, session: SessionId, tenant_id: Option<TenantId>) -> Result<Identity> {
    let invalid = || Error::Unauthenticated(Credentials::Invalid);
    let app = cx.app();
    let found = app.sign_ins.one(app, (session, tenant_id));
    let store::Credential {
        session,
        user,
        membership,
    } = found.await?.ok_or_else(invalid)?;
    if session.revoked_at.is_some() || session.expires_at <= cx.now() || !user.is_active {
        return Err(invalid());
    }
    Ok(Identity {
        session_id: session.id,
        session_ends_at: session.expires_at,
        user,
        tenant_id,
        membership,
    })
}
