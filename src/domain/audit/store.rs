//! Rows of the audit log.

use entity::audit_entry;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::Deed;
use crate::{domain::cx::Cx, error::Result};

/// Writes the deeds of a unit in one statement.
pub async fn insert(cx: &Cx, db: &impl ConnectionTrait, deeds: Vec<Deed>) -> Result<()> {
    if deeds.is_empty() {
        return Ok(());
    }
    let actor_id = cx.known_identity().map(|identity| identity.user.id);
    let rows = deeds.into_iter().map(|deed| {
        let (target_kind, target_id) = deed.target.parts();
        audit_entry::ActiveModel {
            id: Set(cx.new_id()),
            tenant_id: Set(deed.tenant),
            actor_id: Set(actor_id),
            actor: Set(cx.actor().to_owned()),
            action: Set(deed.action.as_str().to_owned()),
            target_kind: Set(target_kind.to_owned()),
            target_id: Set(Some(target_id)),
            details: Set(deed.details),
            request_id: Set(cx.request_id().to_owned()),
            ip_address: Set(cx.info().ip.map(|ip| ip.to_string())),
            occurred_at: Set(cx.now()),
        }
    });
    audit_entry::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
