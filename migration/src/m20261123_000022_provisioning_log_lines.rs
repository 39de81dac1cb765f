//! `provisioning_log_lines`: what drivers say while they work.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, integer, pk_uuid, string, string_len, string_null, timestamp_with_time_zone,
        uuid,
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
            .drop_table(Table::drop().table("provisioning_log_lines").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("provisioning_log_lines")
        .col(pk_uuid("id"))
        .col(uuid("job_id"))
        .col(big_integer("seq"))
        .col(integer("attempt"))
        .col(string_null("step"))
        .col(string_len("level", 32))
        .col(string("text"))
        .col(timestamp_with_time_zone("at"))
        .check(("provisioning_log_lines_seq_positive", Expr::cust("seq > 0")))
        .check((
            "provisioning_log_lines_level_length",
            Expr::cust("length(level) BETWEEN 1 AND 32"),
        ))
        .check((
            "provisioning_log_lines_text_length",
            Expr::cust("length(text) <= 4000"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("provisioning_log_lines_job_id_fkey")
                .from("provisioning_log_lines", "job_id")
                .to("provisioning_jobs", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("provisioning_log_lines_job_id_seq_key")
            .table("provisioning_log_lines")
            .col("job_id")
            .col("seq")
            .unique()
            .take(),
    ]
}
