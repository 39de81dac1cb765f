//! `invitations`: mailed, single-use, expiring offers to join a tenant.

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, pk_uuid, string, string_len, timestamp_with_time_zone,
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
        manager
            .create_index(
                Index::create()
                    .name("invitations_token_hash_key")
                    .table("invitations")
                    .col("token_hash")
                    .unique()
                    .take(),
            )
            .await?;
        // Inviting an address again renews its pending invitation; closed ones may pile up.
        manager
            .create_index(
                Index::create()
                    .name("invitations_pending_key")
                    .table("invitations")
                    .col("tenant_id")
                    .col("email_normalized")
                    .unique()
                    .and_where(Expr::cust("status = 'pending'"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("invitations_tenant_id_created_at_id_idx")
                    .table("invitations")
                    .col("tenant_id")
                    .col("created_at")
                    .col("id")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("invitations").take())
            .await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("invitations")
        .col(pk_uuid("id"))
        .col(uuid("tenant_id"))
        .col(string("email"))
        .col(string("email_normalized"))
        .col(string_len("role", 32))
        .col(string_len("status", 32))
        .col(integer("generation"))
        .col(ColumnDef::new("token_hash").blob().not_null())
        .col(uuid_null("invited_by"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(uuid_null("accepted_by"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check((
            "invitations_email_length",
            Expr::cust("length(email) BETWEEN 1 AND 320"),
        ))
        .check((
            "invitations_email_normalized_length",
            Expr::cust("length(email_normalized) BETWEEN 1 AND 320"),
        ))
        .check((
            "invitations_role_length",
            Expr::cust("length(role) BETWEEN 1 AND 32"),
        ))
        .check((
            "invitations_status_length",
            Expr::cust("length(status) BETWEEN 1 AND 32"),
        ))
        .check((
            "invitations_generation_positive",
            Expr::cust("generation > 0"),
        ))
        .check((
            "invitations_token_hash_length",
            Expr::cust("length(token_hash) = 32"),
        ))
        .foreign_key(
            ForeignKey::create()
                .name("invitations_tenant_id_fkey")
                .from("invitations", "tenant_id")
                .to("tenants", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("invitations_invited_by_fkey")
                .from("invitations", "invited_by")
                .to("users", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .foreign_key(
            ForeignKey::create()
                .name("invitations_accepted_by_fkey")
                .from("invitations", "accepted_by")
                .to("users", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}
