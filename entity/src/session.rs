//! `sessions`: sign-ins. The row is the truth about whether a token still works (ruling 12).

use sea_orm::entity::prelude::*;

use crate::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
};

/// A sign-in; also the family of its refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Primary key; the `sid` claim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// The tenant the session works in; a refresh keeps it (ruling 11).
    pub tenant_id: Option<TenantId>,
    /// The browser or application, as it named itself.
    pub user_agent: Option<String>,
    /// The address it came from.
    pub ip_address: Option<String>,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When its tokens were last rotated.
    pub refreshed_at: Timestamp,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
    /// When it was ended early.
    pub revoked_at: Option<Timestamp>,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who signed in.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id",
        on_delete = "Cascade"
    )]
    User,
    /// The refresh tokens of the family.
    #[sea_orm(has_many = "super::refresh_token::Entity")]
    RefreshToken,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::refresh_token::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::RefreshToken.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "sessions":
    id, user_id, tenant_id, user_agent, ip_address, created_at, refreshed_at, expires_at,
    revoked_at
);
