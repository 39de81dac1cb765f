//! What was left alone: jobs whose worker is gone, and jobs that no message tells of.

use std::time::Duration;

use entity::ids::ProvisioningJobId;

use super::claim_store;
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// How long a job waits in an idle tenant before somebody looks whether its message was lost.
const OVERDUE: Duration = Duration::from_mins(1);

/// Jobs that somebody should be working on, so many at most; none where nobody could.
pub async fn stranded(cx: &Cx, limit: usize) -> Result<Vec<ProvisioningJobId>> {
    let access = cx.system_access()?;
    if cx.app().provisioner.is_none() || limit == 0 {
        return Ok(Vec::new());
    }
    let overdue = chrono::Duration::from_std(OVERDUE).map_err(Error::internal)?;
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let now = cx.now();
    claim_store::stranded(cx.db(), access, now, now - overdue, limit).await
}
