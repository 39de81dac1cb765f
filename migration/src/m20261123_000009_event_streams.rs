//! `event_streams`: the head of each stream of events.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, string, timestamp_with_time_zone},
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
                    .table("event_streams")
                    .col(string("stream").primary_key())
                    .col(big_integer("head"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .check(("event_streams_stream_not_empty", Expr::cust("stream <> ''")))
                    .check(("event_streams_head_not_negative", Expr::cust("head >= 0")))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("event_streams").take())
            .await
    }
}
