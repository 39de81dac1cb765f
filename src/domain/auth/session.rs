//! Sign-ins and their pairs of tokens. Pure construction; `store.rs` keeps the rows.

use std::time::Duration;

use chrono::SubsecRound;
use entity::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
    refresh_token, session, user,
};

use super::{
    store,
    token::{Claims, TokenKind},
};
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::{Cx, Identity},
        event::DomainEvent,
        tenants::TenantMembership,
        unit::UnitOfWork,
    },
    error::{Error, Result},
};

/// What a client holds while signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPair {
    /// Shown with each request.
    pub access_token: String,
    /// Exchanged for the next pair.
    pub refresh_token: String,
    /// Life of the access token from its issue, in seconds.
    pub expires_in: u64,
}

/// Somebody who has just signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// The same request, made by them.
    pub cx: Cx,
    /// Their tokens.
    pub tokens: TokenPair,
    /// Their account.
    pub user: user::Model,
    /// Their tenants, oldest membership first.
    pub memberships: Vec<TenantMembership>,
    /// The tenant they are in: the default one, else the first (ruling 13: or none).
    pub current: Option<TenantMembership>,
}

/// A sign-in that is ready to be written.
pub struct Opening {
    signed_in: SignedIn,
    session: session::Model,
    refresh: refresh_token::Model,
}

/// Prepares a session in the person's default tenant, with its first pair.
pub fn open(cx: &Cx, user: user::Model, memberships: Vec<TenantMembership>) -> Result<Opening> {
    let current = current_of(&memberships);
    let tenant_id = current.as_ref().map(|current| current.tenant.id);
    let session_id: SessionId = cx.new_id();
    let refresh = new_refresh_token(cx, session_id, tenant_id)?;
    let now = cx.now();
    let session = session::Model {
        id: session_id,
        user_id: user.id,
        tenant_id,
        user_agent: cx.info().user_agent.clone(),
        ip_address: cx.info().ip.map(|ip| ip.to_string()),
        created_at: now,
        refreshed_at: now,
        expires_at: refresh.expires_at,
        revoked_at: None,
    };
    let tokens = pair(cx, user.id, &refresh)?;
    let cx = cx.signed_in_as(Identity {
        session_id,
        session_ends_at: refresh.expires_at,
        user: user.clone(),
        tenant_id,
        membership: current.as_ref().map(|current| current.membership.clone()),
    });
    let signed_in = SignedIn {
        cx,
        tokens,
        user,
        memberships,
        current,
    };
    Ok(Opening {
        signed_in,
        session,
        refresh,
    })
}

impl Opening {
    /// The same request, made by the person who signs in.
    pub fn cx(&self) -> &Cx {
        &self.signed_in.cx
    }

    /// Begins the transaction, as that person; whatever belongs to it is written first.
    pub async fn begin(&self) -> Result<UnitOfWork> {
        self.cx().begin().await
    }

    /// Writes the session and commits.
    pub async fn commit(self, mut unit: UnitOfWork) -> Result<SignedIn> {
        let Self {
            signed_in,
            session,
            refresh,
        } = self;
        let id = session.id;
        store::insert_session(&*unit, session, refresh).await?;
        unit.audit(Deed::new(Action::SessionStarted, Target::Session(id)));
        unit.commit().await?;
        let address = &signed_in.user.email_normalized;
        signed_in.cx.note_sign_in(address).await;
        Ok(signed_in)
    }
}

/// Ends the sessions that were not used for longest where a person has as many as they may; the
/// account's row is locked.
pub async fn make_room(cx: &Cx, unit: &mut UnitOfWork, user_id: UserId) -> Result<()> {
    let others = cx.app().config.auth.max_sessions.saturating_sub(1);
    let surplus = store::surplus_sessions(&**unit, user_id, others, cx.now()).await?;
    if surplus.is_empty() {
        return Ok(());
    }
    let which = store::Which::Only(&surplus);
    let session_ids = store::revoke_sessions(&**unit, user_id, which, cx.now()).await?;
    for session in &session_ids {
        unit.audit(
            Deed::new(Action::SessionEnded, Target::Session(*session))
                .details(serde_json::json!({"why": "too many"})),
        );
    }
    unit.emit(DomainEvent::SessionsEnded {
        user_id,
        session_ids,
    });
    Ok(())
}

/// The default membership, else the first.
pub fn current_of(memberships: &[TenantMembership]) -> Option<TenantMembership> {
    memberships
        .iter()
        .find(|m| m.membership.is_default)
        .or(memberships.first())
        .cloned()
}

/// Exchanges the session's live token for a new one; the session's row must be locked.
pub async fn rotate(
    cx: &Cx,
    unit: &UnitOfWork,
    session: &session::Model,
    tenant_id: Option<TenantId>,
) -> Result<TokenPair> {
    let next = new_refresh_token(cx, session.id, tenant_id)?;
    let tokens = pair(cx, session.user_id, &next)?;
    store::rotate(&**unit, session.id, next, cx.now()).await?;
    Ok(tokens)
}

fn new_refresh_token(
    cx: &Cx,
    session_id: SessionId,
    tenant_id: Option<TenantId>,
) -> Result<refresh_token::Model> {
    // Claims are whole seconds (RFC 7519 section 2, NumericDate).
    let issued_at = cx.now().trunc_subsecs(0);
    Ok(refresh_token::Model {
        id: cx.new_id(),
        session_id,
        tenant_id,
        access_token_id: cx.new_id(),
        issued_at,
        expires_at: after(issued_at, cx.app().config.auth.refresh_token_ttl)?,
        rotated_at: None,
    })
}

/// The pair of a refresh token's row: always the same one, byte for byte.
pub fn pair(cx: &Cx, user: UserId, row: &refresh_token::Model) -> Result<TokenPair> {
    let lifetime = cx.app().config.auth.access_token_ttl;
    let claims = |kind, jti, expires_at: Timestamp| Claims {
        sub: user,
        tenant_id: row.tenant_id,
        kind,
        sid: row.session_id,
        jti,
        iat: row.issued_at.timestamp(),
        exp: expires_at.timestamp(),
    };
    let access_expires = after(row.issued_at, lifetime)?;
    let tokens = &cx.app().tokens;
    Ok(TokenPair {
        access_token: tokens.sign(&claims(
            TokenKind::Access,
            row.access_token_id,
            access_expires,
        ))?,
        refresh_token: tokens.sign(&claims(TokenKind::Refresh, row.id.0, row.expires_at))?,
        expires_in: lifetime.as_secs(),
    })
}

fn after(start: Timestamp, duration: Duration) -> Result<Timestamp> {
    Ok(start + chrono::Duration::from_std(duration).map_err(Error::internal)?)
}
