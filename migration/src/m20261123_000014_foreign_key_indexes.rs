//! Indexes on the columns that refer to other rows, so that deleting one of those does not read whole
//! tables while it holds its locks.

use sea_orm_migration::prelude::*;

/// Makes the indexes.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Name, table, column.
const INDEXES: [(&str, &str, &str); 4] = [
    ("sessions_tenant_id_idx", "sessions", "tenant_id"),
    ("invitations_invited_by_idx", "invitations", "invited_by"),
    ("invitations_accepted_by_idx", "invitations", "accepted_by"),
    ("subscriptions_plan_id_idx", "subscriptions", "plan_id"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, column) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(table).col(column);
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            let mut index = Index::drop();
            index.name(name).table(table);
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
