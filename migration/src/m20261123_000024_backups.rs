//! `backups`: what backup jobs have left.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer_null, boolean, integer, json_binary, pk_uuid, string, timestamp_with_time_zone,
        uuid, uuid_null,
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
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("backups").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("backups")
        .col(pk_uuid("id"))
        .col(uuid("tenant_id"))
        .col(uuid("site_id"))
        .col(uuid_null("job_id"))
        .col(integer("attempt"))
        .col(string("reference"))
        .col(big_integer_null("size_bytes"))
        .col(json_binary("files"))
        .col(boolean("simulated"))
        .col(timestamp_with_time_zone("created_at"))
        .check((
            "backups_reference_length",
            Expr::cust("length(reference) BETWEEN 1 AND 1000"),
        ))
        .check((
            "backups_size_bytes_not_negative",
            Expr::cust("size_bytes >= 0"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("backups_tenant_id_fkey")
                .from("backups", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("backups_site_id_fkey")
                .from("backups", "site_id")
                .to("sites", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("backups_job_id_fkey")
                .from("backups", "job_id")
                .to("provisioning_jobs", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // What is recorded twice is one backup.
        Index::create()
            .name("backups_job_id_attempt_key")
            .table("backups")
            .col("job_id")
            .col("attempt")
            .unique()
            .take(),
        Index::create()
            .name("backups_tenant_id_created_at_id_idx")
            .table("backups")
            .col("tenant_id")
            .col("created_at")
            .col("id")
            .take(),
        Index::create()
            .name("backups_site_id_created_at_id_idx")
            .table("backups")
            .col("site_id")
            .col("created_at")
            .col("id")
            .take(),
    ]
}
