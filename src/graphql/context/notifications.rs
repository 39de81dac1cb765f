//! What belongs to notifications and was already loaded: the tenants they are about.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{ids::TenantId, notification};

use super::{Scope, shared};
use crate::{
    domain::tenants::{self, TenantMembership},
    graphql::{error::Result, loader::Loader},
};

/// What belongs to notifications.
#[derive(Default)]
pub(super) struct Loaders {
    /// The tenants that shown notifications are about; the caller may have left some of them.
    shown: Mutex<HashSet<TenantId>>,
    places: Loader<TenantId, Arc<TenantMembership>>,
}

impl Loaders {
    fn shown(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    /// Says that a notification is being shown, so that the tenants of all of them are loaded
    /// together.
    pub fn announce_notification(&self, row: &notification::Model) {
        self.0.notifications.shown().extend(row.tenant_id);
    }

    /// The caller's place in a tenant that a notification is about, if they are (still) in it.
    pub async fn place_told_of(&self, tenant: TenantId) -> Result<Option<Arc<TenantMembership>>> {
        let loaders = &self.0.notifications;
        let fetch = async |tenants: Vec<TenantId>| {
            let found = tenants::among(self.cx(), &tenants).await?;
            Ok(shared(found))
        };
        loaders
            .places
            .get(tenant, || loaders.shown().clone(), fetch)
            .await
    }
}
