//! A company.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};
use entity::{membership, tenant};

use super::{
    access::{Permission, TenantRole, permissions_of},
    billing::{Limits, TenantSubscription, Usage},
    connection::Connection,
    id,
    invitation::{Invitation, InvitationStatus},
    member::Membership,
    provisioning::{ProvisioningJob, ProvisioningJobStatus, ProvisioningJobType},
    scalars::DateTime,
    site::{self, Backup, Site},
};
use crate::{
    domain::{
        billing,
        fields::Fields,
        members::{InvitationFilter, MemberFilter},
        provisioning::{BackupFilter, JobFilter},
        tenants::TenantMembership,
        values::SearchTerm,
    },
    graphql::{
        context::Scope,
        error::Result,
        in_place::InPlace,
        input::{Page, complete, optional},
    },
};

/// Where a tenant stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tenant::TenantStatus")]
pub enum TenantStatus {
    /// Nothing has been asked for yet.
    Pending,
    /// Its site is being made; also the state of a new tenant.
    Provisioning,
    /// Its site works.
    Active,
    /// Access is withheld.
    Suspended,
    /// The tenant has left.
    Cancelled,
}

/// A company.
#[derive(Clone)]
pub struct Tenant {
    scope: Scope,
    place: Arc<TenantMembership>,
}

impl Tenant {
    /// A tenant of the person who asks.
    pub fn of_viewer(scope: &Scope, place: impl Into<Arc<TenantMembership>>) -> Self {
        let place = place.into();
        scope.announce_tenants(std::iter::once(place.tenant.id));
        Self {
            scope: scope.clone(),
            place,
        }
    }

    /// A tenant and the caller's place in it.
    pub fn new(scope: &Scope, tenant: tenant::Model, own: &membership::Model) -> Self {
        let membership = own.clone();
        Self::of_viewer(scope, TenantMembership { tenant, membership })
    }
}

/// A company: the unit that has members, a subscription and an ERPNext site.
#[Object]
impl Tenant {
    /// The tenant's id.
    async fn id(&self) -> ID {
        id(self.place.tenant.id)
    }

    /// The company's display name.
    async fn name(&self) -> &str {
        &self.place.tenant.name
    }

    /// The name in URLs: lower case, digits and hyphens; unique, and never changes.
    async fn slug(&self) -> &str {
        &self.place.tenant.slug
    }

    /// Where the tenant stands.
    async fn status(&self) -> TenantStatus {
        self.place.tenant.status.into()
    }

    /// A JSON object that belongs to the tenant. The service keeps it and does not read it.
    async fn settings(&self) -> &serde_json::Value {
        &self.place.tenant.settings
    }

    /// Address of the tenant's ERPNext site, once there is one: as reported, or else as expected.
    async fn erpnext_site_url(&self) -> Option<&str> {
        self.place.tenant.erpnext_site_url.as_deref()
    }

    /// When the tenant signed up.
    async fn created_at(&self) -> DateTime {
        self.place.tenant.created_at.into()
    }

    /// When the tenant last changed.
    async fn updated_at(&self) -> DateTime {
        self.place.tenant.updated_at.into()
    }

    /// Your role in the tenant.
    async fn viewer_role(&self) -> Option<TenantRole> {
        Some(self.place.membership.role.into())
    }

    /// What you may do in the tenant. Show and hide buttons by this.
    async fn viewer_permissions(&self) -> Vec<Permission> {
        permissions_of(self.place.membership.role)
    }

    /// The people in the tenant, newest first. Needs `VIEW_MEMBERS`.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn members(
        &self,
        #[graphql(desc = "Only with this role.")] role: Option<TenantRole>,
        #[graphql(desc = "Only whose name or address contains this, in any case.")] search: Option<
            String,
        >,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<Membership>>> {
        let mut fields = Fields::new();
        let search = fields.take("search", optional(search, |text| SearchTerm::parse(&text)));
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let read = search.zip(window);
        let (search, window) = complete(fields, read)?;
        let filter = MemberFilter {
            role: role.map(Into::into),
            search: search.flatten(),
        };

        let (scope, id) = (self.scope.clone(), self.place.tenant.id);
        let listing = Box::pin(scope.member_page(id, &filter, &window)).await?;
        Ok(InPlace(Connection::new(
            listing,
            |member| Membership::of_member(&self.scope, member, Some(self.clone())),
            move || {
                let (scope, filter) = (scope.clone(), filter.clone());
                async move { scope.member_count(id, &filter).await }
            },
        )))
    }

    /// Offers to join that were mailed, newest first. Needs `VIEW_MEMBERS`.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn invitations(
        &self,
        #[graphql(desc = "Only in this state, e.g. `PENDING`.")] status: Option<InvitationStatus>,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<Invitation>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let filter = InvitationFilter {
            status: status.map(Into::into),
        };

        let (scope, id) = (self.scope.clone(), self.place.tenant.id);
        let listing = Box::pin(scope.invitation_page(id, &filter, &window)).await?;
        Ok(InPlace(Connection::new(
            listing,
            |invitation| Invitation::new(&self.scope, invitation),
            move || {
                let (scope, filter) = (scope.clone(), filter.clone());
                async move { scope.invitation_count(id, &filter).await }
            },
        )))
    }

    /// What the tenant is subscribed to. Needs `VIEW_SUBSCRIPTION`.
    async fn subscription(&self) -> Result<Option<InPlace<TenantSubscription>>> {
        let found = self.scope.subscription(self.place.tenant.id).await?;
        Ok(found.map(|model| InPlace(TenantSubscription::new(&self.scope, model))))
    }

    /// What was and is done to the tenant's site, newest first. Needs `VIEW_PROVISIONING`.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn provisioning_jobs(
        &self,
        #[graphql(desc = "Only in this state.")] status: Option<ProvisioningJobStatus>,
        #[graphql(name = "type", desc = "Only of this type.")] job_type: Option<
            ProvisioningJobType,
        >,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<ProvisioningJob>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let filter = JobFilter {
            status: status.map(Into::into),
            job_type: job_type.map(Into::into),
        };

        let (scope, id) = (self.scope.clone(), self.place.tenant.id);
        let listing = Box::pin(scope.job_page(id, &filter, &window)).await?;
        Ok(InPlace(Connection::new(
            listing,
            |job| ProvisioningJob::new(&self.scope, job, Some(self.clone())),
            move || {
                let (scope, filter) = (scope.clone(), filter.clone());
                async move { scope.job_count(id, &filter).await }
            },
        )))
    }

    /// The tenant's ERPNext site, at least its name; null when there is none, or when it is gone.
    /// Needs `VIEW_PROVISIONING`.
    async fn site(&self) -> Result<Option<InPlace<Site>>> {
        let found = self.scope.site(self.place.tenant.id).await?;
        Ok(found.map(|model| InPlace(Site::new(&self.scope, model))))
    }

    /// All backups of the tenant's sites, newest first; also those of sites that are gone, which can be put
    /// back to the site that comes after them. Needs `VIEW_PROVISIONING`.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn backups(
        &self,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<Backup>>> {
        let mut fields = Fields::new();
        let window = Page {
            first,
            after,
            last,
            before,
        }
        .read(&mut fields)?;
        let window = complete(fields, window)?;
        let id = self.place.tenant.id;
        site::backups(&self.scope, id, BackupFilter::All, &window).await
    }

    /// What the tenant's plan includes; nothing without a subscription.
    async fn limits(&self) -> Result<Limits> {
        let Some(subscription) = self.scope.subscription(self.place.tenant.id).await? else {
            return Ok(Limits::default());
        };
        let plan = self.scope.plan(subscription.plan_id).await?;
        Ok(plan
            .map(|plan| Limits::from(billing::limits(&plan)))
            .unwrap_or_default())
    }

    /// How much of it is used.
    async fn usage(&self) -> Result<Usage> {
        Ok(Usage {
            users: self.scope.seats(self.place.tenant.id).await?,
        })
    }
}
