//! Changes of the tenant itself.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::ids::TenantId;

use crate::{
    domain::{
        fields::{FieldProblem, Fields},
        idempotency::IdempotencyKey,
        patch::Patch,
        tenants::{self, UpdateTenant},
        values::{CompanyName, Settings},
    },
    graphql::{
        context::Scope,
        error::Result,
        input::{self, complete, optional, patch, tenant_or_current},
        types::tenant::Tenant,
    },
};

/// What to change of a tenant. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateTenantInput {
    /// Which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// The new display name, 1 to 255 characters. Cannot be null.
    name: MaybeUndefined<String>,
    /// The new settings, a JSON object of at most 64 KiB, replacing the old ones as a whole; null
    /// empties them.
    settings: MaybeUndefined<serde_json::Value>,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

impl UpdateTenantInput {
    fn read(self) -> Result<(Option<TenantId>, UpdateTenant, Option<IdempotencyKey>)> {
        let Self {
            tenant_id,
            name,
            settings,
            idempotency_key,
        } = self;
        let mut fields = Fields::new();
        let id = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
        let name = patch(name)
            .not_null()
            .and_then(|name| optional(name, |name| CompanyName::parse(&name)));
        let name = fields.take("name", name);
        let settings: Result<Patch<Settings>, FieldProblem> =
            patch(settings).try_map(Settings::parse);
        let settings = fields.take("settings", settings);
        let key = fields.take("idempotency_key", input::key(idempotency_key));
        let read = id.zip(name.zip(settings)).zip(key);
        let ((id, (name, settings)), key) = complete(fields, read)?;
        Ok((id, UpdateTenant { name, settings }, key))
    }
}

/// The changed tenant.
#[derive(SimpleObject)]
pub struct UpdateTenantPayload {
    /// The tenant as it is now.
    tenant: Tenant,
}

/// Tenants.
#[derive(Default)]
pub struct TenantsMutation;

#[Object]
impl TenantsMutation {
    /// Changes a tenant's name and settings. Needs `UPDATE_TENANT`.
    async fn update_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateTenantInput,
    ) -> Result<UpdateTenantPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let (id, update, key) = input.read()?;
        let scope = &scope.keyed(key);
        let id = tenant_or_current(scope, id).await?;
        let place = tenants::update(scope.cx(), id, update).await?;
        Ok(UpdateTenantPayload {
            tenant: Tenant::of_viewer(scope, place),
        })
    }
}
