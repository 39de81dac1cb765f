//! What may be asked for of a tenant that is suspended or whose subscription has expired (ruling 43).

use entity::{provisioning_job::JobType, tenant};

use crate::{
    domain::{billing::limits, cx::Cx, unit::UnitOfWork},
    error::Result,
};

/// `PAYMENT_REQUIRED` unless such a job may be asked for. Data can always be saved and removed; and
/// whoever pays may leave the state of being suspended, which only `RESUME` ends.
pub(super) async fn allows(
    cx: &Cx,
    unit: &UnitOfWork,
    tenant: &tenant::Model,
    job_type: JobType,
) -> Result<()> {
    match job_type {
        JobType::Backup | JobType::Delete => Ok(()),
        JobType::Resume => limits::subscription_holds(cx, &**unit, tenant).await,
        JobType::Create | JobType::Update | JobType::Restore | JobType::Suspend => {
            limits::in_good_standing(cx, &**unit, tenant).await
        }
    }
}
