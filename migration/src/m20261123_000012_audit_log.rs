//! `audit_log`: who did what, when, from where.

use sea_orm_migration::{
    prelude::*,
    schema::{json_binary, pk_uuid, string, string_null, timestamp_with_time_zone, uuid_null},
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
                    .table("audit_log")
                    .col(pk_uuid("id"))
                    // No foreign keys: the record outlives what it tells of.
                    .col(uuid_null("tenant_id"))
                    .col(uuid_null("actor_id"))
                    .col(string("actor"))
                    .col(string("action"))
                    .col(string("target_kind"))
                    .col(uuid_null("target_id"))
                    .col(json_binary("details"))
                    .col(string("request_id"))
                    .col(string_null("ip_address"))
                    .col(timestamp_with_time_zone("occurred_at"))
                    .check(("audit_log_actor_not_empty", Expr::cust("actor <> ''")))
                    .check(("audit_log_action_not_empty", Expr::cust("action <> ''")))
                    .check((
                        "audit_log_target_kind_not_empty",
                        Expr::cust("target_kind <> ''"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_log_tenant_id_occurred_at_idx")
                    .table("audit_log")
                    .col("tenant_id")
                    .col("occurred_at")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("audit_log").take())
            .await
    }
}
