//! Who the caller is.

use async_graphql::{Context, Object};

use crate::graphql::{context::Scope, error::Result, in_place::InPlace, types::viewer::Viewer};

/// The caller.
#[derive(Default)]
pub struct AuthQuery;

#[Object]
impl AuthQuery {
    /// You: who the access token says you are, your tenants and your place in them. Needs any valid
    /// access token.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<InPlace<Viewer>> {
        let scope = Scope::of(ctx);
        let user = scope.cx().identity().await?.user.clone();
        Ok(InPlace(Viewer::new(scope.clone(), user)))
    }
}
