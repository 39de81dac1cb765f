//! `plans`: tariffs; money in minor units, a limit of NULL means unlimited.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, integer_null, json_binary, pk_uuid, string, string_len,
        timestamp_with_time_zone,
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
                    .table("plans")
                    .col(pk_uuid("id"))
                    .col(string("name"))
                    .col(string("slug"))
                    .col(string("description"))
                    .col(big_integer("price_monthly"))
                    .col(big_integer("price_yearly"))
                    .col(string_len("currency", 3))
                    .col(json_binary("features"))
                    .col(integer_null("max_users"))
                    .col(integer_null("max_storage_gb"))
                    .col(integer_null("trial_days"))
                    .col(boolean("is_active"))
                    .col(integer("sort_order"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .check((
                        "plans_name_length",
                        Expr::cust("length(name) BETWEEN 1 AND 255"),
                    ))
                    .check((
                        "plans_slug_length",
                        Expr::cust("length(slug) BETWEEN 1 AND 100"),
                    ))
                    .check((
                        "plans_price_monthly_not_negative",
                        Expr::cust("price_monthly >= 0"),
                    ))
                    .check((
                        "plans_price_yearly_not_negative",
                        Expr::cust("price_yearly >= 0"),
                    ))
                    .check(("plans_currency_length", Expr::cust("length(currency) = 3")))
                    .check(("plans_max_users_not_negative", Expr::cust("max_users >= 0")))
                    .check((
                        "plans_max_storage_gb_not_negative",
                        Expr::cust("max_storage_gb >= 0"),
                    ))
                    .check(("plans_trial_days_positive", Expr::cust("trial_days > 0")))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("plans_slug_key")
                    .table("plans")
                    .col("slug")
                    .unique()
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("plans").take())
            .await
    }
}
