//! Changes of who is in a tenant.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::{TenantId, UserId};

use crate::{
    domain::{fields::Fields, idempotency::IdempotencyKey, members, tenants},
    graphql::{
        context::Scope,
        error::Result,
        input::{self, complete, optional, tenant_or_current},
        types::{access::TenantRole, member::Membership, tenant::Tenant},
    },
};

/// Reads which member of which tenant is meant.
fn member(
    tenant_id: Option<ID>,
    user_id: &ID,
    key: Option<String>,
) -> Result<(Option<TenantId>, UserId, Option<IdempotencyKey>)> {
    let mut fields = Fields::new();
    let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
    let user = fields.take("user_id", input::id(user_id));
    let key = fields.take("idempotency_key", input::key(key));
    let ((tenant, user), key) = complete(fields, tenant.zip(user).zip(key))?;
    Ok((tenant, user, key))
}

/// Somebody's new role.
#[derive(InputObject)]
pub struct ChangeMemberRoleInput {
    /// In which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Whose.
    user_id: ID,
    /// The new role.
    role: TenantRole,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// The changed membership.
#[derive(SimpleObject)]
pub struct ChangeMemberRolePayload {
    /// The membership as it is now.
    membership: Membership,
}

/// Somebody who shall leave.
#[derive(InputObject)]
pub struct RemoveMemberInput {
    /// Which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Who.
    user_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// The tenant without the person.
pub struct RemoveMemberPayload {
    scope: Scope,
    tenant: TenantId,
    user: UserId,
}

/// The tenant without the person.
#[Object]
impl RemoveMemberPayload {
    /// The id of the user who was removed.
    async fn removed_user_id(&self) -> ID {
        ID(self.user.to_string())
    }

    /// The tenant as it is now.
    async fn tenant(&self) -> Result<Tenant> {
        let place = tenants::get(self.scope.cx(), self.tenant).await?;
        Ok(Tenant::of_viewer(&self.scope, place))
    }
}

/// Members.
#[derive(Default)]
pub struct MembersMutation;

#[Object]
impl MembersMutation {
    /// Gives a member another role; it holds from their next request on. Needs
    /// `CHANGE_MEMBER_ROLES`, and `GRANT_OWNERSHIP` to make an owner.
    ///
    /// `CONFLICT` with reason `LAST_OWNER` for the only owner.
    async fn change_member_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose role, and which.")] input: ChangeMemberRoleInput,
    ) -> Result<ChangeMemberRolePayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let ChangeMemberRoleInput {
            tenant_id,
            user_id,
            role,
            idempotency_key,
        } = input;
        let (tenant, user, key) = member(tenant_id, &user_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let changed = members::change_role(scope.cx(), tenant, user, role.into()).await?;
        Ok(ChangeMemberRolePayload {
            membership: Membership::of_member(scope, changed, None),
        })
    }

    /// Removes a member; their access ends with their next request. Needs `REMOVE_MEMBERS`; only an
    /// owner removes an owner.
    ///
    /// `CONFLICT` with reason `OWNER_PROTECTED` or `SELF_REMOVAL`.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: RemoveMemberInput,
    ) -> Result<RemoveMemberPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let RemoveMemberInput {
            tenant_id,
            user_id,
            idempotency_key,
        } = input;
        let (tenant, user, key) = member(tenant_id, &user_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        members::remove(scope.cx(), tenant, user).await?;
        Ok(RemoveMemberPayload {
            scope: scope.clone(),
            tenant,
            user,
        })
    }
}
