//! Rows of tenants and of the caller's places in them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    ids::{TenantId, UserId},
    membership::{self, TenantRole},
    tenant,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationTrait, Select,
    sea_query::{Expr, OnConflict},
};

use super::{TenantFilter, TenantMembership};
use crate::{
    domain::{
        access::TenantAccess,
        db::{self, Ordered},
        page::{Cursor, Keyset, Listing, MAX_SIZE, Window},
        rows,
    },
    error::{Error, Result, Subject},
};

/// Somebody's place in a tenant; the question that proofs of access are made of.
pub async fn membership(
    db: &impl ConnectionTrait,
    user: UserId,
    tenant: TenantId,
) -> Result<Option<membership::Model>> {
    let found = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::TenantId.eq(tenant));
    Ok(found.one(db).await?)
}

/// All roles somebody has.
pub async fn roles(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<HashMap<TenantId, TenantRole>> {
    let rows: Vec<(TenantId, TenantRole)> = membership::Entity::find()
        .select_only()
        .columns([membership::Column::TenantId, membership::Column::Role])
        .filter(membership::Column::UserId.eq(user))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Takes the tenant's row lock. The proof of access is asked for again under it.
pub async fn lock(db: &impl ConnectionTrait, id: TenantId) -> Result<tenant::Model> {
    let row = tenant::Entity::find_by_id(id).lock(db::ROW).one(db).await?;
    row.ok_or(Error::NotFound(Subject::Tenant))
}

/// The tenant one has access to.
pub async fn tenant(db: &impl ConnectionTrait, access: &TenantAccess) -> Result<tenant::Model> {
    let row = tenant::Entity::find_by_id(access.tenant_id())
        .one(db)
        .await?;
    row.ok_or(Error::NotFound(Subject::Tenant))
}

/// Those of the slugs that are in use.
pub async fn taken_slugs(db: &impl ConnectionTrait, slugs: &[String]) -> Result<HashSet<String>> {
    let rows: Vec<String> = tenant::Entity::find()
        .select_only()
        .column(tenant::Column::Slug)
        .filter(tenant::Column::Slug.is_in(slugs))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Adds a tenant and its founder; `false`, and nothing added, when the slug is taken.
pub async fn insert(
    db: &impl ConnectionTrait,
    tenant: tenant::Model,
    founder: membership::Model,
) -> Result<bool> {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    let added = tenant::Entity::insert_many([tenant.into_active_model().reset_all()])
        .on_conflict(
            OnConflict::column(tenant::Column::Slug)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    if added == 0 {
        return Ok(false);
    }
    db::insert::<membership::Entity>(db, founder).await?;
    Ok(true)
}

/// Writes the changed name and settings.
pub async fn update(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
    changed: &tenant::Model,
) -> Result<()> {
    use tenant::Column;
    tenant::Entity::update_many()
        .col_expr(Column::Name, Expr::value(changed.name.clone()))
        .col_expr(Column::SearchText, Expr::value(changed.search_text.clone()))
        .col_expr(Column::Settings, Expr::value(changed.settings.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(changed.updated_at))
        .filter(Column::Id.eq(access.tenant_id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Makes a tenant its member's default one; the account's row must be locked.
pub async fn make_default(
    db: &impl ConnectionTrait,
    access: &TenantAccess,
) -> Result<TenantMembership> {
    let default = |value: bool, only: bool| {
        let own = membership::Entity::update_many()
            .col_expr(membership::Column::IsDefault, Expr::value(value))
            .filter(membership::Column::UserId.eq(access.user_id()));
        if only {
            own.filter(membership::Column::TenantId.eq(access.tenant_id()))
        } else {
            own
        }
    };
    // Cleared first: at no moment may there be two.
    default(false, false).exec(db).await?;
    default(true, true).exec(db).await?;
    let own = own(access.user_id()).filter(membership::Column::TenantId.eq(access.tenant_id()));
    let found = rows::one(db, own).await?.map(place);
    found.ok_or(Error::NotFound(Subject::Tenant))
}

/// All of somebody's places with their tenants, oldest first.
pub async fn memberships_of(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<TenantMembership>> {
    Ok(memberships(db, user, &Window::All).await?.into_nodes())
}

/// Somebody's places with their tenants, oldest first.
pub async fn memberships(
    db: &impl ConnectionTrait,
    user: UserId,
    window: &Window,
) -> Result<Listing<TenantMembership>> {
    let rows = rows::all(db, db::window(own(user), &PLACES, window)).await?;
    let places = rows.into_iter().map(place).collect();
    Ok(db::listing(places, window, standing))
}

/// The order of places.
const PLACES: Ordered<membership::Column, membership::Column> = Ordered {
    at: membership::Column::JoinedAt,
    id: membership::Column::Id,
    newest_first: false,
};

fn standing(place: &TenantMembership) -> Cursor {
    Cursor {
        at: place.membership.joined_at,
        id: place.membership.id.0,
    }
}

/// The longest first page of each of these people's places, oldest first; nothing for those who have
/// none.
pub async fn first_places(
    db: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<HashMap<UserId, Arc<Listing<Arc<TenantMembership>>>>> {
    let most = (MAX_SIZE + 1) * users.len() as u64;
    let query = membership::Entity::find()
        .join(JoinType::InnerJoin, membership::Relation::Tenant.def())
        .filter(membership::Column::UserId.is_in(rows::padded(users)));
    let query = PLACES.sort(query, &Window::All).limit(most);
    let rows: Vec<_> = rows::all(db, query).await?;
    if rows.len() as u64 == most && users.len() > 1 {
        // Somebody has so many that they may have taken the room of others.
        let alone = users
            .iter()
            .map(|user| first_places(db, std::slice::from_ref(user)));
        let each = futures::future::try_join_all(alone.map(Box::pin)).await?;
        return Ok(each.into_iter().flatten().collect());
    }
    let window = Window::Keyset(Keyset::longest());
    let places = rows.into_iter().map(place).map(Arc::new).collect();
    let user = |place: &Arc<TenantMembership>| place.membership.user_id;
    let listings = db::listings(places, &window, user, |place| standing(place));
    Ok(listings
        .into_iter()
        .map(|(user, places)| (user, Arc::new(places)))
        .collect())
}

/// Somebody's tenants that match, newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    user: UserId,
    filter: &TenantFilter,
    window: &Window,
) -> Result<Listing<TenantMembership>> {
    let order = Ordered {
        at: tenant::Column::CreatedAt,
        id: tenant::Column::Id,
        newest_first: true,
    };
    let matching = matching(own(user), filter);
    let rows = rows::all(db, db::window(matching, &order, window)).await?;
    let places = rows.into_iter().map(place).collect();
    Ok(db::listing(places, window, |place| Cursor {
        at: place.tenant.created_at,
        id: place.tenant.id.0,
    }))
}

/// Somebody's places in these tenants, where they have one.
pub async fn among(
    db: &impl ConnectionTrait,
    user: UserId,
    tenants: &[TenantId],
) -> Result<HashMap<TenantId, TenantMembership>> {
    let these = own(user).filter(membership::Column::TenantId.is_in(rows::padded(tenants)));
    let found = rows::all(db, these).await?.into_iter().map(place);
    Ok(found.map(|place| (place.tenant.id, place)).collect())
}

/// How many of somebody's tenants match.
pub async fn count(db: &impl ConnectionTrait, user: UserId, filter: &TenantFilter) -> Result<u64> {
    rows::count(db, matching(own(user), filter)).await
}

/// Somebody's places, joined with their tenants.
fn own(user: UserId) -> Select<membership::Entity> {
    membership::Entity::find()
        .join(JoinType::InnerJoin, membership::Relation::Tenant.def())
        .filter(membership::Column::UserId.eq(user))
}

fn matching(
    query: Select<membership::Entity>,
    filter: &TenantFilter,
) -> Select<membership::Entity> {
    let TenantFilter {
        search,
        role,
        status,
    } = filter;
    query
        .apply_if(search.as_ref(), |query, term| {
            query.filter(db::contains(tenant::Column::SearchText, term))
        })
        .apply_if(*role, |query, role| {
            query.filter(membership::Column::Role.eq(role))
        })
        .apply_if(*status, |query, status| {
            query.filter(tenant::Column::Status.eq(status))
        })
}

fn place((membership, tenant): (membership::Model, tenant::Model)) -> TenantMembership {
    TenantMembership { tenant, membership }
}
