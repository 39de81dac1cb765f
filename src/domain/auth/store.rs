//! Rows of accounts, sessions and refresh tokens.

use std::collections::HashMap;

use entity::{
    Timestamp,
    ids::{RefreshTokenId, SessionId, TenantId, UserId},
    membership, refresh_token, session, user,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Select,
    sea_query::{Expr, ExprTrait, IntoCondition},
};

use crate::{
    domain::{
        access::SystemAccess,
        db::{self, OnUnique},
        rows,
    },
    error::{Error, Reason, Result},
};

/// How many surplus sign-ins are ended at once; only a lowered setting leaves more than one.
const SURPLUS_MAX: u64 = 1_000;

/// The account with this normalised address.
pub async fn user_by_email(
    db: &impl ConnectionTrait,
    normalized: &str,
) -> Result<Option<user::Model>> {
    let found = user::Entity::find().filter(user::Column::EmailNormalized.eq(normalized));
    rows::one(db, found).await
}

/// The account with this id.
pub async fn user(db: &impl ConnectionTrait, id: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(id).one(db).await?)
}

/// Takes the account's row lock, which everything that changes a default tenant takes, after the
/// tenant's if it takes that too.
pub async fn lock_user(db: &impl ConnectionTrait, id: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(id).lock(db::ROW).one(db).await?)
}

/// Adds an account; an address that is taken is a conflict.
pub async fn insert_user(db: &impl ConnectionTrait, user: user::Model) -> Result<()> {
    db::insert::<user::Entity>(db, user)
        .await
        .on_unique(|| Error::Conflict(Reason::EmailTaken))
}

/// Replaces a password hash, unless somebody else did so first.
pub async fn replace_password_hash(
    db: &impl ConnectionTrait,
    user: &user::Model,
    hash: String,
    now: Timestamp,
) -> Result<()> {
    user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(hash))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
        .filter(user::Column::Id.eq(user.id))
        .filter(user::Column::PasswordHash.eq(&user.password_hash))
        .exec(db)
        .await?;
    Ok(())
}

/// Remembers that an address was proven.
pub async fn verify_email(db: &impl ConnectionTrait, id: UserId, now: Timestamp) -> Result<()> {
    user::Entity::update_many()
        .col_expr(user::Column::EmailVerifiedAt, Expr::value(now))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::EmailVerifiedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Everything that decides whether an access token holds.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The sign-in.
    pub session: session::Model,
    /// The person.
    pub user: user::Model,
    /// Their place in the token's tenant.
    pub membership: Option<membership::Model>,
}

/// What an access token names: a session, and a tenant if there is one.
pub type CredentialKey = (SessionId, Option<TenantId>);

/// Session ⨝ user ⟕ membership of the token's tenant, in one statement (ruling 12) for all tokens that
/// are shown at the same moment.
pub async fn credentials(
    db: &impl ConnectionTrait,
    keys: &[CredentialKey],
) -> Result<HashMap<CredentialKey, Credential>> {
    let mut query = session::Entity::find()
        .filter(session::Column::Id.is_in(rows::padded(keys).map(|(session, _)| session)))
        .join(JoinType::InnerJoin, session::Relation::User.def());
    // A token without a tenant joins nothing: NULL equals no id.
    let tenants = rows::padded(keys).map(|(_, tenant)| tenant);
    let place = Condition::all()
        .add(
            Expr::col((membership::Entity, membership::Column::UserId))
                .equals((session::Entity, session::Column::UserId)),
        )
        .add(membership::Column::TenantId.is_in(tenants))
        .into_condition();
    QueryTrait::query(&mut query).join(JoinType::LeftJoin, membership::Entity, place);
    let found: Vec<((session::Model, user::Model), Option<membership::Model>)> =
        rows::all(db, query).await?;
    let credential = |(session, tenant): CredentialKey| {
        let mut own = found
            .iter()
            .filter(|((of, _), _)| of.id == session)
            .peekable();
        let ((session, user), _) = own.peek()?;
        let credential = Credential {
            session: session.clone(),
            user: user.clone(),
            // Others who ask at the same moment may name other tenants of the same person.
            membership: own
                .filter_map(|(_, place)| place.clone())
                .find(|place| Some(place.tenant_id) == tenant),
        };
        Some(credential)
    };
    let keyed = |key: &CredentialKey| Some((*key, credential(*key)?));
    Ok(keys.iter().filter_map(keyed).collect())
}

/// Adds a sign-in with its first refresh token.
pub async fn insert_session(
    db: &impl ConnectionTrait,
    session: session::Model,
    first: refresh_token::Model,
) -> Result<()> {
    db::insert::<session::Entity>(db, session).await?;
    db::insert::<refresh_token::Entity>(db, first).await?;
    Ok(())
}

/// Takes the session's row lock, which everything that touches its tokens takes first.
pub async fn lock_session(
    db: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<session::Model>> {
    Ok(session::Entity::find_by_id(id)
        .lock(db::ROW)
        .one(db)
        .await?)
}

/// A token of a session.
pub async fn refresh_token(
    db: &impl ConnectionTrait,
    session: SessionId,
    id: RefreshTokenId,
) -> Result<Option<refresh_token::Model>> {
    let found =
        refresh_token::Entity::find_by_id(id).filter(refresh_token::Column::SessionId.eq(session));
    Ok(found.one(db).await?)
}

/// The token of a session that has not been exchanged.
pub async fn live_refresh_token(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Option<refresh_token::Model>> {
    let found = refresh_token::Entity::find()
        .filter(refresh_token::Column::SessionId.eq(session))
        .filter(refresh_token::Column::RotatedAt.is_null());
    Ok(found.one(db).await?)
}

/// Exchanges the live token for the next, moves the session on, and forgets tokens past their end.
pub async fn rotate(
    db: &impl ConnectionTrait,
    session: SessionId,
    next: refresh_token::Model,
    now: Timestamp,
) -> Result<()> {
    use refresh_token::Column;
    refresh_token::Entity::delete_many()
        .filter(Column::SessionId.eq(session))
        .filter(Column::ExpiresAt.lte(now))
        .exec(db)
        .await?;
    refresh_token::Entity::update_many()
        .col_expr(Column::RotatedAt, Expr::value(now))
        .filter(Column::SessionId.eq(session))
        .filter(Column::RotatedAt.is_null())
        .exec(db)
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::TenantId, Expr::value(next.tenant_id))
        .col_expr(session::Column::RefreshedAt, Expr::value(now))
        .col_expr(session::Column::ExpiresAt, Expr::value(next.expires_at))
        .filter(session::Column::Id.eq(session))
        .exec(db)
        .await?;
    db::insert::<refresh_token::Entity>(db, next).await?;
    Ok(())
}

/// Somebody's sign-ins that still hold, the one used last first.
pub async fn live_sessions(
    db: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<session::Model>> {
    Ok(by_use(live(user, now)).all(db).await?)
}

fn live(user: UserId, now: Timestamp) -> Select<session::Entity> {
    session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
}

fn by_use(sessions: Select<session::Entity>) -> Select<session::Entity> {
    sessions
        .order_by_desc(session::Column::RefreshedAt)
        .order_by_desc(session::Column::Id)
}

/// Those of somebody's sign-ins that are left when so many were kept, the one used last first.
pub async fn surplus_sessions(
    db: &impl ConnectionTrait,
    user: UserId,
    kept: u64,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    // SQLite takes an offset with a limit only.
    let surplus = by_use(live(user, now)).offset(kept).limit(SURPLUS_MAX);
    let ids = surplus
        .select_only()
        .column(session::Column::Id)
        .into_tuple();
    Ok(ids.all(db).await?)
}

/// Ends those of somebody's sign-ins that still hold; for more than one the account's row is locked.
/// Says which.
pub async fn revoke_sessions(
    db: &impl ConnectionTrait,
    user: UserId,
    which: Which<'_>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now))
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now));
    let ended = match which {
        Which::All => ended,
        Which::Only(ids) => ended.filter(session::Column::Id.is_in(ids.iter().copied())),
        Which::AllBut(id) => ended.filter(session::Column::Id.ne(id)),
    };
    let ended = ended.exec_with_returning(db).await?;
    Ok(ended.into_iter().map(|session| session.id).collect())
}

/// Which of somebody's sign-ins.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// Every one.
    All,
    /// These.
    Only(&'a [SessionId]),
    /// Every other one.
    AllBut(SessionId),
}

/// Ends a session early; says whether it was still going.
pub async fn revoke_session(
    db: &impl ConnectionTrait,
    id: SessionId,
    now: Timestamp,
) -> Result<bool> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now))
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Deletes up to `limit` sessions whose time was over before this one; their refresh tokens go with
/// them. Revoked ones wait for the same moment: they would have lasted no longer.
pub async fn forget_ended(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    before: Timestamp,
    limit: u64,
) -> Result<u64> {
    let ids: Vec<SessionId> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::ExpiresAt.lte(before))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let gone = session::Entity::delete_many()
        .filter(session::Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}
