//! Who asked for jobs.

use std::{collections::HashMap, sync::Arc};

use entity::{
    ids::{TenantId, UserId},
    user,
};

use super::store::jobs;
use crate::{
    domain::{access::Permission, cx::Cx},
    error::Result,
};

/// Those of the people, each with a tenant in which they asked for something, whom the caller may see:
/// themselves, and in tenants whose members they may see who is (still) there. In one statement.
pub async fn requesters(
    cx: &Cx,
    asked: &[(TenantId, UserId)],
) -> Result<HashMap<(TenantId, UserId), Arc<user::Model>>> {
    let own = Arc::new(cx.identity().await?.user.clone());
    let (themselves, others): (Vec<(TenantId, UserId)>, Vec<_>) =
        asked.iter().partition(|(_, user)| *user == own.id);
    let mut seen: HashMap<_, _> = themselves
        .into_iter()
        .map(|key| (key, Arc::clone(&own)))
        .collect();
    let tenants: Vec<_> = others.iter().map(|(tenant, _)| *tenant).collect();
    if tenants.is_empty() {
        return Ok(seen);
    }
    let permitted = cx.permitted(&tenants, Permission::ViewMembers).await?;
    if permitted.ids().next().is_some() {
        let people = others.iter().map(|(_, user)| *user);
        let found = jobs::people(cx.db(), &permitted, people).await?;
        seen.extend(found.into_iter().map(|(key, user)| (key, Arc::new(user))));
    }
    Ok(seen)
}
