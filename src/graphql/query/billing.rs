//! What can be bought.

use async_graphql::{Context, Object};

use crate::{
    domain::billing,
    graphql::{context::Scope, error::Result, in_place::InPlace, types::billing::Plan},
};

/// Plans.
#[derive(Default)]
pub struct BillingQuery;

#[Object]
impl BillingQuery {
    /// The plans on offer, in the order of the price page. Public: needs no token.
    async fn plans(&self, ctx: &Context<'_>) -> Result<Vec<InPlace<Plan>>> {
        let offer = billing::plans(Scope::of(ctx).cx()).await?;
        Ok(offer.plans.iter().cloned().map(Plan).map(InPlace).collect())
    }
}
