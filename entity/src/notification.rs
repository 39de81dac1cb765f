//! `notifications`: what people are told, each in an inbox of their own.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{NotificationId, TenantId, UserId},
};

/// What a notification is about.
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
    db_type = "String(StringLen::N(64))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// Somebody put you into a tenant.
    MemberAdded,
    /// Somebody is new in a tenant that you manage.
    MemberJoined,
    /// You have another role.
    RoleChanged,
    /// You were taken out of a tenant.
    MemberRemoved,
    /// Somebody left a tenant that you manage.
    MemberLeft,
    /// You are an owner now, or no longer.
    OwnershipTransferred,
    /// A provisioning job is done.
    ProvisioningCompleted,
    /// A provisioning job was given up.
    ProvisioningFailed,
    /// A provisioning job was called off.
    ProvisioningCancelled,
    /// A session was ended because its refresh token was used twice.
    SessionReused,
}

impl NotificationKind {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::MemberAdded,
        Self::MemberJoined,
        Self::RoleChanged,
        Self::MemberRemoved,
        Self::MemberLeft,
        Self::OwnershipTransferred,
        Self::ProvisioningCompleted,
        Self::ProvisioningFailed,
        Self::ProvisioningCancelled,
        Self::SessionReused,
    ];
}

/// How a notification is to be shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
#[serde(rename_all = "snake_case")]
pub enum NotificationType {
    /// Good to know.
    Info,
    /// Something went well.
    Success,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}

/// Something that one person is told.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    /// Who is told.
    pub user_id: UserId,
    /// Which tenant it is about, as long as that exists.
    pub tenant_id: Option<TenantId>,
    /// What it is about.
    pub kind: NotificationKind,
    /// How it is to be shown.
    pub notification_type: NotificationType,
    /// The headline.
    pub title: String,
    /// The text.
    pub message: String,
    /// The ids of what it is about.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    /// When the person read it.
    pub read_at: Option<Timestamp>,
    /// When they were told.
    pub created_at: Timestamp,
}

/// How the table relates to others.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who is told.
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

crate::row::row!(
    "notifications":
    id, user_id, tenant_id, kind, notification_type, title, message, data, read_at, created_at
);
crate::row::words!(NotificationKind, NotificationType);
