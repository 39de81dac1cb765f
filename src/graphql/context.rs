//! Who asks, as seen by the resolvers: the domain's `Cx` and what was already loaded for it.

use std::sync::Arc;

use async_graphql::Context;
use entity::{
    ids::{PlanId, TenantId},
    plan, subscription,
};
use tokio::sync::OnceCell;

use super::{error::Result, loader::Loader};
use crate::domain::{
    auth::{self, Me},
    billing,
    cx::Cx,
    members,
};

/// One caller within one request. Objects carry the scope they were made in, so that what
/// `login`, `register` and `switchTenant` return is resolved as the *new* identity.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    cx: Cx,
    me: OnceCell<Me>,
    subscriptions: Loader<TenantId, Arc<subscription::Model>>,
    plans: Loader<PlanId, Arc<plan::Model>>,
    members: Loader<TenantId, u64>,
}

impl Scope {
    /// A scope in which nothing is loaded yet.
    pub fn new(cx: Cx) -> Self {
        Self::with(cx, OnceCell::new())
    }

    /// The scope of somebody who has just signed in, of whom all is known.
    pub fn signed_in(cx: Cx, me: Me) -> Self {
        Self::with(cx, OnceCell::new_with(Some(me)))
    }

    fn with(cx: Cx, me: OnceCell<Me>) -> Self {
        Self(Arc::new(Inner {
            cx,
            me,
            subscriptions: Loader::default(),
            plans: Loader::default(),
            members: Loader::default(),
        }))
    }

    /// The scope of the request itself.
    pub fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_opt::<Self>()
            .expect("the handler gives every request a scope")
    }

    /// The same caller with nothing loaded yet: for a mutation, whose result must not show what an
    /// earlier mutation of the same document has seen.
    pub fn anew(ctx: &Context<'_>) -> Self {
        Self::new(Self::of(ctx).cx().clone())
    }

    /// The domain's context.
    pub fn cx(&self) -> &Cx {
        &self.0.cx
    }

    /// Says that these tenants are being shown, so that what belongs to them is loaded together.
    pub fn announce_tenants(&self, tenants: impl Iterator<Item = TenantId> + Clone) {
        self.0.subscriptions.announce(tenants.clone());
        self.0.members.announce(tenants);
    }

    /// The caller with all their tenants.
    pub async fn me(&self) -> Result<&Me> {
        let me = self
            .0
            .me
            .get_or_try_init(async || auth::me(self.cx()).await);
        Ok(me.await?)
    }

    /// A tenant's subscription.
    pub async fn subscription(&self, tenant: TenantId) -> Result<Option<Arc<subscription::Model>>> {
        let fetch = async |tenants: Vec<TenantId>| {
            let found = billing::subscriptions(self.cx(), &tenants).await?;
            self.0
                .plans
                .announce(found.values().map(|subscription| subscription.plan_id));
            Ok(found
                .into_iter()
                .map(|(tenant, row)| (tenant, Arc::new(row)))
                .collect())
        };
        self.0.subscriptions.get(tenant, fetch).await
    }

    /// A plan.
    pub async fn plan(&self, id: PlanId) -> Result<Option<Arc<plan::Model>>> {
        let fetch = async |ids: Vec<PlanId>| {
            let found = billing::plans_by_id(self.cx(), &ids).await?;
            Ok(found
                .into_iter()
                .map(|(id, row)| (id, Arc::new(row)))
                .collect())
        };
        self.0.plans.get(id, fetch).await
    }

    /// How many members a tenant has.
    pub async fn members(&self, tenant: TenantId) -> Result<u64> {
        let fetch = async |tenants: Vec<TenantId>| members::usage(self.cx(), &tenants).await;
        Ok(self.0.members.get(tenant, fetch).await?.unwrap_or_default())
    }
}
