//! `provisioning_jobs`: what is done to tenants' sites, one at a time for each tenant.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, integer, integer_null, json_binary, json_binary_null, pk_uuid, string,
        string_len, string_len_null, string_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
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
            .drop_table(Table::drop().table("provisioning_jobs").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("provisioning_jobs")
        .col(pk_uuid("id"))
        .col(uuid("tenant_id"))
        .col(string_len("job_type", 32))
        .col(string_len("spelling", 32))
        .col(string_len("status", 32))
        .col(integer("attempt"))
        .col(integer("progress"))
        .col(string("message"))
        .col(string_null("error"))
        .col(string_len_null("error_class", 32))
        .col(string_null("error_advice"))
        .col(json_binary("parameters"))
        .col(json_binary_null("result"))
        .col(uuid_null("requested_by"))
        .col(big_integer("fence"))
        .col(string_null("claimed_by"))
        .col(timestamp_with_time_zone_null("lease_until"))
        .col(integer_null("undo_attempt"))
        .col(timestamp_with_time_zone("queued_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("started_at"))
        .col(timestamp_with_time_zone_null("completed_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check((
            "provisioning_jobs_job_type_length",
            Expr::cust("length(job_type) BETWEEN 1 AND 32"),
        ))
        .check((
            "provisioning_jobs_spelling_length",
            Expr::cust("length(spelling) BETWEEN 1 AND 32"),
        ))
        .check((
            "provisioning_jobs_status_length",
            Expr::cust("length(status) BETWEEN 1 AND 32"),
        ))
        .check((
            "provisioning_jobs_attempt_positive",
            Expr::cust("attempt > 0"),
        ))
        .check((
            "provisioning_jobs_progress_percent",
            Expr::cust("progress BETWEEN 0 AND 100"),
        ))
        .check((
            "provisioning_jobs_message_length",
            Expr::cust("length(message) <= 500"),
        ))
        .check((
            "provisioning_jobs_error_length",
            Expr::cust("length(error) <= 2000"),
        ))
        .check((
            "provisioning_jobs_error_advice_length",
            Expr::cust("length(error_advice) <= 2000"),
        ))
        .check((
            "provisioning_jobs_fence_not_negative",
            Expr::cust("fence >= 0"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("provisioning_jobs_tenant_id_fkey")
                .from("provisioning_jobs", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("provisioning_jobs_requested_by_fkey")
                .from("provisioning_jobs", "requested_by")
                .to("users", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("provisioning_jobs_tenant_id_created_at_id_idx")
            .table("provisioning_jobs")
            .col("tenant_id")
            .col("created_at")
            .col("id")
            .take(),
        // Ruling 49: a tenant's jobs run one at a time.
        Index::create()
            .name("provisioning_jobs_in_progress_key")
            .table("provisioning_jobs")
            .col("tenant_id")
            .unique()
            .and_where(Expr::cust("status = 'in_progress'"))
            .take(),
        // Which is next in a tenant, and which wait at all.
        Index::create()
            .name("provisioning_jobs_waiting_idx")
            .table("provisioning_jobs")
            .col("tenant_id")
            .col("queued_at")
            .col("id")
            .and_where(Expr::cust("status = 'pending'"))
            .take(),
        // Which have waited the longest, whoever's they are.
        Index::create()
            .name("provisioning_jobs_queued_at_idx")
            .table("provisioning_jobs")
            .col("queued_at")
            .col("id")
            .and_where(Expr::cust("status = 'pending'"))
            .take(),
        // What somebody should be working on.
        Index::create()
            .name("provisioning_jobs_active_idx")
            .table("provisioning_jobs")
            .col("lease_until")
            .and_where(Expr::cust(
                "status = 'in_progress' OR undo_attempt IS NOT NULL",
            ))
            .take(),
        Index::create()
            .name("provisioning_jobs_requested_by_idx")
            .table("provisioning_jobs")
            .col("requested_by")
            .take(),
    ]
}
