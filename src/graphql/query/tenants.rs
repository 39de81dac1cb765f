//! The caller's tenants.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use crate::{
    domain::{fields::Fields, tenants, values::SearchTerm},
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{self, Page, complete, optional},
        types::{
            access::TenantRole,
            connection::Connection,
            tenant::{Tenant, TenantStatus},
        },
    },
};

/// Which of your tenants to list. Conditions are joined by "and"; none lists all.
#[derive(Default, InputObject)]
pub struct TenantFilter {
    /// Only whose name or slug contains this, in any case; at most 100 characters.
    search: Option<String>,
    /// Only in which you have this role.
    role: Option<TenantRole>,
    /// Only in this state.
    status: Option<TenantStatus>,
}

impl TenantFilter {
    fn read(self, fields: &mut Fields) -> Option<tenants::TenantFilter> {
        let Self {
            search,
            role,
            status,
        } = self;
        let search = optional(search, |text| SearchTerm::parse(&text));
        Some(tenants::TenantFilter {
            search: fields.take("search", search)?.flatten(),
            role: role.map(Into::into),
            status: status.map(Into::into),
        })
    }
}

/// Tenants.
#[derive(Default)]
pub struct TenantsQuery;

#[Object]
impl TenantsQuery {
    /// One of your tenants. A tenant that you are not in is `NOT_FOUND`, as one that does not exist.
    async fn tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one; your current tenant when left out.")] id: Option<ID>,
    ) -> Result<Option<InPlace<Tenant>>> {
        let scope = Scope::of(ctx);
        scope.cx().identity().await?;
        let mut fields = Fields::new();
        let id = fields.take("id", optional(id, |text| input::id(&text)));
        let place = match complete(fields, id)? {
            Some(id) => tenants::get(scope.cx(), id).await?,
            None => tenants::current(scope.cx()).await?,
        };
        Ok(Some(InPlace(Tenant::of_viewer(scope, place))))
    }

    /// The tenants that you are in, newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which of them.")] filter: Option<TenantFilter>,
    ) -> Result<InPlace<Connection<Tenant>>> {
        let scope = Scope::of(ctx);
        scope.cx().identity().await?;
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let read = filter.unwrap_or_default().read(&mut fields).zip(window);
        let (filter, window) = complete(fields, read)?;

        let cx = scope.cx().clone();
        let listing = Box::pin(tenants::list(&cx, &filter, &window)).await?;
        scope.announce_tenants(listing.items.iter().map(|item| item.node.tenant.id));
        let filter = Arc::new(filter);
        Ok(InPlace(Connection::new(
            listing,
            |place| Tenant::of_viewer(scope, place),
            move || {
                let (cx, filter) = (cx.clone(), filter.clone());
                async move { tenants::count(&cx, &filter).await }
            },
        )))
    }
}
