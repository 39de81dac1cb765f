//! `notification_preferences`: what people want to be told otherwise than everybody.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, pk_uuid, string_len, timestamp_with_time_zone, uuid},
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
        manager.create_index(index()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("notification_preferences").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("notification_preferences")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(string_len("kind", 64))
        .col(string_len("channel", 32))
        .col(boolean("enabled"))
        .col(timestamp_with_time_zone("updated_at"))
        .check((
            "notification_preferences_kind_length",
            Expr::cust("length(kind) BETWEEN 1 AND 64"),
        ))
        .check((
            "notification_preferences_channel_length",
            Expr::cust("length(channel) BETWEEN 1 AND 32"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("notification_preferences_user_id_fkey")
                .from("notification_preferences", "user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn index() -> IndexCreateStatement {
    Index::create()
        .name("notification_preferences_user_id_kind_channel_key")
        .table("notification_preferences")
        .col("user_id")
        .col("kind")
        .col("channel")
        .unique()
        .take()
}
