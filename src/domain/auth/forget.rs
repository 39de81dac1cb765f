//! Forgets sessions that have ended, with their refresh tokens.

use super::store;
use crate::{
    domain::cx::Cx,
    error::{Error, Result},
};

/// Forgets up to `limit` sessions that ended longer ago than anybody asks about them (the audit log
/// remembers that they were); returns how many.
pub async fn forget_ended_sessions(cx: &Cx, limit: u64) -> Result<u64> {
    let access = cx.system_access()?;
    let kept = cx.app().config.auth.session_retention;
    let before = cx.now() - chrono::Duration::from_std(kept).map_err(Error::internal)?;
    store::forget_ended(cx.db(), access, before, limit).await
}
