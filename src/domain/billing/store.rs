//! Rows of plans and subscriptions.

use std::collections::HashMap;

use entity::{
    ids::{PlanId, TenantId},
    plan, subscription,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, sea_query::OnConflict,
};

use crate::{
    domain::{access::TenantAccess, db, rows},
    error::Result,
};

/// All plans, in their order.
pub async fn plans(db: &impl ConnectionTrait) -> Result<Vec<plan::Model>> {
    let all = plan::Entity::find()
        .order_by_asc(plan::Column::SortOrder)
        .order_by_asc(plan::Column::Id);
    Ok(all.all(db).await?)
}

/// The plans on offer, in their order.
pub async fn active_plans(db: &impl ConnectionTrait) -> Result<Vec<plan::Model>> {
    let active = plan::Entity::find()
        .filter(plan::Column::IsActive.eq(true))
        .order_by_asc(plan::Column::SortOrder)
        .order_by_asc(plan::Column::Id);
    Ok(active.all(db).await?)
}

/// A plan.
pub async fn plan(db: &impl ConnectionTrait, id: PlanId) -> Result<Option<plan::Model>> {
    Ok(plan::Entity::find_by_id(id).one(db).await?)
}

/// The plan that new tenants start on.
pub async fn trial_plan(db: &impl ConnectionTrait) -> Result<Option<plan::Model>> {
    let trials = plan::Entity::find()
        .filter(plan::Column::TrialDays.is_not_null())
        .order_by_desc(plan::Column::IsActive)
        .order_by_asc(plan::Column::SortOrder)
        .order_by_asc(plan::Column::Id);
    Ok(trials.one(db).await?)
}

/// Whether there is any plan.
pub async fn has_plans(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(plan::Entity::find().count(db).await? > 0)
}

/// Adds the plans, or brings those with the same slug up to date; ids stay.
pub async fn upsert_plans(db: &impl ConnectionTrait, plans: Vec<plan::Model>) -> Result<()> {
    use plan::Column;
    let rows = plans
        .into_iter()
        .map(|plan| plan.into_active_model().reset_all());
    let update = OnConflict::column(Column::Slug)
        .update_columns([
            Column::Name,
            Column::Description,
            Column::PriceMonthly,
            Column::PriceYearly,
            Column::Currency,
            Column::Features,
            Column::MaxUsers,
            Column::MaxStorageGb,
            Column::TrialDays,
            Column::IsActive,
            Column::SortOrder,
            Column::UpdatedAt,
        ])
        .to_owned();
    plan::Entity::insert_many(rows)
        .on_conflict(update)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Takes plans that are not among these off the offer; those who have them keep them.
pub async fn retire_plans_except(db: &impl ConnectionTrait, slugs: &[String]) -> Result<()> {
    plan::Entity::update_many()
        .col_expr(
            plan::Column::IsActive,
            sea_orm::sea_query::Expr::value(false),
        )
        .filter(plan::Column::Slug.is_not_in(slugs))
        .exec(db)
        .await?;
    Ok(())
}

/// Adds a subscription.
pub async fn insert_subscription(
    db: &impl ConnectionTrait,
    row: subscription::Model,
) -> Result<()> {
    Ok(db::insert::<subscription::Entity>(db, row).await?)
}

/// A tenant's subscription with its plan.
pub async fn subscription_with_plan(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
) -> Result<Option<(subscription::Model, plan::Model)>> {
    let found = subscription::Entity::find()
        .filter(subscription::Column::TenantId.eq(access.tenant_id()))
        .find_also_related(plan::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(subscription, plan)| Some((subscription, plan?))))
}

/// The subscriptions of these tenants.
pub async fn subscriptions(
    db: &impl ConnectionTrait,
    tenants: &[TenantId],
) -> Result<HashMap<TenantId, subscription::Model>> {
    let tenants = rows::padded(tenants);
    let found = subscription::Entity::find().filter(subscription::Column::TenantId.is_in(tenants));
    let rows: Vec<subscription::Model> = rows::all(db, found).await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row)).collect())
}

/// The subscription of the tenant whose row is locked.
pub async fn subscription_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<subscription::Model>> {
    let found = subscription::Entity::find().filter(subscription::Column::TenantId.eq(tenant));
    Ok(found.one(db).await?)
}

/// The plan of the tenant whose row is locked.
pub async fn plan_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<plan::Model>> {
    let found = subscription::Entity::find()
        .filter(subscription::Column::TenantId.eq(tenant))
        .find_also_related(plan::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(_, plan)| plan))
}
