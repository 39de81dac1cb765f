//! `subscriptions`: what each tenant is subscribed to; one row per tenant.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, pk_uuid, string_len, string_len_null, string_null, timestamp_with_time_zone,
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
        manager
            .create_table(
                Table::create()
                    .table("subscriptions")
                    .col(pk_uuid("id"))
                    .col(uuid("tenant_id"))
                    .col(uuid("plan_id"))
                    .col(string_len("status", 32))
                    .col(string_len("billing_period", 32))
                    .col(timestamp_with_time_zone_null("trial_ends_at"))
                    .col(timestamp_with_time_zone("current_period_start"))
                    .col(timestamp_with_time_zone("current_period_end"))
                    .col(boolean("cancel_at_period_end"))
                    .col(timestamp_with_time_zone_null("cancelled_at"))
                    .col(string_null("cancel_reason"))
                    .col(string_len_null("payment_provider", 32))
                    .col(string_null("external_subscription_id"))
                    .col(string_null("external_customer_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .check((
                        "subscriptions_status_length",
                        Expr::cust("length(status) BETWEEN 1 AND 32"),
                    ))
                    .check((
                        "subscriptions_billing_period_length",
                        Expr::cust("length(billing_period) BETWEEN 1 AND 32"),
                    ))
                    .check((
                        "subscriptions_payment_provider_length",
                        Expr::cust("length(payment_provider) BETWEEN 1 AND 32"),
                    ))
                    .check((
                        "subscriptions_period_order",
                        Expr::cust("current_period_end >= current_period_start"),
                    ))
                    .foreign_key(
                        ForeignKey::create()
                            .name("subscriptions_tenant_id_fkey")
                            .from("subscriptions", "tenant_id")
                            .to("tenants", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("subscriptions_plan_id_fkey")
                            .from("subscriptions", "plan_id")
                            .to("plans", "id")
                            .on_delete(ForeignKeyAction::Restrict),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("subscriptions_tenant_id_key")
                    .table("subscriptions")
                    .col("tenant_id")
                    .unique()
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("subscriptions").take())
            .await
    }
}
