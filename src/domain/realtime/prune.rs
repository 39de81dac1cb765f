//! Forgets events that are older than what is kept.

use super::log_store as store;
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// Forgets a batch of old events; returns how many. A client whose cursor is older is told to load the
/// state anew.
pub async fn forget_old_events(cx: &Cx, limit: u64) -> Result<u64> {
    let system = cx.system_access()?;
    let kept = chrono::Duration::from_std(cx.app().config.realtime.retention);
    let before = cx.now() - kept.map_err(Error::internal)?;
    let mut gone = 0;
    for (stream, seq) in store::oldest(cx.db(), &system, before, limit).await? {
        let unit = cx.begin().await?;
        gone += store::forget(&*unit, &system, stream, seq).await?;
        unit.commit().await?;
    }
    Ok(gone)
}
