//! Rows of members. Those of invitations are in `invitation_store.rs`.

use std::collections::HashMap;

use entity::{
    ids::{TenantId, UserId},
    membership::{self, TenantRole},
    tenant, user,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, sea_query::Expr,
};

use super::{Member, MemberFilter};
use crate::{
    domain::{
        access::{PermittedTenants, SystemAccess, TenantAccess},
        db::{self, OnUnique, Ordered},
        page::{Cursor, Listing, Window},
    },
    error::{Error, Reason, Result},
};

fn of(tenant: TenantId) -> Select<membership::Entity> {
    membership::Entity::find().filter(membership::Column::TenantId.eq(tenant))
}

fn within(access: &TenantAccess) -> Select<membership::Entity> {
    of(access.tenant_id())
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
    let lists = tenants.ids().map(|tenant| matching(of(tenant), filter));
    let Some(chosen) = db::window_of_each(lists, &MEMBERS, window) else {
        return Ok(HashMap::new());
    };
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
