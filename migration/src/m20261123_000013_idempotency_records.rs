//! `idempotency_records`: answers already given to requests that carried a key.

use sea_orm_migration::{
    prelude::*,
    schema::{json_binary_null, pk_uuid, string, timestamp_with_time_zone},
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
                    .table("idempotency_records")
                    .col(pk_uuid("id"))
                    .col(string("actor"))
                    .col(string("idempotency_key"))
                    .col(ColumnDef::new("fingerprint").blob().not_null())
                    .col(json_binary_null("response"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .check((
                        "idempotency_records_actor_not_empty",
                        Expr::cust("actor <> ''"),
                    ))
                    .check((
                        "idempotency_records_idempotency_key_length",
                        Expr::cust("length(idempotency_key) BETWEEN 1 AND 255"),
                    ))
                    .check((
                        "idempotency_records_fingerprint_length",
                        Expr::cust("length(fingerprint) = 32"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("idempotency_records_actor_idempotency_key_key")
                    .table("idempotency_records")
                    .col("actor")
                    .col("idempotency_key")
                    .unique()
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("idempotency_records_expires_at_idx")
                    .table("idempotency_records")
                    .col("expires_at")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("idempotency_records").take())
            .await
    }
}
