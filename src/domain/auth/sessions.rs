//! Where one is signed in.

use entity::session;

use super::store;
use crate::{domain::cx::Cx, error::Result};

/// The caller's sessions that still hold, the one used last first; there are never more than the
/// configured number.
pub async fn sessions(cx: &Cx) -> Result<Vec<session::Model>> {
    store::live_sessions(cx.db(), cx.identity().await?.user.id, cx.now()).await
}
