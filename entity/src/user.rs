//! `users`: accounts of people.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::UserId};

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// The address as typed, trimmed.
    pub email: String,
    /// The address in the form it is compared by; unique.
    #[sea_orm(unique)]
    pub email_normalized: String,
    /// When the address was proven by opening a mailed link.
    pub email_verified_at: Option<Timestamp>,
    /// PHC string (Argon2id) or a legacy bcrypt hash.
    // Rows are written down elsewhere as answers to idempotency keys; this is not.
    #[serde(skip)]
    pub password_hash: String,
    /// Display name.
    pub full_name: String,
    /// Name and address in lower case, for searching: databases do not fold all scripts alike.
    pub search_text: String,
    /// A disabled account cannot sign in, and its sessions stop working.
    pub is_active: bool,
    /// Holds the operator permissions (ruling 42); no role in any tenant follows from it.
    pub is_superuser: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tenants the user is in.
    #[sea_orm(has_many = "super::membership::Entity")]
    Membership,
    /// The user's sign-ins.
    #[sea_orm(has_many = "super::session::Entity")]
    Session,
}

impl Related<super::membership::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Membership.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

crate::row::row!(
    "users":
    id, email, email_normalized, email_verified_at, password_hash, full_name, search_text,
    is_active, is_superuser, created_at, updated_at
);
