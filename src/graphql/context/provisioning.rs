//! What of provisioning was already loaded: jobs and sites by tenant, steps and logs by job.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::{
    backup,
    ids::{ProvisioningJobId, TenantId, UserId},
    provisioning_job, provisioning_step, site, user,
};

use super::{Scope, shared};
use crate::{
    domain::{
        page::{Listing, Window},
        provisioning::{self, BackupFilter, JobFilter, Log, LogWindow},
    },
    error,
    graphql::{
        error::Result,
        loader::{Loader, LoaderByArguments},
    },
};

type Jobs = Arc<Listing<Arc<provisioning_job::Model>>>;
type Steps = Arc<Vec<provisioning_step::Model>>;

/// Rows that belong to provisioning.
#[derive(Default)]
pub(super) struct Loaders {
    job_pages: LoaderByArguments<(JobFilter, Window), TenantId, Jobs>,
    job_counts: LoaderByArguments<JobFilter, TenantId, u64>,
    sites: Loader<TenantId, Arc<site::Model>>,
    backup_pages: LoaderByArguments<(BackupFilter, Window), TenantId, Arc<Listing<backup::Model>>>,
    backup_counts: LoaderByArguments<BackupFilter, TenantId, u64>,
    /// The jobs that this request has shown: whose each is, and who asked for it.
    shown: Mutex<HashMap<ProvisioningJobId, (TenantId, Option<UserId>)>>,
    steps: Loader<ProvisioningJobId, Steps>,
    log_pages: LoaderByArguments<LogWindow, ProvisioningJobId, Arc<Log>>,
    log_counts: Loader<ProvisioningJobId, u64>,
    requesters: Loader<(TenantId, UserId), Arc<user::Model>>,
}

impl Loaders {
    fn shown(&self) -> MutexGuard<'_, HashMap<ProvisioningJobId, (TenantId, Option<UserId>)>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    /// Says that a job is being shown, so that what belongs to it is loaded together with what
    /// belongs to others.
    pub fn announce_job(&self, job: &provisioning_job::Model) {
        let asked = (job.tenant_id, job.requested_by);
        self.0.provisioning.shown().insert(job.id, asked);
    }

    /// A page of a tenant's jobs, fetched with the same page of all other tenants shown.
    pub async fn job_page(
        &self,
        tenant: TenantId,
        filter: &JobFilter,
        window: &Window,
    ) -> Result<Listing<Arc<provisioning_job::Model>>> {
        let loaders = &self.0.provisioning;
        let loader = loaders.job_pages.with(&(filter.clone(), *window));
        let fetch = async |tenants: Vec<TenantId>| {
            if let [one] = tenants[..] {
                let page = provisioning::list(self.cx(), one, filter, window).await?;
                return Ok(HashMap::from([(one, Arc::new(page.map(Arc::new)))]));
            }
            let found = provisioning::list_each(self.cx(), &tenants, filter, window).await?;
            let pages = found.into_iter();
            Ok(pages
                .map(|(tenant, page)| (tenant, Arc::new(page.map(Arc::new))))
                .collect())
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(page) => Ok(Arc::unwrap_or_clone(page)),
            // Not among the permitted ones; asked alone, the domain says why.
            None => Ok(provisioning::list(self.cx(), tenant, filter, window)
                .await?
                .map(Arc::new)),
        }
    }

    /// How many of a tenant's jobs match.
    pub async fn job_count(&self, tenant: TenantId, filter: &JobFilter) -> Result<u64> {
        let loader = self.0.provisioning.job_counts.with(filter);
        let fetch = async |tenants: Vec<TenantId>| {
            if let [one] = tenants[..] {
                let count = provisioning::count(self.cx(), one, filter).await?;
                return Ok(HashMap::from([(one, count)]));
            }
            provisioning::count_each(self.cx(), &tenants, filter).await
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(count) => Ok(count),
            None => Ok(provisioning::count(self.cx(), tenant, filter).await?),
        }
    }

    /// A tenant's site, unless it is gone.
    pub async fn site(&self, tenant: TenantId) -> Result<Option<Arc<site::Model>>> {
        let fetch = async |tenants: Vec<TenantId>| {
            let found = provisioning::site_of_each(self.cx(), &tenants).await?;
            Ok(shared(found))
        };
        self.get(&self.0.provisioning.sites, tenant, fetch).await
    }

    /// A page of a tenant's backups, fetched with the same page of all other tenants shown.
    pub async fn backup_page(
        &self,
        tenant: TenantId,
        filter: BackupFilter,
        window: &Window,
    ) -> Result<Listing<backup::Model>> {
        let loader = self.0.provisioning.backup_pages.with(&(filter, *window));
        let fetch = async |tenants: Vec<TenantId>| {
            let found = provisioning::backups_each(self.cx(), &tenants, filter, window).await?;
            Ok(shared(found))
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(page) => Ok(Arc::unwrap_or_clone(page)),
            None => Ok(provisioning::backups(self.cx(), tenant, filter, window).await?),
        }
    }

    /// How many backups a tenant has.
    pub async fn backup_count(&self, tenant: TenantId, filter: BackupFilter) -> Result<u64> {
        let loader = self.0.provisioning.backup_counts.with(&filter);
        let fetch = async |tenants: Vec<TenantId>| {
            provisioning::count_backups_each(self.cx(), &tenants, filter).await
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(count) => Ok(count),
            None => Ok(provisioning::count_backups(self.cx(), tenant, filter).await?),
        }
    }

    /// The steps of a job's present attempt, in order.
    pub async fn steps(&self, job: ProvisioningJobId) -> Result<Steps> {
        let fetch = async |tenants: Vec<TenantId>, jobs: Vec<ProvisioningJobId>| {
            let found = provisioning::steps(self.cx(), &tenants, &jobs).await?;
            Ok(shared(found))
        };
        let loader = &self.0.provisioning.steps;
        let found = self.of_job(loader, job, fetch).await?;
        Ok(found.unwrap_or_default())
    }

    /// A part of a job's log.
    pub async fn log_page(&self, job: ProvisioningJobId, window: &LogWindow) -> Result<Log> {
        let loader = self.0.provisioning.log_pages.with(window);
        let fetch = async |tenants: Vec<TenantId>, jobs: Vec<ProvisioningJobId>| {
            let found = provisioning::logs(self.cx(), &tenants, &jobs, window).await?;
            Ok(shared(found))
        };
        let found = self.of_job(&loader, job, fetch).await?;
        Ok(found.map(Arc::unwrap_or_clone).unwrap_or_default())
    }

    /// How many lines a job's log has.
    pub async fn log_count(&self, job: ProvisioningJobId) -> Result<u64> {
        let fetch = async |tenants: Vec<TenantId>, jobs: Vec<ProvisioningJobId>| {
            provisioning::count_lines(self.cx(), &tenants, &jobs).await
        };
        let loader = &self.0.provisioning.log_counts;
        Ok(self.of_job(loader, job, fetch).await?.unwrap_or_default())
    }

    /// Who asked for a job of a tenant, if the caller may see that person.
    pub async fn requester(
        &self,
        tenant: TenantId,
        person: UserId,
    ) -> Result<Option<Arc<user::Model>>> {
        let loaders = &self.0.provisioning;
        let announced = || {
            let shown = loaders.shown();
            let asked = shown.values();
            asked
                .filter_map(|(tenant, person)| Some((*tenant, (*person)?)))
                .collect::<HashSet<_>>()
        };
        let fetch = async |asked: Vec<_>| provisioning::requesters(self.cx(), &asked).await;
        loaders
            .requesters
            .get((tenant, person), announced, fetch)
            .await
    }

    /// What belongs to a job, loaded together with what belongs to all others shown.
    async fn of_job<V: Clone, F>(
        &self,
        loader: &Loader<ProvisioningJobId, V>,
        job: ProvisioningJobId,
        fetch: impl FnOnce(Vec<TenantId>, Vec<ProvisioningJobId>) -> F,
    ) -> Result<Option<V>>
    where
        F: Future<Output = error::Result<HashMap<ProvisioningJobId, V>>>,
    {
        let announced = || self.0.provisioning.shown().keys().copied().collect();
        let fetch = |jobs: Vec<ProvisioningJobId>| {
            let tenants: HashSet<_> = {
                let shown = self.0.provisioning.shown();
                let of_shown = jobs.iter().filter_map(|job| shown.get(job));
                of_shown.map(|(tenant, _)| *tenant).collect()
            };
            fetch(tenants.into_iter().collect(), jobs)
        };
        loader.get(job, announced, fetch).await
    }
}
