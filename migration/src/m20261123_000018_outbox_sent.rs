//! When a broker confirmed a job's message, so that it is sent again only when it seems to be lost.

use sea_orm_migration::{prelude::*, schema::timestamp_with_time_zone_null};

/// Adds the column.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = timestamp_with_time_zone_null("sent_at");
        manager
            .alter_table(Table::alter().table("outbox").add_column(column).take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("outbox").drop_column("sent_at").take())
            .await
    }
}
