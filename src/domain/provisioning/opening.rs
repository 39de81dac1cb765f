//! How whatever changes a tenant's jobs begins: who asks is seen to be permitted, and the tenant's row is
//! locked, so that nothing else happens to its jobs meanwhile.

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::Model,
    tenant,
};

use super::store::jobs;
use crate::{
    domain::{
        access::{Permission, TenantAccess},
        cx::Cx,
        unit::UnitOfWork,
    },
    error::{Error, Result, Subject},
};

/// A change of a tenant's jobs that has begun.
pub(super) struct Opening {
    /// What is written, all or nothing.
    pub unit: UnitOfWork,
    /// Whose jobs they are; its row is locked.
    pub tenant: tenant::Model,
    /// The permission, as it is under the lock.
    pub access: TenantAccess,
}

/// Begins a change of a tenant's jobs.
pub(super) async fn open(cx: &Cx, tenant: TenantId) -> Result<Opening> {
    let access = cx
        .tenant(tenant)
        .await?
        .require(Permission::ManageProvisioning)?;
    let unit = cx.begin().await?;
    let (tenant, access) = unit.lock(&access).await?;
    Ok(Opening {
        unit,
        tenant,
        access,
    })
}

/// The same for one of them.
pub(super) async fn open_job(
    cx: &Cx,
    tenant: TenantId,
    id: ProvisioningJobId,
) -> Result<(Opening, Model)> {
    let opening = open(cx, tenant).await?;
    let found = jobs::job(&*opening.unit, &opening.access, id).await?;
    let job = found.ok_or(Error::NotFound(Subject::Job))?;
    Ok((opening, job))
}
