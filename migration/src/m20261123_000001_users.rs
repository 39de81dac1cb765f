//! `users`: accounts of people.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, pk_uuid, string, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
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
                    .table("users")
                    .col(pk_uuid("id"))
                    .col(string("email"))
                    .col(string("email_normalized"))
                    .col(timestamp_with_time_zone_null("email_verified_at"))
                    .col(string("password_hash"))
                    .col(string("full_name"))
                    .col(text("search_text").default(""))
                    .col(boolean("is_active"))
                    .col(boolean("is_superuser"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .check((
                        "users_email_length",
                        Expr::cust("length(email) BETWEEN 1 AND 320"),
                    ))
                    .check((
                        "users_email_normalized_length",
                        Expr::cust("length(email_normalized) BETWEEN 1 AND 320"),
                    ))
                    .check((
                        "users_password_hash_not_empty",
                        Expr::cust("password_hash <> ''"),
                    ))
                    .check((
                        "users_full_name_length",
                        Expr::cust("length(full_name) BETWEEN 1 AND 255"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("users_email_normalized_key")
                    .table("users")
                    .col("email_normalized")
                    .unique()
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("users").take())
            .await
    }
}
