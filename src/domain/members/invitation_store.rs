//! Rows of invitations.

use std::collections::HashMap;

use entity::{
    ids::{InvitationId, TenantId},
    invitation::{self, InvitationStatus},
    tenant,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryTrait, Select,
};

use super::InvitationFilter;
use crate::{
    domain::{
        access::{PermittedTenants, SystemAccess, TenantAccess},
        db::{self, Ordered},
        page::{Cursor, Listing, Window},
    },
    error::Result,
};

fn of(tenant: TenantId) -> Select<invitation::Entity> {
    invitation::Entity::find().filter(invitation::Column::TenantId.eq(tenant))
}

fn invited(access: &TenantAccess) -> Select<invitation::Entity> {
    of(access.tenant_id())
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
    let lists = tenants.ids().map(|tenant| invited_as(of(tenant), filter));
    let Some(chosen) = db::window_of_each(lists, &INVITATIONS, window) else {
        return Ok(HashMap::new());
    };
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
