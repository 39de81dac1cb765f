//! An index on the sessions that were not ended early, so that finding an account's live ones does not
//! read all it ever had.

use sea_orm_migration::prelude::*;

/// Makes the index.
#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "sessions_user_id_live_idx";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Without the time of use in it, which changes with every refresh.
        let index = Index::create()
            .name(NAME)
            .table("sessions")
            .col("user_id")
            .and_where(Expr::cust("revoked_at IS NULL"))
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::drop();
        index.name(NAME).table("sessions");
        manager.drop_index(index).await
    }
}
