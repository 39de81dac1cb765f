//! `notification_preferences`: what people want to be told, and how, where they chose otherwise than
//! everybody does.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{NotificationPreferenceId, UserId},
    notification::NotificationKind,
};

/// A way to be told.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum NotificationChannel {
    /// In the inbox, and at once on every screen that listens.
    InApp,
    /// By letter.
    Email,
}

impl NotificationChannel {
    /// Both of them, in the order of the documentation.
    pub const ALL: &[Self] = &[Self::InApp, Self::Email];
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_preferences")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationPreferenceId,
    /// Whose.
    pub user_id: UserId,
    /// Of what.
    pub kind: NotificationKind,
    /// By which way.
    pub channel: NotificationChannel,
    /// Whether they want to be told.
    pub enabled: bool,
    /// When they said so.
    pub updated_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Whose.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id",
        on_delete = "Cascade"
    )]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
