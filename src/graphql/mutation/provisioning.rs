//! Have things done to a site.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::{self, JobSpelling},
};

use crate::{
    domain::{
        fields::Fields,
        idempotency::IdempotencyKey,
        provisioning::{self, NewJob},
        tenants,
        values::SiteName,
    },
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{self, complete, optional, tenant_or_current},
        types::{
            provisioning::{ProvisioningJob, ProvisioningJobType},
            tenant::Tenant,
        },
    },
};

/// Something to be done to a tenant's site.
#[derive(InputObject)]
pub struct CreateProvisioningJobInput {
    /// To which tenant's; the current one when left out.
    tenant_id: Option<ID>,
    /// What.
    #[graphql(name = "type")]
    job_type: ProvisioningJobType,
    /// The name of the new site, for `CREATE_INSTANCE` only: 1 to 63 letters, digits and inner
    /// hyphens. Like the tenant's slug when left out. A site that is there keeps its name.
    site_name: Option<String>,
    /// To which backup the site is put back; needed for `RESTORE_INSTANCE`, and only there.
    backup_id: Option<ID>,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

impl CreateProvisioningJobInput {
    fn read(self) -> Result<(Option<TenantId>, NewJob, Option<IdempotencyKey>)> {
        let Self {
            tenant_id,
            job_type,
            site_name,
            backup_id,
            idempotency_key,
        } = self;
        let mut fields = Fields::new();
        let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
        let site_name = optional(site_name, |name| SiteName::parse(&name));
        let site_name = fields.take("site_name", site_name);
        let backup = fields.take("backup_id", optional(backup_id, |text| input::id(&text)));
        let key = fields.take("idempotency_key", input::key(idempotency_key));
        let read = tenant.zip(site_name.zip(backup)).zip(key);
        let ((tenant, (site_name, backup_id)), key) = complete(fields, read)?;
        let new = NewJob {
            job_type: job_type.into(),
            spelling: JobSpelling::Instance,
            site_name,
            backup_id,
        };
        Ok((tenant, new, key))
    }
}

/// A job of a tenant.
#[derive(InputObject)]
pub struct RetryProvisioningJobInput {
    /// Of which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Which job.
    job_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// A job of a tenant.
#[derive(InputObject)]
pub struct CancelProvisioningJobInput {
    /// Of which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Which job.
    job_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// Reads which job of which tenant is meant.
fn job(
    tenant_id: Option<ID>,
    job_id: &ID,
    key: Option<String>,
) -> Result<(Option<TenantId>, ProvisioningJobId, Option<IdempotencyKey>)> {
    let mut fields = Fields::new();
    let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
    let job = fields.take("job_id", input::id(job_id));
    let key = fields.take("idempotency_key", input::key(key));
    let ((tenant, job), key) = complete(fields, tenant.zip(job).zip(key))?;
    Ok((tenant, job, key))
}

/// A job that somebody has just asked for, or changed.
struct Changed {
    scope: Scope,
    tenant_id: TenantId,
    job: ProvisioningJob,
}

impl Changed {
    fn new(scope: &Scope, job: provisioning_job::Model) -> Self {
        Self {
            scope: scope.clone(),
            tenant_id: job.tenant_id,
            job: ProvisioningJob::new(scope, job, None),
        }
    }

    async fn tenant(&self) -> Result<InPlace<Tenant>> {
        let place = tenants::get(self.scope.cx(), self.tenant_id).await?;
        Ok(InPlace(Tenant::of_viewer(&self.scope, place)))
    }
}

/// What such a mutation answers: the job, and whose it is.
macro_rules! payload {
    ($(#[$of_type:meta])* $payload:ident: $(#[$of_job:meta])*) => {
        $(#[$of_type])*
        pub struct $payload(Changed);

        $(#[$of_type])*
        #[Object]
        impl $payload {
            $(#[$of_job])*
            async fn provisioning_job(&self) -> InPlace<ProvisioningJob> {
                InPlace(self.0.job.clone())
            }

            /// Whose site it is about.
            async fn tenant(&self) -> Result<InPlace<Tenant>> {
                self.0.tenant().await
            }
        }
    };
}

payload! {
    /// The new job.
    CreateProvisioningJobPayload:
    /// The job, as a rule waiting.
}

payload! {
    /// The job that is tried again.
    RetryProvisioningJobPayload:
    /// The job as it is now.
}

payload! {
    /// The job that was called off.
    CancelProvisioningJobPayload:
    /// The job as it is now.
}

/// Jobs.
#[derive(Default)]
pub struct ProvisioningMutation;

#[Object]
impl ProvisioningMutation {
    /// Asks for something to be done to the site, and returns at once: follow the job. Jobs of every
    /// type are accepted at any time and done one after the other; what turns out to be impossible is
    /// told by the job. Needs `MANAGE_PROVISIONING`.
    ///
    /// `CONFLICT` with reason `SITE_NAME_TAKEN`, or `TOO_MANY_JOBS` when too many wait already;
    /// `NOT_FOUND` when the tenant has no such backup; `PAYMENT_REQUIRED` when the subscription has
    /// expired or the tenant is suspended, except to back up, to delete, and to resume what is paid
    /// for.
    async fn create_provisioning_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, and to which site.")] input: CreateProvisioningJobInput,
    ) -> Result<CreateProvisioningJobPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let (tenant, new, key) = input.read()?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let job = provisioning::create(scope.cx(), tenant, new).await?;
        Ok(CreateProvisioningJobPayload(Changed::new(scope, job)))
    }

    /// Has a job that has ended tried again, as the next attempt of the same job; one that waits is
    /// left as it is. Needs `MANAGE_PROVISIONING`.
    ///
    /// `CONFLICT` with reason `JOB_RUNNING` while it is being worked on, else as for
    /// `createProvisioningJob`.
    async fn retry_provisioning_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RetryProvisioningJobInput,
    ) -> Result<RetryProvisioningJobPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let RetryProvisioningJobInput {
            tenant_id,
            job_id,
            idempotency_key,
        } = input;
        let (tenant, id, key) = job(tenant_id, &job_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let job = provisioning::retry(scope.cx(), tenant, id).await?;
        Ok(RetryProvisioningJobPayload(Changed::new(scope, job)))
    }

    /// Calls a job off, at once and for good. What had begun is undone afterwards, before the next job
    /// begins; `steps` shows how far that is. A job that has ended is left as it is. Needs
    /// `MANAGE_PROVISIONING`.
    async fn cancel_provisioning_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: CancelProvisioningJobInput,
    ) -> Result<CancelProvisioningJobPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let CancelProvisioningJobInput {
            tenant_id,
            job_id,
            idempotency_key,
        } = input;
        let (tenant, id, key) = job(tenant_id, &job_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let job = provisioning::cancel(scope.cx(), tenant, id).await?;
        Ok(CancelProvisioningJobPayload(Changed::new(scope, job)))
    }
}
