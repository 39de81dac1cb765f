//! Who asks, as seen by the resolvers: the domain's `Cx` and what was already loaded for it.

mod notifications;
mod provisioning;

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_graphql::Context;
use entity::{
    ids::{PlanId, TenantId},
    invitation, session, subscription,
};
use tokio::sync::OnceCell;

use super::{
    error::Result,
    loader::{Loader, LoaderByArguments},
};
use crate::{
    domain::{
        auth::{self, Me},
        billing::{self, SharedPlan},
        cx::Cx,
        idempotency::IdempotencyKey,
        members::{self, InvitationFilter, Member, MemberFilter},
        page::{Keyset, Listing, Window},
        tenants::{self, TenantMembership},
    },
    error,
};

/// One caller within one request. Objects carry the scope they were made in, so that what
/// `login`, `register` and `switchTenant` return is resolved as the *new* identity.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    cx: Cx,
    /// Of somebody who has just signed in.
    me: Option<Me>,
    places: OnceCell<Arc<Listing<Arc<TenantMembership>>>>,
    sessions: OnceCell<Vec<session::Model>>,
    subscriptions: Loader<TenantId, Arc<subscription::Model>>,
    seats: Loader<TenantId, u64>,
    /// The tenants that lists of this request have shown.
    shown: Mutex<HashSet<TenantId>>,
    member_pages: LoaderByArguments<(MemberFilter, Window), TenantId, Arc<Listing<Member>>>,
    member_counts: LoaderByArguments<MemberFilter, TenantId, u64>,
    invitation_pages:
        LoaderByArguments<(InvitationFilter, Window), TenantId, Arc<Listing<invitation::Model>>>,
    invitation_counts: LoaderByArguments<InvitationFilter, TenantId, u64>,
    notifications: notifications::Loaders,
    provisioning: provisioning::Loaders,
}

impl Scope {
    /// A scope in which nothing is loaded yet.
    pub fn new(cx: Cx) -> Self {
        Self::with(cx, None)
    }

    /// The scope of somebody who has just signed in, of whom all is known.
    pub fn signed_in(cx: Cx, me: Me) -> Self {
        Self::with(cx, Some(me))
    }

    fn with(cx: Cx, me: Option<Me>) -> Self {
        Self(Arc::new(Inner {
            cx,
            me,
            places: OnceCell::new(),
            sessions: OnceCell::new(),
            subscriptions: Loader::default(),
            seats: Loader::default(),
            shown: Mutex::default(),
            member_pages: LoaderByArguments::default(),
            member_counts: LoaderByArguments::default(),
            invitation_pages: LoaderByArguments::default(),
            invitation_counts: LoaderByArguments::default(),
            notifications: notifications::Loaders::default(),
            provisioning: provisioning::Loaders::default(),
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
        Self::new(Self::of(ctx).cx().anew())
    }

    /// The same for a mutation that the client has named, so that a repeat gets the same answer.
    pub fn keyed(&self, key: Option<IdempotencyKey>) -> Self {
        Self::new(self.cx().keyed(key))
    }

    /// The domain's context.
    pub fn cx(&self) -> &Cx {
        &self.0.cx
    }

    /// Says that these tenants are being shown, so that what belongs to them is loaded together.
    pub fn announce_tenants(&self, tenants: impl Iterator<Item = TenantId>) {
        self.shown().extend(tenants);
    }

    /// The tenant that the token names, if the caller is (still) in it.
    pub async fn current_tenant(&self) -> Result<Option<Arc<TenantMembership>>> {
        if let Some(me) = &self.0.me {
            return Ok(me.current.clone());
        }
        let Some(own) = &self.cx().identity().await?.membership else {
            return Ok(None);
        };
        let places = self.first_places().await?;
        let mut nodes = places.items.iter().map(|item| &item.node);
        match nodes.find(|place| place.tenant.id == own.tenant_id) {
            None if places.has_next => Ok(Some(Arc::new(tenants::current(self.cx()).await?))),
            found => Ok(found.cloned()),
        }
    }

    /// The tenant that the caller's sign-in lands in.
    pub async fn default_tenant(&self) -> Result<Option<TenantId>> {
        if let Some(me) = &self.0.me {
            return Ok(default_of(me.memberships.iter()));
        }
        let places = self.first_places().await?;
        match default_of(places.items.iter().map(|item| &item.node)) {
            None if places.has_next => {
                Ok(default_of(auth::me(self.cx()).await?.memberships.iter()))
            }
            found => Ok(found),
        }
    }

    /// The caller's places in tenants, oldest first.
    pub async fn memberships(&self, window: Window) -> Result<Listing<Arc<TenantMembership>>> {
        match window {
            Window::Keyset(Keyset {
                limit,
                backwards: false,
                after: None,
                before: None,
            }) => {
                let mut page = Listing::clone(self.first_places().await?);
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                page.has_next |= page.items.len() > limit;
                page.items.truncate(limit);
                Ok(page)
            }
            window => Ok(tenants::memberships(self.cx(), &window)
                .await?
                .map(Arc::new)),
        }
    }

    /// Where the caller is signed in.
    pub async fn sessions(&self) -> Result<&[session::Model]> {
        let sessions = self
            .0
            .sessions
            .get_or_try_init(|| auth::sessions(self.cx()));
        Ok(sessions.await?)
    }

    /// The longest first page of the caller's places: nearly always all of them, so that the
    /// current tenant, the default one and the list take one statement together.
    async fn first_places(&self) -> Result<&Listing<Arc<TenantMembership>>> {
        let places = &self.0.places;
        let first = || tenants::first_places(self.cx());
        Ok(places.get_or_try_init(first).await?)
    }

    /// A tenant's subscription.
    pub async fn subscription(&self, tenant: TenantId) -> Result<Option<Arc<subscription::Model>>> {
        let fetch = async |tenants: Vec<TenantId>| {
            let found = billing::subscriptions(self.cx(), &tenants).await?;
            Ok(found
                .into_iter()
                .map(|(tenant, row)| (tenant, Arc::new(row)))
                .collect())
        };
        self.get(&self.0.subscriptions, tenant, fetch).await
    }

    /// A plan.
    pub async fn plan(&self, id: PlanId) -> Result<Option<SharedPlan>> {
        Ok(billing::plan(self.cx(), id).await?)
    }

    /// How many seats of a tenant are taken.
    pub async fn seats(&self, tenant: TenantId) -> Result<u64> {
        let fetch = async |tenants: Vec<TenantId>| members::usage(self.cx(), &tenants).await;
        let seats = self.get(&self.0.seats, tenant, fetch).await?;
        Ok(seats.unwrap_or_default())
    }

    /// A page of a tenant's members, fetched with the same page of all other tenants shown.
    pub async fn member_page(
        &self,
        tenant: TenantId,
        filter: &MemberFilter,
        window: &Window,
    ) -> Result<Listing<Member>> {
        let loader = self.0.member_pages.with(&(filter.clone(), *window));
        let fetch = async |tenants: Vec<TenantId>| {
            let found = members::list_each(self.cx(), &tenants, filter, window).await?;
            Ok(shared(found))
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(page) => Ok(Arc::unwrap_or_clone(page)),
            // Not among the permitted ones; asked alone, the domain says why.
            None => Ok(members::list(self.cx(), tenant, filter, window).await?),
        }
    }

    /// How many of a tenant's members match.
    pub async fn member_count(&self, tenant: TenantId, filter: &MemberFilter) -> Result<u64> {
        let loader = self.0.member_counts.with(filter);
        let fetch =
            async |tenants: Vec<TenantId>| members::count_each(self.cx(), &tenants, filter).await;
        match self.get(&loader, tenant, fetch).await? {
            Some(count) => Ok(count),
            None => Ok(members::count(self.cx(), tenant, filter).await?),
        }
    }

    /// A page of a tenant's invitations, fetched with the same page of all other tenants shown.
    pub async fn invitation_page(
        &self,
        tenant: TenantId,
        filter: &InvitationFilter,
        window: &Window,
    ) -> Result<Listing<invitation::Model>> {
        let loader = self.0.invitation_pages.with(&(filter.clone(), *window));
        let fetch = async |tenants: Vec<TenantId>| {
            let found = members::invitations_each(self.cx(), &tenants, filter, window).await?;
            Ok(shared(found))
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(page) => Ok(Arc::unwrap_or_clone(page)),
            None => Ok(members::invitations(self.cx(), tenant, filter, window).await?),
        }
    }

    /// How many of a tenant's invitations match.
    pub async fn invitation_count(
        &self,
        tenant: TenantId,
        filter: &InvitationFilter,
    ) -> Result<u64> {
        let loader = self.0.invitation_counts.with(filter);
        let fetch = async |tenants: Vec<TenantId>| {
            members::count_invitations_each(self.cx(), &tenants, filter).await
        };
        match self.get(&loader, tenant, fetch).await? {
            Some(count) => Ok(count),
            None => Ok(members::count_invitations(self.cx(), tenant, filter).await?),
        }
    }

    /// What belongs to a tenant, loaded together with what belongs to all others shown.
    async fn get<V: Clone, F>(
        &self,
        loader: &Loader<TenantId, V>,
        tenant: TenantId,
        fetch: impl FnOnce(Vec<TenantId>) -> F,
    ) -> Result<Option<V>>
    where
        F: Future<Output = error::Result<HashMap<TenantId, V>>>,
    {
        let shown = || self.shown().clone();
        loader.get(tenant, shown, fetch).await
    }

    fn shown(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the rows cheap to hand to several fields.
fn shared<K: Eq + Hash, V>(found: HashMap<K, V>) -> HashMap<K, Arc<V>> {
    found
        .into_iter()
        .map(|(key, row)| (key, Arc::new(row)))
        .collect()
}

fn default_of<'a>(mut places: impl Iterator<Item = &'a Arc<TenantMembership>>) -> Option<TenantId> {
    let default = places.find(|place| place.membership.is_default);
    default.map(|place| place.tenant.id)
}
