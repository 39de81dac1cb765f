//! `notifications`: what people are told, each in an inbox of their own.

use sea_orm_migration::{
    prelude::*,
    schema::{
        json_binary, pk_uuid, string, string_len, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

/// Makes the table.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("notifications").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("notifications")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(uuid_null("tenant_id"))
        .col(string_len("kind", 64))
        .col(string_len("notification_type", 32))
        .col(string("title"))
        .col(string("message"))
        .col(json_binary("data"))
        .col(timestamp_with_time_zone_null("read_at"))
        .col(timestamp_with_time_zone("created_at"))
        .check((
            "notifications_kind_length",
            Expr::cust("length(kind) BETWEEN 1 AND 64"),
        ))
        .check((
            "notifications_notification_type_length",
            Expr::cust("length(notification_type) BETWEEN 1 AND 32"),
        ))
        .check((
            "notifications_title_length",
            Expr::cust("length(title) BETWEEN 1 AND 300"),
        ))
        .check((
            "notifications_message_length",
            Expr::cust("length(message) BETWEEN 1 AND 2000"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("notifications_user_id_fkey")
                .from("notifications", "user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        // The inbox is the person's: what they were told of a tenant stays when that is gone.
        .foreign_key(
            ForeignKey::create()
                .name("notifications_tenant_id_fkey")
                .from("notifications", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("notifications_user_id_created_at_id_idx")
            .table("notifications")
            .col("user_id")
            .col("created_at")
            .col("id")
            .take(),
        // For the count beside the bell, and the list of what is unread.
        Index::create()
            .name("notifications_user_id_unread_idx")
            .table("notifications")
            .col("user_id")
            .col("created_at")
            .col("id")
            .and_where(Expr::cust("read_at IS NULL"))
            .take(),
        // For whoever forgets what was read long ago.
        Index::create()
            .name("notifications_read_at_idx")
            .table("notifications")
            .col("read_at")
            .and_where(Expr::cust("read_at IS NOT NULL"))
            .take(),
        Index::create()
            .name("notifications_tenant_id_idx")
            .table("notifications")
            .col("tenant_id")
            .take(),
    ]
}
