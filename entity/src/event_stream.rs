//! `event_streams`: the head of each stream; its row lock orders the stream's events.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

/// A stream and how far it has come.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event_streams")]
pub struct Model {
    /// Primary key: `tenant:{id}` or `user:{id}`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    /// Sequence number of the newest event.
    pub head: i64,
    /// When the newest event was written.
    pub updated_at: Timestamp,
    /// Up to which number events are forgotten; 0 while all are there.
    pub pruned: i64,
}

/// How the table relates to others: it stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
