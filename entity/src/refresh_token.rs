//! `refresh_tokens`: the claims of each refresh token, so that the live one can be signed again
//! byte for byte and no token is stored (ruling 11).

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::{
    Timestamp,
    ids::{RefreshTokenId, SessionId, TenantId},
};

/// A refresh token of a session's family; exactly one per session is live.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// Primary key; the `jti` claim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefreshTokenId,
    /// The family it belongs to.
    pub session_id: SessionId,
    /// The tenant named in the pair.
    pub tenant_id: Option<TenantId>,
    /// The `jti` of the access token issued with it.
    pub access_token_id: Uuid,
    /// The `iat` claim of both tokens of the pair, whole seconds.
    pub issued_at: Timestamp,
    /// The `exp` claim, whole seconds.
    pub expires_at: Timestamp,
    /// When it was exchanged for the next one; `None` while it is the live one.
    pub rotated_at: Option<Timestamp>,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The family it belongs to.
    #[sea_orm(
        belongs_to = "super::session::Entity",
        from = "Column::SessionId",
        to = "super::session::Column::Id",
        on_delete = "Cascade"
    )]
    Session,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
