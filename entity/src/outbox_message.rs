//! `outbox`: durable jobs until they are done.

use sea_orm::entity::prelude::*;

use crate::{Timestamp, ids::OutboxMessageId};

/// A job that is not done.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OutboxMessageId,
    /// The job's name, e.g. `invitation_mail`.
    pub kind: String,
    /// The job itself.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// The request that asked for it, for the logs.
    pub request_id: Option<String>,
    /// How often a relay has taken it.
    pub attempts: i32,
    /// Not to be taken before.
    pub available_at: Timestamp,
    /// Taken until then, by a relay or by whoever has the message that was sent; who dies loses it.
    pub claimed_until: Option<Timestamp>,
    /// When a broker confirmed the message of this attempt.
    pub sent_at: Option<Timestamp>,
    /// When it was given up; a person must look at it.
    pub dead_at: Option<Timestamp>,
    /// Why the last attempt failed; never holds a secret.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// How the table relates to others: it stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
