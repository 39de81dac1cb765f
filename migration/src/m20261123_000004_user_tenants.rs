//! `user_tenants`: who is in which tenant, and as what.

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, pk_uuid, string_len, timestamp_with_time_zone, uuid},
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
                    .table("user_tenants")
                    .col(pk_uuid("id"))
                    .col(uuid("user_id"))
                    .col(uuid("tenant_id"))
                    .col(string_len("role", 32))
                    .col(boolean("is_default"))
                    .col(timestamp_with_time_zone("joined_at"))
                    .check((
                        "user_tenants_role_length",
                        Expr::cust("length(role) BETWEEN 1 AND 32"),
                    ))
                    .foreign_key(
                        ForeignKey::create()
                            .name("user_tenants_user_id_fkey")
                            .from("user_tenants", "user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("user_tenants_tenant_id_fkey")
                            .from("user_tenants", "tenant_id")
                            .to("tenants", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("user_tenants_user_id_tenant_id_key")
                    .table("user_tenants")
                    .col("user_id")
                    .col("tenant_id")
                    .unique()
                    .take(),
            )
            .await?;
        // At most one tenant per user is where sign-in lands.
        manager
            .create_index(
                Index::create()
                    .name("user_tenants_default_key")
                    .table("user_tenants")
                    .col("user_id")
                    .unique()
                    .and_where(Expr::cust("is_default"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("user_tenants_tenant_id_joined_at_id_idx")
                    .table("user_tenants")
                    .col("tenant_id")
                    .col("joined_at")
                    .col("id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("user_tenants").take())
            .await
    }
}
