//! Sign out.

use super::store;
use crate::{
    domain::{
        audit::{Action, Deed, Target},
        cx::Cx,
    },
    error::Result,
};

/// Ends the session the request was made with; other sessions live (ruling 12).
pub async fn logout(cx: &Cx) -> Result<()> {
    let session = cx.identity().await?.session_id;
    let mut unit = cx.begin().await?;
    if store::revoke_session(&*unit, session, cx.now()).await? {
        unit.audit(Deed::new(Action::SessionEnded, Target::Session(session)));
    }
    unit.commit().await
}
