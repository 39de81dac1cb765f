//! `events`: what happened, in order, per stream.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, json_binary, pk_uuid, string, timestamp_with_time_zone},
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
                    .table("events")
                    .col(pk_uuid("id"))
                    .col(string("stream"))
                    .col(big_integer("seq"))
                    .col(string("kind"))
                    .col(json_binary("payload"))
                    .col(timestamp_with_time_zone("occurred_at"))
                    .check(("events_stream_not_empty", Expr::cust("stream <> ''")))
                    .check(("events_seq_positive", Expr::cust("seq > 0")))
                    .check(("events_kind_not_empty", Expr::cust("kind <> ''")))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("events_stream_seq_key")
                    .table("events")
                    .col("stream")
                    .col("seq")
                    .unique()
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("events").take())
            .await
    }
}
