//! Sites, and what of a tenant follows from them, as workers write them: under the tenant's lock.

use entity::{
    Timestamp, backup,
    ids::{BackupId, TenantId},
    membership::{self, TenantRole},
    provisioning_job::{self, JobStatus, JobType},
    site, tenant, user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    sea_query::{Expr, OnConflict},
};

use super::hold::Hold;
use crate::{domain::rows, error::Result};

/// The tenant's site, if it has one.
pub async fn live(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<site::Model>> {
    let live = site::Entity::find()
        .filter(site::Column::TenantId.eq(tenant))
        .filter(site::Column::DeletedAt.is_null());
    rows::one(db, live).await
}

/// Since when nothing can be left unfinished at the tenant's site: the last job was done that changed it,
/// or the site came to be.
pub async fn settled_at(
    db: &impl ConnectionTrait,
    hold: Hold,
    created_at: Timestamp,
) -> Result<Timestamp> {
    use provisioning_job::Column;
    let done = provisioning_job::Entity::find()
        .select_only()
        .column(Column::CompletedAt)
        .filter(Column::TenantId.eq(hold.tenant_id))
        .filter(Column::Status.eq(JobStatus::Completed))
        .filter(Column::JobType.ne(JobType::Backup))
        .order_by_desc(Column::CompletedAt)
        .limit(1);
    let last: Option<Option<Timestamp>> = done.into_tuple().one(db).await?;
    Ok(last.flatten().map_or(created_at, |at| at.max(created_at)))
}

/// Writes everything about a site that may change while it is worked on.
pub async fn update(db: &impl ConnectionTrait, site: &site::Model) -> Result<()> {
    use site::Column;
    site::Entity::update_many()
        .col_expr(Column::Url, Expr::value(site.url.clone()))
        .col_expr(Column::Status, Expr::value(site.status))
        .col_expr(Column::Provisioner, Expr::value(site.provisioner.clone()))
        .col_expr(Column::Simulated, Expr::value(site.simulated))
        .col_expr(Column::Apps, Expr::value(site.apps.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(site.updated_at))
        .col_expr(Column::DeletedAt, Expr::value(site.deleted_at))
        .filter(Column::Id.eq(site.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes where the tenant stands and where its site is.
pub async fn update_tenant(db: &impl ConnectionTrait, tenant: &tenant::Model) -> Result<()> {
    use tenant::Column;
    tenant::Entity::update_many()
        .col_expr(Column::Status, Expr::value(tenant.status))
        .col_expr(
            Column::ErpnextSiteUrl,
            Expr::value(tenant.erpnext_site_url.clone()),
        )
        .col_expr(Column::UpdatedAt, Expr::value(tenant.updated_at))
        .filter(Column::Id.eq(tenant.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Who has owned the tenant the longest.
pub async fn owner(db: &impl ConnectionTrait, hold: Hold) -> Result<Option<user::Model>> {
    let owner = user::Entity::find()
        .join(JoinType::InnerJoin, membership::Relation::User.def().rev())
        .filter(membership::Column::TenantId.eq(hold.tenant_id))
        .filter(membership::Column::Role.eq(TenantRole::Owner))
        .order_by_asc(membership::Column::JoinedAt)
        .order_by_asc(membership::Column::Id)
        .limit(1);
    rows::one(db, owner).await
}

/// A backup of the tenant's.
pub async fn backup(
    db: &impl ConnectionTrait,
    hold: Hold,
    id: BackupId,
) -> Result<Option<backup::Model>> {
    let own = backup::Entity::find_by_id(id).filter(backup::Column::TenantId.eq(hold.tenant_id));
    rows::one(db, own).await
}

/// Remembers a backup; the one that this attempt has made before stays.
pub async fn insert_backup(db: &impl ConnectionTrait, backup: backup::Model) -> Result<()> {
    let known = OnConflict::columns([backup::Column::JobId, backup::Column::Attempt])
        .do_nothing()
        .to_owned();
    backup::Entity::insert_many([backup.into_active_model().reset_all()])
        .on_conflict(known)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
