//! `outbox`: durable jobs on their way to the queue.

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, json_binary, pk_uuid, string, string_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
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
        manager
            .create_table(
                Table::create()
                    .table("outbox")
                    .col(pk_uuid("id"))
                    .col(string("kind"))
                    .col(json_binary("payload"))
                    .col(string_null("request_id"))
                    .col(integer("attempts"))
                    .col(timestamp_with_time_zone("available_at"))
                    .col(timestamp_with_time_zone_null("claimed_until"))
                    .col(timestamp_with_time_zone_null("dead_at"))
                    .col(string_null("last_error"))
                    .col(timestamp_with_time_zone("created_at"))
                    .check(("outbox_kind_not_empty", Expr::cust("kind <> ''")))
                    .check(("outbox_attempts_not_negative", Expr::cust("attempts >= 0")))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("outbox_waiting_idx")
                    .table("outbox")
                    .col("available_at")
                    .and_where(Expr::cust("dead_at IS NULL"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("outbox").take())
            .await
    }
}
