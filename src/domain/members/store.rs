//! Rows of members and invitations.

use std::collections::HashMap;

use entity::{
    ids::{InvitationId, TenantId, UserId},
    invitation::{self, InvitationStatus},
    membership::{self, TenantRole},
    tenant, user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, sea_query::Expr,
};

use super::{InvitationFilter, Member, MemberFilter};
use crate::{
    domain::{
        access::{PermittedTenants, SystemAccess, TenantAccess},
        db::{self, OnUnique, Ordered},
        page::{Cursor, Listing, Window},
    },
    error::{Error, Reason, Result},
};

fn within(access: &TenantAccess) -> Select<membership::Entity> {
    membership::Entity::find().filter(membership::Column::TenantId.eq(access.tenant_id()))
}

fn within_any(tenants: &PermittedTenants) -> Select<membership::Entity> {
    membership::Entity::find().filter(membership::Column::TenantId.is_in(tenants.ids()))
}

fn matching(
    places: Select<membership::Entity>,
    filter: &MemberFilter,
) -> Select<membership::Entity> {
    let MemberFilter { role, search } = filter;
    places
        .apply_if(*role, |query, role| {
            query.filter(membership::Column::Role.eq(role))
        })
        .apply_if(search.as_ref(), |query, term| {
            let people = user::Entity::find()
                .select_only()
                .column(user::Column::Id)
                .filter(db::contains(user::Column::SearchText, term));
            query.filter(membership::Column::UserId.in_subquery(people.into_query()))
        })
}

fn member((membership, user): (membership::Model, Option<user::Model>)) -> Result<Member> {
    let user = user.ok_or_else(|| Error::internal("a membership without its user"))?;
    Ok(Member { user, membership })
}

const MEMBERS: Ordered<membership::Column, membership::Column> = Ordered {
    at: membership::Column::JoinedAt,
    id: membership::Column::Id,
    newest_first: true,
};

fn member_place(member: &Member) -> Cursor {
    Cursor {
        at: member.membership.joined_at,
        id: member.membership.id.0,
    }
}

/// The members that match, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &MemberFilter,
    window: &Window,
) -> Result<Listing<Member>> {
    let people = matching(within(access), filter).find_also_related(user::Entity);
    let rows = db::window(people, &MEMBERS, window).all(db).await?;
    let members = rows.into_iter().map(member).collect::<Result<Vec<_>>>()?;
    Ok(db::listing(members, window, member_place))
}

/// The same window of the members of each of these tenants, in one statement.
pub async fn list_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &MemberFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<Member>>> {
    let chosen = db::window_of_each(
        matching(within_any(tenants), filter),
        membership::Column::TenantId,
        &MEMBERS,
        window,
    );
    let people = membership::Entity::find()
        .filter(membership::Column::Id.in_subquery(chosen))
        .find_also_related(user::Entity);
    let rows = MEMBERS.sort(people, window).all(db).await?;
    let members = rows.into_iter().map(member).collect::<Result<Vec<_>>>()?;
    Ok(db::listings(
        members,
        window,
        |member| member.membership.tenant_id,
        member_place,
    ))
}

/// How many members match.
pub async fn count(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &MemberFilter,
) -> Result<u64> {
    Ok(matching(within(access), filter).count(db).await?)
}

/// How many members of each of these tenants match.
pub async fn count_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &MemberFilter,
) -> Result<HashMap<TenantId, u64>> {
    db::count_each(
        db,
        matching(within_any(tenants), filter),
        membership::Column::TenantId,
    )
    .await
}

/// One member.
pub async fn member_by_id(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    user: UserId,
) -> Result<Option<Member>> {
    let found = within(access)
        .filter(membership::Column::UserId.eq(user))
        .find_also_related(user::Entity)
        .one(db)
        .await?;
    found.map(member).transpose()
}

/// Whether somebody is in the tenant.
pub async fn is_member(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    user: UserId,
) -> Result<bool> {
    let found = within(access).filter(membership::Column::UserId.eq(user));
    Ok(found.count(db).await? > 0)
}

/// How many owners the tenant has.
pub async fn count_owners(db: &impl ConnectionTrait, access: &TenantAccess) -> Result<u64> {
    let owners = within(access).filter(membership::Column::Role.eq(TenantRole::Owner));
    Ok(owners.count(db).await?)
}

/// How many seats are taken in the tenant whose row is locked.
pub async fn count_seats(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64> {
    let all = membership::Entity::find().filter(membership::Column::TenantId.eq(tenant));
    Ok(all.count(db).await?)
}

/// Whether somebody has a default tenant; the account's row is locked.
pub async fn has_default(db: &impl ConnectionTrait, user: UserId) -> Result<bool> {
    let found = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::IsDefault.eq(true));
    Ok(found.count(db).await? > 0)
}

/// Adds a member; somebody who is in already is a conflict.
pub async fn insert_member(db: &impl ConnectionTrait, row: membership::Model) -> Result<()> {
    db::insert::<membership::Entity>(db, row)
        .await
        .on_unique(|| Error::Conflict(Reason::AlreadyMember))
}

/// Changes a role.
pub async fn set_role(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    user: UserId,
    role: TenantRole,
) -> Result<()> {
    membership::Entity::update_many()
        .set(membership::ActiveModel {
            role: sea_orm::ActiveValue::Set(role),
            ..Default::default()
        })
        .filter(membership::Column::TenantId.eq(access.tenant_id()))
        .filter(membership::Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes somebody out.
pub async fn delete_member(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    user: UserId,
) -> Result<()> {
    membership::Entity::delete_many()
        .filter(membership::Column::TenantId.eq(access.tenant_id()))
        .filter(membership::Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Makes somebody's oldest place their default one; the account's row is locked.
pub async fn make_oldest_default(db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    let oldest = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .order_by_asc(membership::Column::JoinedAt)
        .order_by_asc(membership::Column::Id)
        .one(db)
        .await?;
    if let Some(oldest) = oldest {
        membership::Entity::update_many()
            .col_expr(membership::Column::IsDefault, Expr::value(true))
            .filter(membership::Column::Id.eq(oldest.id))
            .exec(db)
            .await?;
    }
    Ok(())
}

fn invited(access: &TenantAccess) -> Select<invitation::Entity> {
    invitation::Entity::find().filter(invitation::Column::TenantId.eq(access.tenant_id()))
}

fn invited_by_any(tenants: &PermittedTenants) -> Select<invitation::Entity> {
    invitation::Entity::find().filter(invitation::Column::TenantId.is_in(tenants.ids()))
}

fn invited_as(
    all: Select<invitation::Entity>,
    filter: &InvitationFilter,
) -> Select<invitation::Entity> {
    let InvitationFilter { status } = filter;
    all.apply_if(*status, |query, status| {
        query.filter(invitation::Column::Status.eq(status))
    })
}

const INVITATIONS: Ordered<invitation::Column, invitation::Column> = Ordered {
    at: invitation::Column::CreatedAt,
    id: invitation::Column::Id,
    newest_first: true,
};

fn invitation_place(row: &invitation::Model) -> Cursor {
    Cursor {
        at: row.created_at,
        id: row.id.0,
    }
}

/// The invitations that match, newest first.
pub async fn invitations(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &InvitationFilter,
    window: &Window,
) -> Result<Listing<invitation::Model>> {
    let query = invited_as(invited(access), filter);
    let rows = db::window(query, &INVITATIONS, window).all(db).await?;
    Ok(db::listing(rows, window, invitation_place))
}

/// The same window of the invitations of each of these tenants, in one statement.
pub async fn invitations_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &InvitationFilter,
    window: &Window,
) -> Result<HashMap<TenantId, Listing<invitation::Model>>> {
    let chosen = db::window_of_each(
        invited_as(invited_by_any(tenants), filter),
        invitation::Column::TenantId,
        &INVITATIONS,
        window,
    );
    let query = invitation::Entity::find().filter(invitation::Column::Id.in_subquery(chosen));
    let rows = INVITATIONS.sort(query, window).all(db).await?;
    Ok(db::listings(
        rows,
        window,
        |row| row.tenant_id,
        invitation_place,
    ))
}

/// How many invitations match.
pub async fn count_invitations(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    filter: &InvitationFilter,
) -> Result<u64> {
    Ok(invited_as(invited(access), filter).count(db).await?)
}

/// How many invitations of each of these tenants match.
pub async fn count_invitations_each(
    db: &impl ConnectionTrait,
    tenants: &PermittedTenants,
    filter: &InvitationFilter,
) -> Result<HashMap<TenantId, u64>> {
    db::count_each(
        db,
        invited_as(invited_by_any(tenants), filter),
        invitation::Column::TenantId,
    )
    .await
}

/// One invitation of the tenant.
pub async fn invitation(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    id: InvitationId,
) -> Result<Option<invitation::Model>> {
    Ok(invited(access)
        .filter(invitation::Column::Id.eq(id))
        .one(db)
        .await?)
}

/// The invitation whose valid link has this token. Knowing the token is the permission.
pub async fn invitation_by_token(
    db: &impl ConnectionTrait,
    token_hash: &[u8],
) -> Result<Option<invitation::Model>> {
    let found = invitation::Entity::find().filter(invitation::Column::TokenHash.eq(token_hash));
    Ok(found.one(db).await?)
}

/// The pending invitation of an address to the tenant whose row is locked.
pub async fn pending_invitation(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    normalized: &str,
) -> Result<Option<invitation::Model>> {
    let found = invitation::Entity::find()
        .filter(invitation::Column::TenantId.eq(tenant))
        .filter(invitation::Column::EmailNormalized.eq(normalized))
        .filter(invitation::Column::Status.eq(InvitationStatus::Pending));
    Ok(found.one(db).await?)
}

/// Adds an invitation.
pub async fn insert_invitation(db: &impl ConnectionTrait, row: invitation::Model) -> Result<()> {
    Ok(db::insert::<invitation::Entity>(db, row).await?)
}

/// Writes a changed invitation.
pub async fn update_invitation(db: &impl ConnectionTrait, row: &invitation::Model) -> Result<()> {
    row.clone()
        .into_active_model()
        .reset_all()
        .update(db)
        .await?;
    Ok(())
}

/// An invitation with its tenant, for whoever writes the letter.
pub async fn invitation_to_send(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: InvitationId,
) -> Result<Option<(invitation::Model, tenant::Model)>> {
    let found = invitation::Entity::find_by_id(id)
        .find_also_related(tenant::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(invitation, tenant)| Some((invitation, tenant?))))
}

/// A member with their tenant, for whoever writes the letter.
pub async fn member_to_tell(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<(Member, tenant::Model)>> {
    let found = membership::Entity::find()
        .filter(membership::Column::TenantId.eq(tenant))
        .filter(membership::Column::UserId.eq(user))
        .find_also_related(user::Entity)
        .find_also(membership::Entity, tenant::Entity)
        .one(db)
        .await?;
    Ok(found.and_then(|(membership, user, tenant)| {
        let user = user?;
        Some((Member { user, membership }, tenant?))
    }))
}
