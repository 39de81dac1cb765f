//! Up to where the events of a stream are forgotten, and which streams have changed lately.

use sea_orm_migration::{prelude::*, schema::big_integer};

/// Changes the tables.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("event_streams")
                    .add_column(big_integer("pruned").default(0))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("event_streams_updated_at_idx")
                    .table("event_streams")
                    .col("updated_at")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("events_occurred_at_idx")
                    .table("events")
                    .col("occurred_at")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("events_occurred_at_idx")
                    .table("events")
                    .to_owned(),
            )
            .await?;
        manager
            .drop_index(
                Index::drop()
                    .name("event_streams_updated_at_idx")
                    .table("event_streams")
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("event_streams")
                    .drop_column("pruned")
                    .take(),
            )
            .await
    }
}
