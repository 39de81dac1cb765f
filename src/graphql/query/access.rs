//! What the caller may do.

use async_graphql::{Context, Object};

use crate::graphql::{
    context::Scope,
    error::Result,
    types::access::{Permission, permissions_of},
};

/// Permissions.
#[derive(Default)]
pub struct AccessQuery;

#[Object]
impl AccessQuery {
    /// What you may do in your current tenant; empty when you are in none. Show and hide buttons by
    /// this instead of by role.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<Vec<Permission>> {
        let identity = Scope::of(ctx).cx().identity().await?;
        let role = identity
            .membership
            .as_ref()
            .map(|membership| membership.role);
        Ok(role.map(permissions_of).unwrap_or_default())
    }
}
