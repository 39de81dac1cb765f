//! `idempotency_records`: answers already given to requests that carried an idempotency key (ruling 32).

use sea_orm::entity::prelude::*;

use crate::{Timestamp, ids::IdempotencyRecordId};

/// A remembered answer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_records")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdempotencyRecordId,
    /// Who asked; unique together with the key.
    pub actor: String,
    /// The key the client chose.
    pub idempotency_key: String,
    /// SHA-256 of what was asked, so that a key reused for something else is noticed.
    pub fingerprint: Vec<u8>,
    /// The answer; `None` until the effect is recorded with it.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub response: Option<Json>,
    /// When it was first asked.
    pub created_at: Timestamp,
    /// Until when the answer is remembered.
    pub expires_at: Timestamp,
}

/// How the table relates to others: it stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
