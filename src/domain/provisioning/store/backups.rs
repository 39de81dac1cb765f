//! Rows of backups.

use std::collections::HashMap;

use entity::{
    backup::{Column, Entity, Model},
    ids::{BackupId, TenantId},
    site::{self, SiteStatus},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};

use crate::{
    domain::{
        access::{PermittedTenants, TenantAccess},
        db::{self, Ordered},
        page::{Cursor, Listing, Window},
        provisioning::BackupFilter,
        rows,
    },
    error::Result,
};

fn of(tenant: TenantId) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant))
}

fn within(access: &TenantAccess) -> Select<Entity> {
    of(access.tenant_id())
}

fn within_any(tenants: &PermittedTenants) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.is_in(tenants.ids()))
}

fn matching(backups: Select<Entity>, filter: BackupFilter) -> Select<Entity> {
    match filter {
        BackupFilter::All => return backups,
        BackupFilter::OfPresentSite => {}
    }
    let present = site::Entity::find()
        .select_only()
        .column(site::Column::Id)
        .filter(site::Column::Status.ne(SiteStatus::Deleted));
    backups.filter(Column::SiteId.in_subquery(present.into_query()))
}

const BACKUPS: Ordered<Column, Column> = Ordered {
    at: Column::CreatedAt,
    id: Column::Id,
    newest_first: true,
};

fn place(backup: &Model) -> Cursor {
    Cursor {
        at: backup.created_at,
        id: backup.id.0,
    }
}

/// A backup of the tenant.
pub async fn backup(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    id: BackupId,
) -> Result<Option<Model>> {
    rows::one(db, within(access).filter(Column::Id.eq(id))).await
}

/// The tenant's backups that match, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: BackupFilter,
    window: &Window,
) -> Result<Listing<Model>> {
    let backups = matching(within(access), filter);
    let rows = rows::all(db, db::window(backups, &BACKUPS, window)).await?;
    Ok(db::listing(rows, window, place))
}

/// The same window of the backups of each of these tenants, in one statement.
pub async fn list_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: BackupFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<Model>>> {
    let lists = tenants.ids().map(|tenant| matching(of(tenant), filter));
    let Some(chosen) = db::window_of_each(lists, &BACKUPS, window) else {
        return Ok(HashMap::new());
    };
    let backups = Entity::find().filter(Column::Id.in_subquery(chosen));
    let rows = rows::all(db, BACKUPS.sort(backups, window)).await?;
    Ok(db::listings(rows, window, |of: &Model| of.tenant_id, place))
}

/// How many of the tenant's backups match.
pub async fn count(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: BackupFilter,
) -> Result<u64> {
    rows::count(db, matching(within(access), filter)).await
}

/// How many backups of each of these tenants match.
pub async fn count_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: BackupFilter,
) -> Result<HashMap<TenantId, u64>> {
    db::count_each(db, matching(within_any(tenants), filter), Column::TenantId).await
}
