//! Which steps change nothing at a site, so that a job that fails knows whether the site can be opened
//! again as it was.

use sea_orm_migration::{prelude::*, schema::boolean};

/// Adds the column.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("harmless").default(false).take();
        let altered = Table::alter()
            .table("provisioning_steps")
            .add_column(column)
            .take();
        manager.alter_table(altered).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let altered = Table::alter()
            .table("provisioning_steps")
            .drop_column("harmless")
            .take();
        manager.alter_table(altered).await
    }
}
