//! What is done to sites.

use async_graphql::{Context, ID, Object};

use crate::{
    domain::{fields::Fields, provisioning},
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{self, complete},
        types::provisioning::ProvisioningJob,
    },
};

/// Jobs.
#[derive(Default)]
pub struct ProvisioningQuery;

#[Object]
impl ProvisioningQuery {
    /// A job of any of your tenants. One of another tenant is `NOT_FOUND`, as one that does not
    /// exist. All jobs of a tenant are in `Tenant.provisioningJobs`.
    async fn provisioning_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
    ) -> Result<Option<InPlace<ProvisioningJob>>> {
        let scope = Scope::of(ctx);
        scope.cx().identity().await?;
        let mut fields = Fields::new();
        let id = fields.take("id", input::id(&id));
        let job = provisioning::find(scope.cx(), complete(fields, id)?).await?;
        Ok(Some(InPlace(ProvisioningJob::new(scope, job, None))))
    }
}
