//! `provisioning_steps`: the ledger of each attempt at a job.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, json_binary_null, pk_uuid, string, string_len, string_null,
        timestamp_with_time_zone_null, uuid,
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
            .drop_table(Table::drop().table("provisioning_steps").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("provisioning_steps")
        .col(pk_uuid("id"))
        .col(uuid("job_id"))
        .col(integer("attempt"))
        .col(integer("position"))
        .col(string("name"))
        .col(string("title"))
        .col(string_len("status", 32))
        .col(integer("progress"))
        .col(boolean("found"))
        .col(boolean("undoable"))
        .col(integer("tries"))
        .col(big_integer("weight_ms"))
        .col(big_integer("limit_ms"))
        .col(json_binary_null("facts"))
        .col(string_null("error"))
        .col(timestamp_with_time_zone_null("started_at"))
        .col(timestamp_with_time_zone_null("completed_at"))
        .check((
            "provisioning_steps_name_length",
            Expr::cust("length(name) BETWEEN 1 AND 64"),
        ))
        .check((
            "provisioning_steps_title_length",
            Expr::cust("length(title) BETWEEN 1 AND 200"),
        ))
        .check((
            "provisioning_steps_status_length",
            Expr::cust("length(status) BETWEEN 1 AND 32"),
        ))
        .check((
            "provisioning_steps_progress_percent",
            Expr::cust("progress BETWEEN 0 AND 100"),
        ))
        .check((
            "provisioning_steps_error_length",
            Expr::cust("length(error) <= 2000"),
        ))
        .check((
            "provisioning_steps_position_not_negative",
            Expr::cust("position >= 0"),
        ))
        .check((
            "provisioning_steps_tries_not_negative",
            Expr::cust("tries >= 0"),
        ))
        .check((
            "provisioning_steps_weight_ms_not_negative",
            Expr::cust("weight_ms >= 0"),
        ))
        .check((
            "provisioning_steps_limit_ms_positive",
            Expr::cust("limit_ms > 0"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("provisioning_steps_job_id_fkey")
                .from("provisioning_steps", "job_id")
                .to("provisioning_jobs", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("provisioning_steps_job_id_attempt_position_key")
            .table("provisioning_steps")
            .col("job_id")
            .col("attempt")
            .col("position")
            .unique()
            .take(),
        // How long a step of this name has taken lately.
        Index::create()
            .name("provisioning_steps_name_completed_at_idx")
            .table("provisioning_steps")
            .col("name")
            .col("completed_at")
            .and_where(Expr::cust("status = 'completed' AND found = FALSE"))
            .take(),
    ]
}
