//! A tenant's jobs.

use std::collections::HashMap;

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{JobStatus, JobType, Model},
};

use super::store::jobs;
use crate::{
    domain::{
        access::Permission,
        cx::Cx,
        page::{Listing, Window},
    },
    error::{Error, Result, Subject},
};

/// Which jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JobFilter {
    /// Where they stand.
    pub status: Option<JobStatus>,
    /// What they do.
    pub job_type: Option<JobType>,
}

/// The jobs that match, newest first.
pub async fn list(
    cx: &Cx,
    tenant: TenantId,
    filter: &JobFilter,
    window: &Window,
) -> Result<Listing<Model>> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    jobs::list(cx.db(), &access, filter, window).await
}

/// The same and how many match in all.
pub async fn list_with_total(
    cx: &Cx,
    tenant: TenantId,
    filter: &JobFilter,
    window: &Window,
) -> Result<(Listing<Model>, u64)> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    let listing = jobs::list_with_total(cx.db(), &access, filter, window).await?;
    let total = match listing.total {
        Some(total) => total,
        // Nothing stands on this page to tell.
        None => jobs::count(cx.db(), &access, filter).await?,
    };
    Ok((listing, total))
}

/// How many jobs match.
pub async fn count(cx: &Cx, tenant: TenantId, filter: &JobFilter) -> Result<u64> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    jobs::count(cx.db(), &access, filter).await
}

/// The same window of the jobs of each of the tenants, in one statement: for loaders. A tenant whose
/// jobs the caller may not see is left out.
pub async fn list_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &JobFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<Model>>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    let found = jobs::list_each(cx.db(), &permitted, filter, window).await?;
    Ok(permitted.complete(found))
}

/// How many jobs of each of the tenants match, likewise.
pub async fn count_each(
    cx: &Cx,
    tenants: &[TenantId],
    filter: &JobFilter,
) -> Result<HashMap<TenantId, u64>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    Ok(permitted.complete(jobs::count_each(cx.db(), &permitted, filter).await?))
}

/// A job of the tenant; another tenant's is as unknown as one that does not exist.
pub async fn get(cx: &Cx, tenant: TenantId, id: ProvisioningJobId) -> Result<Model> {
    let access = cx.tenant(tenant).await?;
    let access = access.require(Permission::ViewProvisioning)?;
    let found = jobs::job(cx.db(), &access, id).await?;
    found.ok_or(Error::NotFound(Subject::Job))
}

/// A job of any of the caller's tenants.
pub async fn find(cx: &Cx, id: ProvisioningJobId) -> Result<Model> {
    let permitted = cx.access_set().await?.all(Permission::ViewProvisioning);
    let found = jobs::job_of_any(cx.db(), &permitted, id).await?;
    found.ok_or(Error::NotFound(Subject::Job))
}
