//! `refresh_tokens`: the claims of each refresh token of a session's family.

use sea_orm_migration::{
    prelude::*,
    schema::{pk_uuid, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null},
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
                    .table("refresh_tokens")
                    .col(pk_uuid("id"))
                    .col(uuid("session_id"))
                    // No foreign key: the column repeats a claim of a token already handed out, and must
                    // not change under it.
                    .col(uuid_null("tenant_id"))
                    .col(uuid("access_token_id"))
                    .col(timestamp_with_time_zone("issued_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("rotated_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("refresh_tokens_session_id_fkey")
                            .from("refresh_tokens", "session_id")
                            .to("sessions", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("refresh_tokens_session_id_idx")
                    .table("refresh_tokens")
                    .col("session_id")
                    .take(),
            )
            .await?;
        // Exactly one token of a family is live: two rotations at once cannot both win.
        manager
            .create_index(
                Index::create()
                    .name("refresh_tokens_live_key")
                    .table("refresh_tokens")
                    .col("session_id")
                    .unique()
                    .and_where(Expr::cust("rotated_at IS NULL"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("refresh_tokens").take())
            .await
    }
}
