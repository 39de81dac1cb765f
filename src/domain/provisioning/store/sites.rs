//! Rows of sites.

use std::collections::HashMap;

use entity::{
    ids::TenantId,
    provisioning_job,
    provisioning_job::JobStatus,
    site::{self, Column, Entity, Model, SiteStatus},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, Select, sea_query::OnConflict,
};

use crate::{
    domain::{
        access::PermittedTenants,
        db::{self, OnUnique},
        rows,
    },
    error::{Error, Reason, Result},
};

fn live_ones() -> Select<Entity> {
    Entity::find().filter(Column::Status.ne(SiteStatus::Deleted))
}

/// The site of the tenant whose row is locked, unless it is gone.
pub async fn live(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<Model>> {
    rows::one(db, live_ones().filter(Column::TenantId.eq(tenant))).await
}

/// The sites of these tenants that are not gone.
pub async fn of_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
) -> Result<HashMap<TenantId, Model>> {
    let found = live_ones().filter(Column::TenantId.is_in(tenants.ids()));
    let sites: Vec<Model> = rows::all(db, found).await?;
    Ok(sites
        .into_iter()
        .map(|site| (site.tenant_id, site))
        .collect())
}

/// Adds a site under a name that somebody asked for.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<()> {
    db::insert::<Entity>(db, row)
        .await
        .on_unique(|| Error::Conflict(Reason::SiteNameTaken))
}

/// Adds a site; `false`, and nothing added, when its name is taken.
pub async fn insert_unless_taken(db: &impl ConnectionTrait, row: Model) -> Result<bool> {
    let added = Entity::insert_many([row.into_active_model().reset_all()])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(added > 0)
}

/// Writes the name that a reserved site has now.
pub async fn rename(db: &impl ConnectionTrait, site: &Model) -> Result<()> {
    let renamed = Entity::update_many()
        .set(site::ActiveModel {
            name: Set(site.name.clone()),
            host: Set(site.host.clone()),
            updated_at: Set(site.updated_at),
            ..Default::default()
        })
        .filter(Column::Id.eq(site.id))
        .filter(Column::Status.eq(SiteStatus::Reserved))
        .exec(db)
        .await;
    renamed
        .map(drop)
        .on_unique(|| Error::Conflict(Reason::SiteNameTaken))
}

/// Forgets a name that was reserved and never used.
pub async fn release(db: &impl ConnectionTrait, tenant: TenantId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Status.eq(SiteStatus::Reserved))
        .exec(db)
        .await?;
    Ok(())
}

/// Whether a worker has something in hand for the tenant whose row is locked.
pub async fn is_worked_on(db: &impl ConnectionTrait, tenant: TenantId) -> Result<bool> {
    use provisioning_job::Column;
    let active = Condition::any()
        .add(Column::Status.eq(JobStatus::InProgress))
        .add(Column::UndoAttempt.is_not_null());
    let jobs = provisioning_job::Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(active);
    Ok(rows::count(db, jobs).await? > 0)
}
