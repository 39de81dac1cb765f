//! Oddities that no door makes: legacy rows, ended subscriptions, crowds. Straight to the database.

use std::fmt::Write;

use chrono::Duration;
use entity::{
    audit_entry, event,
    ids::{MembershipId, PlanId, SubscriptionId, TenantId, UserId},
    invitation,
    membership::{self, TenantRole},
    notification, notification_preference, outbox_message, plan, provisioning_job, refresh_token,
    session, site,
    subscription::{self, BillingPeriod, SubscriptionStatus},
    tenant::{self, TenantStatus},
    user,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend,
    EntityTrait, PaginatorTrait, QueryFilter, Statement, sea_query::Expr,
};
use serde_json::json;

use super::TestApp;

/// After this a changed plan shows on every replica.
pub const PLANS_SHOWN_FOR: std::time::Duration = std::time::Duration::from_millis(500);

/// How many rows there are: what must not change when a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub users: u64,
    pub tenants: u64,
    pub memberships: u64,
    pub invitations: u64,
    pub subscriptions: u64,
    pub sessions: u64,
    pub refresh_tokens: u64,
    pub events: u64,
    pub outbox: u64,
    pub audit: u64,
    pub jobs: u64,
    pub sites: u64,
    pub notifications: u64,
    pub preferences: u64,
}

/// Counts the rows of every table that requests write to.
pub async fn counts(app: &TestApp) -> Counts {
    async fn count<E>(db: &impl ConnectionTrait) -> u64
    where
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        PaginatorTrait::count(E::find(), db).await.unwrap()
    }
    let db = &app.app.db;
    Counts {
        users: count::<user::Entity>(db).await,
        tenants: count::<tenant::Entity>(db).await,
        memberships: count::<membership::Entity>(db).await,
        invitations: count::<invitation::Entity>(db).await,
        subscriptions: count::<subscription::Entity>(db).await,
        sessions: count::<session::Entity>(db).await,
        refresh_tokens: count::<refresh_token::Entity>(db).await,
        events: count::<event::Entity>(db).await,
        outbox: count::<outbox_message::Entity>(db).await,
        audit: count::<audit_entry::Entity>(db).await,
        jobs: count::<provisioning_job::Entity>(db).await,
        sites: count::<site::Entity>(db).await,
        notifications: count::<notification::Entity>(db).await,
        preferences: count::<notification_preference::Entity>(db).await,
    }
}

/// The contents of all tables, as text: what must stay the same when a request is refused.
pub async fn contents(app: &TestApp) -> String {
    let db = &app.app.db;
    let backend = db.get_database_backend();
    let all = async |sql: String| {
        let rows = db
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let text = |row: &sea_orm::QueryResult| row.try_get_by_index::<String>(0).unwrap();
        rows.iter().map(text).collect::<Vec<_>>()
    };
    let (tables, each): (_, fn(&str, &str) -> String) = match backend {
        DbBackend::Postgres => (
            "SELECT table_name::text, '' FROM information_schema.tables \
             WHERE table_schema = 'public' ORDER BY 1",
            |table, _| format!("SELECT '{table}: ' || t::text FROM \"{table}\" t"),
        ),
        _ => (
            "SELECT m.name, group_concat('quote(\"' || c.name || '\")', ' || '','' || ') \
             FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' GROUP BY m.name ORDER BY 1",
            |table, columns| format!("SELECT '{table}: ' || {columns} FROM \"{table}\""),
        ),
    };
    let tables = db
        .query_all_raw(Statement::from_string(backend, tables))
        .await
        .unwrap();
    let selects = tables.iter().map(|row| {
        let column = |n| row.try_get_by_index::<String>(n).unwrap();
        each(&column(0), &column(1))
    });
    let sql = selects.collect::<Vec<_>>().join(" UNION ALL ");
    let mut rows = all(sql).await;
    rows.sort_unstable();
    rows.join("\n")
}

/// Everything that is stored where a secret could hide, as text.
pub async fn dump(app: &TestApp) -> String {
    let db = &app.app.db;
    let mut dump = String::new();
    let _ = write!(
        dump,
        "{:?}",
        invitation::Entity::find().all(db).await.unwrap()
    );
    let _ = write!(
        dump,
        "{:?}",
        outbox_message::Entity::find().all(db).await.unwrap()
    );
    let _ = write!(dump, "{:?}", event::Entity::find().all(db).await.unwrap());
    let _ = write!(
        dump,
        "{:?}",
        audit_entry::Entity::find().all(db).await.unwrap()
    );
    let _ = write!(
        dump,
        "{:?}",
        notification::Entity::find().all(db).await.unwrap()
    );
    let _ = write!(dump, "{:?}", session::Entity::find().all(db).await.unwrap());
    let _ = write!(
        dump,
        "{:?}",
        refresh_token::Entity::find().all(db).await.unwrap()
    );
    dump
}

/// The audit log, oldest first: action, actor and what it was done to.
pub async fn deeds(app: &TestApp) -> Vec<(String, String, String)> {
    let mut entries = audit_entry::Entity::find().all(&app.app.db).await.unwrap();
    entries.sort_by_key(|entry| entry.id);
    entries
        .into_iter()
        .map(|entry| (entry.action, entry.actor, entry.target_kind))
        .collect()
}

/// The event log: stream, kind and what it tells, in the order of each stream.
pub async fn events(app: &TestApp) -> Vec<(String, String, serde_json::Value)> {
    let mut events = event::Entity::find().all(&app.app.db).await.unwrap();
    events.sort_by_key(|event| (event.stream.clone(), event.seq));
    events
        .into_iter()
        .map(|event| (event.stream, event.kind, event.payload))
        .collect()
}

fn user_id(id: &str) -> UserId {
    id.parse().unwrap()
}

fn tenant_id(id: &str) -> TenantId {
    id.parse().unwrap()
}

/// Disables an account.
pub async fn deactivate(app: &TestApp, user: &str) {
    let change = user::ActiveModel {
        is_active: Set(false),
        ..existing(user_id(user))
    };
    change.update(&app.app.db).await.unwrap();
}

/// Deletes an account and whatever goes with it.
pub async fn delete_user(app: &TestApp, user: &str) {
    user::Entity::delete_by_id(user_id(user))
        .exec(&app.app.db)
        .await
        .unwrap();
}

/// Deletes a tenant and whatever goes with it.
pub async fn delete_tenant(app: &TestApp, tenant: &str) {
    tenant::Entity::delete_by_id(tenant_id(tenant))
        .exec(&app.app.db)
        .await
        .unwrap();
}

fn existing(id: UserId) -> user::ActiveModel {
    user::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(id),
        ..Default::default()
    }
}

/// An account as the legacy system left it: a bcrypt hash and no tenant.
pub async fn legacy_user(app: &TestApp, email: &str, password: &str, version: &str) -> UserId {
    let hash = bcrypt::hash_with_result(password, 4).unwrap();
    let version = match version {
        "2a" => bcrypt::Version::TwoA,
        "2b" => bcrypt::Version::TwoB,
        "2y" => bcrypt::Version::TwoY,
        other => panic!("no version {other} of bcrypt"),
    };
    let id = UserId(app.app.ids.next());
    plain_user(app, id, email, hash.format_for_version(version)).await;
    id
}

async fn plain_user(app: &TestApp, id: UserId, email: &str, password_hash: String) {
    let row = user::Model {
        id,
        email: email.to_owned(),
        email_normalized: email.to_lowercase(),
        email_verified_at: None,
        password_hash,
        full_name: "Legacy Person".to_owned(),
        search_text: format!("legacy person {}", email.to_lowercase()),
        is_active: true,
        is_superuser: false,
        created_at: app.app.clock.now(),
        updated_at: app.app.clock.now(),
    };
    user::Entity::insert(user::ActiveModel::from(row))
        .exec(&app.app.db)
        .await
        .unwrap();
}

/// The stored hash.
pub async fn password_hash(app: &TestApp, user: UserId) -> String {
    user::Entity::find_by_id(user)
        .one(&app.app.db)
        .await
        .unwrap()
        .unwrap()
        .password_hash
}

/// Replaces the stored hash.
pub async fn set_password_hash(app: &TestApp, user: UserId, hash: &str) {
    let change = user::ActiveModel {
        password_hash: Set(hash.to_owned()),
        ..existing(user)
    };
    change.update(&app.app.db).await.unwrap();
}

/// The roles of everybody in a tenant.
pub async fn roles(app: &TestApp, tenant: &str) -> Vec<String> {
    let places = membership::Entity::find()
        .filter(membership::Column::TenantId.eq(tenant_id(tenant)))
        .all(&app.app.db);
    let places = places.await.unwrap();
    places.iter().map(|place| place.role.to_value()).collect()
}

/// Makes somebody an operator.
pub async fn make_superuser(app: &TestApp, user: &str) {
    let change = user::ActiveModel {
        is_superuser: Set(true),
        ..existing(user_id(user))
    };
    change.update(&app.app.db).await.unwrap();
}

/// Puts somebody into so many more tenants, each with a subscription.
pub async fn more_tenants(app: &TestApp, user: &str, how_many: i64) {
    let now = app.app.clock.now();
    let plan = plan_by_slug(app, "trial").await.id;
    let (mut tenants, mut places, mut paid) = (Vec::new(), Vec::new(), Vec::new());
    for n in 1..=how_many {
        let id = TenantId(app.app.ids.next());
        let at = now + Duration::seconds(n);
        tenants.push(tenant::ActiveModel::from(tenant::Model {
            id,
            name: format!("More {n}"),
            slug: format!("more-{n}-{}", app.next_number()),
            status: TenantStatus::Active,
            erpnext_site_url: None,
            settings: json!({}),
            search_text: format!("more {n}"),
            created_at: at,
            updated_at: at,
        }));
        places.push(place(app, user_id(user), id, TenantRole::Member, at));
        paid.push(subscription::ActiveModel::from(subscription::Model {
            id: SubscriptionId(app.app.ids.next()),
            tenant_id: id,
            plan_id: plan,
            status: SubscriptionStatus::Active,
            billing_period: BillingPeriod::Monthly,
            trial_ends_at: None,
            current_period_start: now,
            current_period_end: now + Duration::days(30),
            cancel_at_period_end: false,
            cancelled_at: None,
            cancel_reason: None,
            payment_provider: None,
            external_subscription_id: None,
            external_customer_id: None,
            created_at: now,
            updated_at: now,
        }));
    }
    let db = &app.app.db;
    tenant::Entity::insert_many(tenants)
        .exec_without_returning(db)
        .await
        .unwrap();
    membership::Entity::insert_many(places)
        .exec_without_returning(db)
        .await
        .unwrap();
    subscription::Entity::insert_many(paid)
        .exec_without_returning(db)
        .await
        .unwrap();
}

/// Makes somebody an owner of every tenant they are in.
pub async fn make_owner_everywhere(app: &TestApp, user: &str) {
    let change = membership::Entity::update_many()
        .col_expr(
            membership::Column::Role,
            Expr::value(TenantRole::Owner.to_value()),
        )
        .filter(membership::Column::UserId.eq(user_id(user)));
    change.exec(&app.app.db).await.unwrap();
}

fn place(
    app: &TestApp,
    user: UserId,
    tenant: TenantId,
    role: TenantRole,
    at: entity::Timestamp,
) -> membership::ActiveModel {
    membership::ActiveModel::from(membership::Model {
        id: MembershipId(app.app.ids.next()),
        user_id: user,
        tenant_id: tenant,
        role,
        is_default: false,
        joined_at: at,
    })
}

/// Puts so many more people into a tenant: `person0@many.example.com` and so on.
pub async fn more_members(app: &TestApp, tenant: &str, how_many: usize) {
    let now = app.app.clock.now();
    let mut places = Vec::new();
    for n in 0..how_many {
        let id = UserId(app.app.ids.next());
        plain_user(
            app,
            id,
            &format!("person{n}@many.example.com"),
            "$2b$nobody".into(),
        )
        .await;
        places.push(place(app, id, tenant_id(tenant), TenantRole::Member, now));
    }
    membership::Entity::insert_many(places)
        .exec_without_returning(&app.app.db)
        .await
        .unwrap();
}

/// The plan with this slug.
pub async fn plan_by_slug(app: &TestApp, slug: &str) -> plan::Model {
    let plan = plan::Entity::find().filter(plan::Column::Slug.eq(slug));
    plan.one(&app.app.db)
        .await
        .unwrap()
        .expect("the plan is seeded")
}

async fn change_plan(app: &TestApp, slug: &str, change: impl FnOnce(&mut plan::ActiveModel)) {
    let id: PlanId = plan_by_slug(app, slug).await.id;
    let mut row = plan::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(id),
        ..Default::default()
    };
    change(&mut row);
    row.update(&app.app.db).await.unwrap();
    // For so long a process may show what it has read before.
    app.advance(PLANS_SHOWN_FOR);
}

/// Takes a plan off the price list.
pub async fn retire_plan(app: &TestApp, slug: &str) {
    change_plan(app, slug, |plan| plan.is_active = Set(false)).await;
}

/// Gives a plan room for everybody.
pub async fn unlimited(app: &TestApp, slug: &str) {
    change_plan(app, slug, |plan| plan.max_users = Set(None)).await;
}

/// Gives a plan another monthly price.
pub async fn price_plan(app: &TestApp, slug: &str, minor_units: i64, currency: &str) {
    change_plan(app, slug, |plan| {
        plan.price_monthly = Set(minor_units);
        plan.currency = Set(currency.to_owned());
    })
    .await;
}

/// Withholds access to a tenant.
pub async fn suspend(app: &TestApp, tenant: &str) {
    let change = tenant::Entity::update_many()
        .col_expr(
            tenant::Column::Status,
            Expr::value(TenantStatus::Suspended.to_value()),
        )
        .filter(tenant::Column::Id.eq(tenant_id(tenant)));
    assert_eq!(change.exec(&app.app.db).await.unwrap().rows_affected, 1);
}

/// Removes a tenant's subscription altogether.
pub async fn drop_subscription(app: &TestApp, tenant: &str) {
    let rows = subscription::Entity::delete_many()
        .filter(subscription::Column::TenantId.eq(tenant_id(tenant)));
    assert_eq!(rows.exec(&app.app.db).await.unwrap().rows_affected, 1);
}

/// Sets the stored state of a tenant's subscription.
pub async fn set_subscription_status(app: &TestApp, tenant: &str, status: &str) {
    let status = SubscriptionStatus::try_from_value(&status.to_owned()).unwrap();
    let change = subscription::Entity::update_many()
        .col_expr(subscription::Column::Status, Expr::value(status.to_value()))
        .filter(subscription::Column::TenantId.eq(tenant_id(tenant)));
    assert_eq!(change.exec(&app.app.db).await.unwrap().rows_affected, 1);
}

/// Loses everything that was on its way to a worker.
pub async fn forget_outbox(app: &TestApp) {
    outbox_message::Entity::delete_many()
        .exec(&app.app.db)
        .await
        .unwrap();
}
