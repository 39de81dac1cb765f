//! `tenants`: companies, the unit of isolation.

use sea_orm_migration::{
    prelude::*,
    schema::{
        json_binary, pk_uuid, string, string_len, string_null, text, timestamp_with_time_zone,
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
        manager
            .create_table(
                Table::create()
                    .table("tenants")
                    .col(pk_uuid("id"))
                    .col(string("name"))
                    .col(string("slug"))
                    .col(string_len("status", 32))
                    .col(string_null("erpnext_site_url"))
                    .col(json_binary("settings"))
                    .col(text("search_text").default(""))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .check((
                        "tenants_name_length",
                        Expr::cust("length(name) BETWEEN 1 AND 255"),
                    ))
                    .check((
                        "tenants_slug_length",
                        Expr::cust("length(slug) BETWEEN 1 AND 100"),
                    ))
                    .check((
                        "tenants_status_length",
                        Expr::cust("length(status) BETWEEN 1 AND 32"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("tenants_slug_key")
                    .table("tenants")
                    .col("slug")
                    .unique()
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("tenants_created_at_id_idx")
                    .table("tenants")
                    .col("created_at")
                    .col("id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("tenants").take())
            .await
    }
}
