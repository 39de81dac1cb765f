//! The sites of tenants, and their backups.

use std::collections::HashMap;

use entity::{backup, ids::TenantId, site};
use serde::{Deserialize, Serialize};

use super::store::{backups, sites};
use crate::{
    domain::{
        access::Permission,
        cx::Cx,
        page::{Listing, Window},
    },
    error::Result,
};

/// An app on a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its name, e.g. `erpnext`.
    pub name: String,
    /// Its version, if known.
    #[serde(default)]
    pub version: Option<String>,
}

/// What is installed on a site, as it was observed.
pub fn apps(site: &site::Model) -> Vec<App> {
    // Written by ourselves; whoever changed it by hand sees nothing rather than an error.
    serde_json::from_value(site.apps.clone()).unwrap_or_default()
}

/// The sites of those of the tenants that the caller may see, in one statement; one that is gone is
/// left out.
pub async fn site_of_each(cx: &Cx, tenants: &[TenantId]) -> Result<HashMap<TenantId, site::Model>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    sites::of_each(cx.db(), &permitted).await
}

/// Whether there is a site that works, served or not.
pub(super) fn works(site: &site::Model) -> bool {
    use site::SiteStatus::{Active, Creating, Deleted, Reserved, Suspended};
    match site.status {
        Active | Suspended => true,
        Reserved | Creating | Deleted => false,
    }
}

/// Whether a backup can be put back as things stand: there has to be a site that works, and both have to
/// be real, or both simulated. A backup of a site that is gone can be put back to the one that came after
/// it.
pub fn is_restorable(backup: &backup::Model, site: Option<&site::Model>) -> bool {
    site.is_some_and(|site| works(site) && site.simulated == backup.simulated)
}

/// Which backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackupFilter {
    /// All, also those of sites that are gone.
    All,
    /// Those of the site that the tenant has now.
    OfPresentSite,
}

/// The tenant's backups, newest first.
pub async fn backups(
    cx: &Cx,
    tenant: TenantId,
    filter: BackupFilter,
    window: &Window,
) -> Result<Listing<backup::Model>> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    backups::list(cx.db(), &access, filter, window).await
}

/// How many backups the tenant has.
pub async fn count_backups(cx: &Cx, tenant: TenantId, filter: BackupFilter) -> Result<u64> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    backups::count(cx.db(), &access, filter).await
}

/// The same window of the backups of each of the tenants, in one statement: for loaders.
pub async fn backups_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: BackupFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<backup::Model>>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    let found = backups::list_each(cx.db(), &permitted, filter, window).await?;
    Ok(permitted.complete(found))
}

/// How many backups each of the tenants has, likewise.
pub async fn count_backups_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: BackupFilter,
) -> Result<HashMap<TenantId, u64>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    Ok(permitted.complete(backups::count_each(cx.db(), &permitted, filter).await?))
}
