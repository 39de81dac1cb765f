//! Changes of who is in a tenant.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::{TenantId, UserId};

use crate::{
    domain::{
        fields::Fields,
        idempotency::IdempotencyKey,
        members::{self, Left, Transferred},
        tenants,
    },
    graphql::{
        context::Scope,
        error::Result,
        input::{self, complete, optional, tenant_or_current},
        types::{access::TenantRole, member::Membership, tenant::Tenant, viewer::Viewer},
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

/// Somebody's wish to be in a tenant no longer.
#[derive(InputObject)]
pub struct LeaveTenantInput {
    /// Which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// You, without the tenant.
#[derive(SimpleObject)]
pub struct LeaveTenantPayload {
    /// The id of the tenant you left.
    left_tenant_id: ID,
    /// You, with the tenants that remain. After leaving the current one your token works in none:
    /// switch to another, or send `refreshToken`, which leads to your default tenant.
    viewer: Viewer,
}

/// Whose tenant it shall be.
#[derive(InputObject)]
pub struct TransferOwnershipInput {
    /// Which tenant; the current one when left out.
    tenant_id: Option<ID>,
    /// The member who becomes an owner in your place.
    user_id: ID,
    /// Your own name for this request, 1 to 255 visible ASCII characters, e.g. a UUID. For 24 hours
    /// a repeat with the same name gets the same answer and does nothing again.
    idempotency_key: Option<String>,
}

/// The ownership in other hands.
pub struct TransferOwnershipPayload {
    scope: Scope,
    tenant: TenantId,
    from: Membership,
    to: Membership,
}

/// The ownership in other hands.
#[Object]
impl TransferOwnershipPayload {
    /// The new owner's membership.
    async fn owner(&self) -> &Membership {
        &self.to
    }

    /// Your membership; you are an admin now.
    async fn membership(&self) -> &Membership {
        &self.from
    }

    /// The tenant, as you see it now.
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

    /// Ends your own membership; your access ends with your next request. Needs membership in the
    /// tenant; `NOT_FOUND` otherwise.
    ///
    /// `CONFLICT` with reason `LAST_OWNER` for the only owner: transfer the ownership first.
    async fn leave_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: LeaveTenantInput,
    ) -> Result<LeaveTenantPayload> {
        let scope = &Scope::anew(ctx);
        let user = scope.cx().identity().await?.user.clone();
        let mut fields = Fields::new();
        let LeaveTenantInput {
            tenant_id,
            idempotency_key,
        } = input;
        let tenant = fields.take("tenant_id", optional(tenant_id, |text| input::id(&text)));
        let key = fields.take("idempotency_key", input::key(idempotency_key));
        let (tenant, key) = complete(fields, tenant.zip(key))?;
        let Left { cx, tenant_id } = members::leave(scope.keyed(key).cx(), tenant).await?;
        Ok(LeaveTenantPayload {
            left_tenant_id: ID(tenant_id.to_string()),
            viewer: Viewer::new(Scope::new(cx), user),
        })
    }

    /// Makes another member an owner in your place; you become an admin. Both hold from the next
    /// request on, and the new owner gets a letter. Needs `TRANSFER_OWNERSHIP`.
    ///
    /// `CONFLICT` with reason `SELF_TRANSFER`, `ALREADY_OWNER`, or `ACCOUNT_DISABLED` for somebody
    /// who could not sign in. To have one more owner, use `changeMemberRole`.
    async fn transfer_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom.")] input: TransferOwnershipInput,
    ) -> Result<TransferOwnershipPayload> {
        let scope = &Scope::anew(ctx);
        scope.cx().identity().await?;
        let TransferOwnershipInput {
            tenant_id,
            user_id,
            idempotency_key,
        } = input;
        let (tenant, user, key) = member(tenant_id, &user_id, idempotency_key)?;
        let scope = &scope.keyed(key);
        let tenant = tenant_or_current(scope, tenant).await?;
        let Transferred { cx, from, to } =
            members::transfer_ownership(scope.cx(), tenant, user).await?;
        let scope = Scope::new(cx);
        Ok(TransferOwnershipPayload {
            from: Membership::of_member(&scope, from, None),
            to: Membership::of_member(&scope, to, None),
            scope,
            tenant,
        })
    }
}
