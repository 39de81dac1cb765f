//! Rows of accounts, as an operator sees and changes them.

use entity::{
    ids::UserId,
    membership::{self, TenantRole},
    tenant, user,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, sea_query::Expr,
};

use super::Filter;
use crate::{
    domain::{access::SystemAccess, db},
    error::Result,
};

/// Takes the row locks of an account and of every superuser who can sign in, in the order of their
/// ids.
pub async fn hold_with_superusers(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: UserId,
) -> Result<Vec<user::Model>> {
    let rules = Condition::all()
        .add(user::Column::IsSuperuser.eq(true))
        .add(user::Column::IsActive.eq(true));
    let held = user::Entity::find()
        .filter(Condition::any().add(user::Column::Id.eq(id)).add(rules))
        .order_by_asc(user::Column::Id)
        .lock(db::ROW);
    Ok(held.all(db).await?)
}

/// Writes what an operator may change about an account, whose row is locked.
pub async fn update(db: &impl ConnectionTrait, _: SystemAccess, user: &user::Model) -> Result<()> {
    user::Entity::update_many()
        .col_expr(user::Column::IsActive, Expr::value(user.is_active))
        .col_expr(user::Column::IsSuperuser, Expr::value(user.is_superuser))
        .col_expr(
            user::Column::PasswordHash,
            Expr::value(user.password_hash.as_str()),
        )
        .col_expr(user::Column::UpdatedAt, Expr::value(user.updated_at))
        .filter(user::Column::Id.eq(user.id))
        .exec(db)
        .await?;
    Ok(())
}

/// The companies that somebody owns and nobody else who can sign in, by name.
pub async fn owned_alone(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    id: UserId,
) -> Result<Vec<tenant::Model>> {
    let owners = || {
        let owners = membership::Entity::find().select_only();
        let owners = owners.column(membership::Column::TenantId);
        owners.filter(membership::Column::Role.eq(TenantRole::Owner))
    };
    let own = owners().filter(membership::Column::UserId.eq(id));
    let shared = owners()
        .join(JoinType::InnerJoin, membership::Relation::User.def())
        .filter(membership::Column::UserId.ne(id))
        .filter(user::Column::IsActive.eq(true));
    let alone = tenant::Entity::find()
        .filter(tenant::Column::Id.in_subquery(own.into_query()))
        .filter(tenant::Column::Id.not_in_subquery(shared.into_query()))
        .order_by_asc(tenant::Column::Name)
        .order_by_asc(tenant::Column::Id);
    Ok(alone.all(db).await?)
}

/// The newest accounts that match, so many at most.
pub async fn list(
    db: &impl ConnectionTrait,
    _: SystemAccess,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<user::Model>> {
    let Filter {
        search,
        superusers,
        disabled,
    } = filter;
    let found = user::Entity::find()
        .apply_if(search.as_ref(), |query, term| {
            query.filter(db::contains(user::Column::SearchText, term))
        })
        .apply_if(superusers.then_some(true), |query, wanted| {
            query.filter(user::Column::IsSuperuser.eq(wanted))
        })
        .apply_if(disabled.then_some(false), |query, wanted| {
            query.filter(user::Column::IsActive.eq(wanted))
        })
        .order_by_desc(user::Column::CreatedAt)
        .order_by_desc(user::Column::Id)
        .limit(u64::try_from(limit).unwrap_or(u64::MAX));
    Ok(found.all(db).await?)
}
