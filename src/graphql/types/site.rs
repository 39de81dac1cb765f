//! A tenant's site and its backups.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};
use entity::{backup, ids::TenantId, site};

use super::{
    connection::Connection,
    id,
    scalars::{DateTime, Long},
};
use crate::{
    domain::{
        fields::Fields,
        page::Window,
        provisioning::{self, BackupFilter},
    },
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{Page, complete},
    },
};

/// Where a site stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "site::SiteStatus")]
pub enum SiteStatus {
    /// Its name is taken, nothing was begun.
    Reserved,
    /// Being made, or left half-made by an attempt that failed.
    Creating,
    /// It was seen to work.
    Active,
    /// It is there and not served.
    Suspended,
    /// It is gone. Such a site is not shown.
    Deleted,
}

/// An app on a site.
#[derive(SimpleObject)]
pub struct InstalledApp {
    /// Its name, e.g. `erpnext`.
    name: String,
    /// Its version, if known.
    version: Option<String>,
}

/// A tenant's ERPNext site.
pub struct Site {
    scope: Scope,
    model: Arc<site::Model>,
}

impl Site {
    /// Wraps a row.
    pub fn new(scope: &Scope, model: Arc<site::Model>) -> Self {
        Self {
            scope: scope.clone(),
            model,
        }
    }
}

/// A tenant's ERPNext site.
#[Object]
impl Site {
    /// The site's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// Its name below the domain of sites, e.g. `acme`.
    async fn name(&self) -> &str {
        &self.model.name
    }

    /// Its host name, e.g. `acme.example.com`.
    async fn host(&self) -> &str {
        &self.model.host
    }

    /// Its address, as reported or else as expected, once it was made.
    async fn url(&self) -> Option<&str> {
        self.model.url.as_deref()
    }

    /// Where it stands.
    async fn status(&self) -> SiteStatus {
        self.model.status.into()
    }

    /// What made it, e.g. `dry-run`; null before anything did.
    async fn provisioner(&self) -> Option<&str> {
        self.model.provisioner.as_deref()
    }

    /// Whether it only pretends to be there. Say so wherever you show the site.
    async fn simulated(&self) -> bool {
        self.model.simulated
    }

    /// What is installed on it, as it was last observed.
    async fn apps(&self) -> Vec<InstalledApp> {
        let apps = provisioning::apps(&self.model).into_iter();
        apps.map(|provisioning::App { name, version }| InstalledApp { name, version })
            .collect()
    }

    /// When its name was taken.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.model.updated_at.into()
    }

    /// Its backups, newest first. `Tenant.backups` has those of sites that are gone, too.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn backups(
        &self,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<Backup>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let filter = BackupFilter::OfPresentSite;
        backups(&self.scope, self.model.tenant_id, filter, &window).await
    }
}

/// A page of a tenant's backups.
pub async fn backups(
    scope: &Scope,
    tenant: TenantId,
    filter: BackupFilter,
    window: &Window,
) -> Result<InPlace<Connection<Backup>>> {
    let listing = Box::pin(scope.backup_page(tenant, filter, window)).await?;
    let counting = scope.clone();
    Ok(InPlace(Connection::new(
        listing,
        |backup| Backup::new(scope, backup),
        move || {
            let scope = counting.clone();
            async move { scope.backup_count(tenant, filter).await }
        },
    )))
}

/// A backup of a site.
pub struct Backup {
    scope: Scope,
    model: backup::Model,
}

impl Backup {
    /// Wraps a row.
    pub fn new(scope: &Scope, model: backup::Model) -> Self {
        Self {
            scope: scope.clone(),
            model,
        }
    }
}

/// A backup of a site. `RESTORE_INSTANCE` puts the site back to one.
#[Object]
impl Backup {
    /// The backup's id.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// What it is called where it is kept.
    async fn reference(&self) -> &str {
        &self.model.reference
    }

    /// How large it is, in bytes, if that is known.
    async fn size_bytes(&self) -> Option<Long> {
        self.model.size_bytes.map(Long)
    }

    /// The names of the files of which it consists, a list of strings.
    async fn files(&self) -> &serde_json::Value {
        &self.model.files
    }

    /// Whether it only pretends to be there.
    async fn simulated(&self) -> bool {
        self.model.simulated
    }

    /// Whether it can be put back now: the tenant has a site that works, the one that was backed up or
    /// the one that came after it. Offer `RESTORE_INSTANCE` only then.
    async fn restorable(&self) -> Result<bool> {
        let site = self.scope.site(self.model.tenant_id).await?;
        Ok(provisioning::is_restorable(&self.model, site.as_deref()))
    }

    /// The id of the job that made it, as long as that is known.
    async fn job_id(&self) -> Option<ID> {
        self.model.job_id.map(id)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }
}
