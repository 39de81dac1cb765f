//! `sites`: the sites of tenants, each name used once at a time.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, json_binary, pk_uuid, string, string_len, string_null, timestamp_with_time_zone,
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
            .drop_table(Table::drop().table("sites").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("sites")
        .col(pk_uuid("id"))
        .col(uuid("tenant_id"))
        .col(string("name"))
        .col(string("host"))
        .col(string_null("url"))
        .col(string_len("status", 32))
        .col(string_null("provisioner"))
        .col(boolean("simulated"))
        .col(json_binary("apps"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("deleted_at"))
        .check((
            "sites_name_length",
            Expr::cust("length(name) BETWEEN 1 AND 63"),
        ))
        .check((
            "sites_host_length",
            Expr::cust("length(host) BETWEEN 1 AND 253"),
        ))
        .check((
            "sites_url_length",
            Expr::cust("length(url) BETWEEN 1 AND 500"),
        ))
        .check((
            "sites_status_length",
            Expr::cust("length(status) BETWEEN 1 AND 32"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("sites_tenant_id_fkey")
                .from("sites", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // A tenant has one site.
        Index::create()
            .name("sites_tenant_id_key")
            .table("sites")
            .col("tenant_id")
            .unique()
            .and_where(Expr::cust("deleted_at IS NULL"))
            .take(),
        // A name belongs to one site.
        Index::create()
            .name("sites_host_key")
            .table("sites")
            .col("host")
            .unique()
            .and_where(Expr::cust("deleted_at IS NULL"))
            .take(),
    ]
}
