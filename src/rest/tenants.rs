//! Companies (`rest.md` 3.2).

use entity::ids::TenantId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    billing::paid,
    envelope::{Envelope, ListEnvelope},
    error::Answer,
    extract::{Input, Page, PageOf10, SignedIn},
    form::{Checked, Form, Read},
    openapi::{
        Anywhere, NeedsCurrentTenant, NeedsTenant, NeedsUser, ReadsBody, ReadsParameters,
        name_schema, settings_schema,
    },
    views::{CurrentTenant, Tenant},
};
use crate::domain::{
    page::Window,
    patch::Patch,
    tenants::{self, TenantFilter, UpdateTenant},
    values::{CompanyName, Settings},
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(current))
        .routes(routes!(get, update))
}

/// List the companies one is in.
///
/// Any signed-in user. Newest company first; each with the caller's role.
#[utoipa::path(
    get, path = "/tenants", tag = "tenants", operation_id = "listTenants",
    security(("bearer" = [])),
    params(PageOf10),
    responses(
        (status = 200, description = "One page of companies.", body = ListEnvelope<Tenant>),
        NeedsUser, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.tenants.list", level = "debug", skip_all)]
async fn list(
    SignedIn(cx): SignedIn,
    Input(Page(page)): Input<PageOf10>,
) -> Answer<ListEnvelope<Tenant>> {
    let filter = TenantFilter::default();
    let listing = tenants::list(&cx, &filter, &Window::Offset(page)).await?;
    let total = listing.total_or(tenants::count(&cx, &filter)).await?;
    let items = listing
        .items
        .iter()
        .map(|item| Tenant::from(&item.node))
        .collect();
    Ok(ListEnvelope::page(items, total, page))
}

/// Show the company of the token.
///
/// Any member. With its subscription and what the plan includes.
#[utoipa::path(
    get, path = "/tenants/current", tag = "tenants", operation_id = "currentTenant",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The company.", body = Envelope<CurrentTenant>),
        NeedsCurrentTenant, Anywhere
    )
)]
#[tracing::instrument(name = "rest.tenants.current", level = "debug", skip_all)]
async fn current(SignedIn(cx): SignedIn) -> Answer<Envelope<CurrentTenant>> {
    let tenant = tenants::current(&cx).await?;
    Ok(Envelope::new(CurrentTenant::new(&tenant, paid(&cx).await?)))
}

/// Show a company.
///
/// Any member of it.
#[utoipa::path(
    get, path = "/tenants/{tenant_id}", tag = "tenants", operation_id = "getTenant",
    security(("bearer" = [])),
    params(("tenant_id" = uuid::Uuid, Path, description = "Which company.")),
    responses(
        (status = 200, description = "The company.", body = Envelope<Tenant>),
        NeedsTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.tenants.get", level = "debug", skip_all)]
async fn get(SignedIn(cx): SignedIn, Input(id): Input<TenantId>) -> Answer<Envelope<Tenant>> {
    let tenant = tenants::get(&cx, id).await?;
    Ok(Envelope::new(Tenant::from(&tenant)))
}

/// What to change of a company. An absent field stays as it is.
#[derive(ToSchema)]
#[schema(as = UpdateTenant, example = json!({ "name": "Acme Ltd" }))]
struct UpdateBody {
    #[schema(schema_with = name_schema, required = false)]
    name: Option<CompanyName>,
    #[schema(schema_with = settings_schema, required = false)]
    settings: Patch<Settings>,
}

impl Read for UpdateBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let name = form.changed("name", CompanyName::parse);
        let settings = form.patch_object("settings", Settings::parse);
        Ok(Self {
            name: name?,
            settings: settings?,
        })
    }
}

/// Change a company's name or settings.
///
/// Owner or admin of it. `slug` and `status` cannot be set.
#[utoipa::path(
    patch, path = "/tenants/{tenant_id}", tag = "tenants", operation_id = "updateTenant",
    security(("bearer" = [])),
    params(("tenant_id" = uuid::Uuid, Path, description = "Which company.")),
    request_body = UpdateBody,
    responses(
        (status = 200, description = "The company as it is now.", body = Envelope<Tenant>),
        NeedsTenant, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.tenants.update", level = "debug", skip_all)]
async fn update(
    SignedIn(cx): SignedIn,
    Input((id, body)): Input<(TenantId, UpdateBody)>,
) -> Answer<Envelope<Tenant>> {
    let UpdateBody { name, settings } = body;
    let tenant = tenants::update(&cx, id, UpdateTenant { name, settings }).await?;
    Ok(Envelope::new(Tenant::from(&tenant)))
}
