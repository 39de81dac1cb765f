//! `events`: what happened, in order, per stream (ARCHITECTURE section 6).

use sea_orm::entity::prelude::*;

use crate::{Timestamp, ids::EventId};

/// One thing that happened, as one stream tells it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// `tenant:{id}` or `user:{id}`.
    pub stream: String,
    /// Place in the stream, from 1, without gaps, in commit order.
    pub seq: i64,
    /// The event's name, e.g. `member_joined`.
    pub kind: String,
    /// The event itself.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// How the table relates to others: it stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
