//! Who may do what, decided once: the table `Permission × Role`, and the proof that it was asked.
//!
//! Holding a [`TenantAccess`] is the permission: only this file makes one, and store functions that
//! touch a tenant's data take it, so that forgetting the check does not compile.

use std::collections::HashMap;

use entity::{
    ids::{TenantId, UserId},
    membership::{self, TenantRole},
};

use super::{cx::Cx, tenants};
use crate::error::{Error, Result, Subject};

/// Something a role may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the tenant and what its plan allows.
    ViewTenant,
    /// Change the tenant's name and settings.
    UpdateTenant,
    /// See who is in the tenant and who is invited.
    ViewMembers,
    /// Invite people, renew and take back invitations.
    InviteMembers,
    /// Make somebody an owner.
    GrantOwnership,
    /// Hand one's ownership over to another member.
    TransferOwnership,
    /// Change people's roles.
    ChangeMemberRoles,
    /// Remove people.
    RemoveMembers,
    /// See the subscription.
    ViewSubscription,
    /// See the site, its backups and what is done to it.
    ViewProvisioning,
    /// Have things done to the site.
    ManageProvisioning,
}

impl Permission {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::ViewTenant,
        Self::UpdateTenant,
        Self::ViewMembers,
        Self::InviteMembers,
        Self::GrantOwnership,
        Self::TransferOwnership,
        Self::ChangeMemberRoles,
        Self::RemoveMembers,
        Self::ViewSubscription,
        Self::ViewProvisioning,
        Self::ManageProvisioning,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// What it allows, for people.
    pub fn description(self) -> &'static str {
        self.entry().1
    }

    /// The roles that hold it. This is the table.
    pub fn roles(self) -> &'static [TenantRole] {
        self.entry().2
    }

    /// Whether a role holds it.
    pub fn is_held_by(self, role: TenantRole) -> bool {
        self.roles().contains(&role)
    }

    fn entry(self) -> (&'static str, &'static str, &'static [TenantRole]) {
        use TenantRole::{Admin, Member, Owner};
        match self {
            Self::ViewTenant => (
                "VIEW_TENANT",
                "See the tenant, its limits and usage",
                &[Owner, Admin, Member],
            ),
            Self::UpdateTenant => (
                "UPDATE_TENANT",
                "Change the tenant's name and settings",
                &[Owner, Admin],
            ),
            Self::ViewMembers => (
                "VIEW_MEMBERS",
                "See who is in the tenant and who is invited",
                &[Owner, Admin],
            ),
            Self::InviteMembers => (
                "INVITE_MEMBERS",
                "Invite people, renew and take back invitations",
                &[Owner, Admin],
            ),
            Self::GrantOwnership => ("GRANT_OWNERSHIP", "Make somebody an owner", &[Owner]),
            Self::TransferOwnership => (
                "TRANSFER_OWNERSHIP",
                "Hand one's ownership over to another member",
                &[Owner],
            ),
            Self::ChangeMemberRoles => (
                "CHANGE_MEMBER_ROLES",
                "Change the roles of members",
                &[Owner],
            ),
            Self::RemoveMembers => (
                "REMOVE_MEMBERS",
                "Remove people from the tenant",
                &[Owner, Admin],
            ),
            Self::ViewSubscription => (
                "VIEW_SUBSCRIPTION",
                "See the subscription and its plan",
                &[Owner, Admin, Member],
            ),
            Self::ViewProvisioning => (
                "VIEW_PROVISIONING",
                "See the site, its backups and what is done to it",
                &[Owner, Admin, Member],
            ),
            Self::ManageProvisioning => (
                "MANAGE_PROVISIONING",
                "Have the site made, changed, backed up and removed",
                &[Owner, Admin],
            ),
        }
    }
}

/// What a role may do, in the table's order.
pub fn permissions_of(role: TenantRole) -> impl Iterator<Item = Permission> {
    Permission::ALL
        .iter()
        .copied()
        .filter(move |permission| permission.is_held_by(role))
}

/// Proof that the caller is in a tenant and holds what was required of them.
#[derive(Clone, Debug)]
pub struct TenantAccess {
    membership: membership::Model,
    required: Vec<Permission>,
}

impl TenantAccess {
    fn new(membership: membership::Model) -> Self {
        Self {
            membership,
            required: Vec::new(),
        }
    }

    /// The tenant.
    pub fn tenant_id(&self) -> TenantId {
        self.membership.tenant_id
    }

    /// The caller.
    pub fn user_id(&self) -> UserId {
        self.membership.user_id
    }

    /// The caller's role in it.
    pub fn role(&self) -> TenantRole {
        self.membership.role
    }

    /// The caller's place in it.
    pub fn membership(&self) -> &membership::Model {
        &self.membership
    }

    /// FORBIDDEN unless the caller's role holds the permission.
    pub fn require(mut self, permission: Permission) -> Result<Self> {
        if !permission.is_held_by(self.role()) {
            return Err(Error::Forbidden(
                format!("You need the permission {} for this.", permission.as_str()).into(),
            ));
        }
        self.required.push(permission);
        Ok(self)
    }

    /// The same questions asked of what the database says now, under the tenant's lock.
    pub(super) fn renew(&self, now: Option<membership::Model>) -> Result<Self> {
        let renewed = Self::new(now.ok_or(Error::NotFound(Subject::Tenant))?);
        self.required
            .iter()
            .try_fold(renewed, |access, permission| access.require(*permission))
    }
}

/// Proof of membership in every tenant the caller is in, from one query: for loaders.
#[derive(Clone, Debug)]
pub struct AccessSet {
    roles: HashMap<TenantId, TenantRole>,
}

impl AccessSet {
    /// Of all the places that somebody has.
    fn of<'a>(places: impl Iterator<Item = &'a membership::Model>) -> Self {
        Self {
            roles: places.map(|place| (place.tenant_id, place.role)).collect(),
        }
    }

    /// The caller's role in a tenant.
    pub fn role(&self, tenant: TenantId) -> Option<TenantRole> {
        self.roles.get(&tenant).copied()
    }

    /// Those of the tenants in which the caller holds the permission.
    pub fn only(&self, tenants: &[TenantId], permission: Permission) -> PermittedTenants {
        let holds = |tenant: &&TenantId| {
            self.role(**tenant)
                .is_some_and(|role| permission.is_held_by(role))
        };
        PermittedTenants(tenants.iter().filter(holds).copied().collect())
    }

    /// All tenants in which the caller holds the permission.
    pub fn all(&self, permission: Permission) -> PermittedTenants {
        let holds = self
            .roles
            .iter()
            .filter(|(_, role)| permission.is_held_by(**role));
        PermittedTenants(holds.map(|(tenant, _)| *tenant).collect())
    }
}

/// Proof that the caller holds a permission in each of these tenants.
#[derive(Clone, Debug)]
pub struct PermittedTenants(Vec<TenantId>);

impl PermittedTenants {
    /// The tenants.
    pub fn ids(&self) -> impl Iterator<Item = TenantId> {
        self.0.iter().copied()
    }

    /// An answer for each of them: the one that was found, else an empty one.
    pub(super) fn complete<T: Default>(
        &self,
        mut found: HashMap<TenantId, T>,
    ) -> HashMap<TenantId, T> {
        self.ids()
            .map(|id| (id, found.remove(&id).unwrap_or_default()))
            .collect()
    }
}

/// Proof that no person is asking, but a part of the system itself.
#[derive(Clone, Copy, Debug)]
pub struct SystemAccess(());

/// What is refused to who is not in the tenant that their token names (ruling 4).
pub(super) fn outside() -> Error {
    Error::Forbidden("You are not in the tenant that your token names.".into())
}

impl Cx {
    /// Proof of membership in a tenant; a foreign tenant is as unknown as one that does not exist.
    pub async fn tenant(&self, id: TenantId) -> Result<TenantAccess> {
        let identity = self.identity().await?;
        let membership = if identity.tenant_id == Some(id) {
            identity.membership.clone()
        } else {
            tenants::store::membership(self.db(), identity.user.id, id).await?
        };
        membership
            .map(TenantAccess::new)
            .ok_or(Error::NotFound(Subject::Tenant))
    }

    /// Proof of membership in the token's tenant (ruling 4: FORBIDDEN when there is none).
    pub async fn current_tenant(&self) -> Result<TenantAccess> {
        let identity = self.identity().await?;
        let membership = identity.membership.clone();
        membership.map(TenantAccess::new).ok_or_else(|| {
            if identity.tenant_id.is_some() {
                return outside();
            }
            Error::Forbidden(
                "Your token names no tenant. Join one, or switch to one of yours.".into(),
            )
        })
    }

    /// Proof for the named tenant, or for the token's when none is named.
    pub async fn tenant_or_current(&self, id: Option<TenantId>) -> Result<TenantAccess> {
        match id {
            Some(id) => self.tenant(id).await,
            None => self.current_tenant().await,
        }
    }

    /// Proof for all of the caller's tenants; asked of the database once per request.
    pub async fn access_set(&self) -> Result<&AccessSet> {
        self.access_cell()
            .get_or_try_init(async || {
                let user = self.identity().await?.user.id;
                let roles = Box::pin(tenants::store::roles(self.db(), user)).await?;
                Ok(AccessSet { roles })
            })
            .await
    }

    /// Proof for those of the tenants in which the caller holds the permission. For the token's tenant
    /// alone nothing is asked of the database.
    pub async fn permitted(
        &self,
        tenants: &[TenantId],
        permission: Permission,
    ) -> Result<PermittedTenants> {
        let identity = self.identity().await?;
        let (current, place) = (identity.tenant_id, &identity.membership);
        if tenants.iter().all(|tenant| Some(*tenant) == current)
            && let Some(place) = place
        {
            let own = AccessSet::of(std::iter::once(place));
            return Ok(own.only(&[place.tenant_id], permission));
        }
        Ok(self.access_set().await?.only(tenants, permission))
    }

    /// Spares [`Cx::access_set`] its query: these are all the places that the caller has.
    pub(super) fn has_places<'a>(&self, all: impl Iterator<Item = &'a membership::Model>) {
        // Whoever asked before knows as much.
        let _ = self.access_cell().set(AccessSet::of(all));
    }

    /// Proof that the system itself is asking.
    pub fn system_access(&self) -> Result<SystemAccess> {
        if self.is_system() {
            Ok(SystemAccess(()))
        } else {
            Err(Error::internal(
                "a caller from outside reached for the system's access",
            ))
        }
    }
}
