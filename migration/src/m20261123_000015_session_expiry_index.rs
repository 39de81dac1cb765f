//! An index for the sweep that forgets sessions whose time is over.

use sea_orm_migration::prelude::*;

/// Makes the index.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("sessions_expires_at_idx")
                    .table("sessions")
                    .col("expires_at")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::drop();
        index.name("sessions_expires_at_idx").table("sessions");
        manager.drop_index(index).await
    }
}
