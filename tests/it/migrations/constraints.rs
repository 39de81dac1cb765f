//! What the database itself refuses.

use chrono::Duration;
use entity::{
    ids::{TenantId, UserId},
    invitation::{self, InvitationStatus},
    membership, notification, notification_preference, plan, refresh_token, session, subscription,
    tenant, user,
};
use sea_orm::{DbErr, EntityTrait, SqlErr};
use uuid::Uuid;

use super::rows::Rows;
use crate::support::storage::Storage;

#[track_caller]
pub(super) fn taken(result: Result<(), DbErr>) {
    let error = result.expect_err("a second such row was accepted");
    let kind = error.sql_err();
    let unique = matches!(kind, Some(SqlErr::UniqueConstraintViolation(_)));
    assert!(unique, "{error}");
}

#[track_caller]
pub(super) fn orphan(result: Result<(), DbErr>) {
    let error = result.expect_err("a row that refers to nothing was accepted");
    // SQLite reports a restricted deletion under another number than a dangling reference.
    let text = error.to_string().to_lowercase();
    assert!(text.contains("foreign key constraint"), "{error}");
}

#[track_caller]
pub(super) fn unfit(result: Result<(), DbErr>, constraint: &str) {
    let error = result.expect_err(constraint).to_string();
    let named = error.contains(constraint);
    assert!(named, "{error} does not name {constraint}");
}

/// Runs against a database with one good row in every table.
pub(super) async fn with_rows(test: impl AsyncFnOnce(&Rows)) {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::seeded(dir.path()).await;
    let rows = Rows::new(&storage).await;
    test(&rows).await;
    rows.db.close().await.unwrap();
    storage.remove().await;
}

#[tokio::test]
async fn what_is_unique_stays_unique() {
    with_rows(async |rows| {
        taken(rows.user(|_| {}).await);
        taken(rows.tenant(|_| {}).await);
        taken(rows.plan(|_| {}).await);
        taken(rows.subscription(|_| {}).await);
        taken(rows.event(|_| {}).await);
        taken(rows.preference(|_| {}).await);
        // In a tenant once, whichever role and default.
        taken(rows.membership(|row| row.is_default = false).await);
    })
    .await;
}

#[tokio::test]
async fn a_person_has_one_default_tenant() {
    with_rows(async |rows| {
        let other = TenantId(Uuid::from_u128(7));
        let add = |row: &mut tenant::Model| (row.id, row.slug) = (other, "other".into());
        rows.tenant(add).await.unwrap();
        taken(rows.membership(|row| row.tenant_id = other).await);
        let beside = |row: &mut membership::Model| (row.tenant_id, row.is_default) = (other, false);
        rows.membership(beside).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_address_has_one_pending_invitation_to_a_tenant() {
    with_rows(async |rows| {
        taken(rows.invitation(|row| row.token_hash = vec![2; 32]).await);
        let closed = |row: &mut invitation::Model| {
            (row.token_hash, row.status) = (vec![2; 32], InvitationStatus::Revoked);
        };
        rows.invitation(closed).await.unwrap();
        // No two links are the same, not even of closed ones.
        taken(rows.invitation(closed).await);
    })
    .await;
}

#[tokio::test]
async fn a_session_has_one_live_refresh_token() {
    with_rows(async |rows| {
        taken(rows.refresh(|_| {}).await);
        rows.refresh(|row| row.rotated_at = Some(row.issued_at))
            .await
            .unwrap();
        rows.refresh(|row| row.rotated_at = Some(row.issued_at))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn rows_refer_to_rows_that_exist() {
    with_rows(async |rows| {
        let (nobody, nowhere) = (UserId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        orphan(
            rows.membership(|row| (row.user_id, row.is_default) = (nobody, false))
                .await,
        );
        orphan(
            rows.membership(|row| (row.tenant_id, row.is_default) = (nowhere, false))
                .await,
        );
        orphan(
            rows.invitation(|row| (row.tenant_id, row.token_hash) = (nowhere, vec![3; 32]))
                .await,
        );
        let invited_by_nobody = |row: &mut invitation::Model| {
            (row.invited_by, row.token_hash) = (Some(nobody), vec![3; 32]);
            row.email_normalized = "other@example.com".into();
        };
        orphan(rows.invitation(invited_by_nobody).await);
        orphan(rows.subscription(|row| row.tenant_id = nowhere).await);
        orphan(rows.session(|row| row.user_id = nobody).await);
        orphan(rows.notification(|row| row.user_id = nobody).await);
        orphan(rows.notification(|row| row.tenant_id = Some(nowhere)).await);
        orphan(rows.preference(|row| row.user_id = nobody).await);
        orphan(
            rows.refresh(|row| row.session_id = Uuid::from_u128(3).into())
                .await,
        );
    })
    .await;
}

#[tokio::test]
async fn deleting_takes_along_what_is_ones_own_and_nothing_else() {
    with_rows(async |rows| {
        let db = &rows.db;
        // A plan that somebody is subscribed to stays.
        let plan = plan::Entity::delete_by_id(rows.plan.id).exec(db).await;
        orphan(plan.map(drop));
        tenant::Entity::delete_by_id(rows.tenant.id)
            .exec(db)
            .await
            .unwrap();
        assert_eq!(membership::Entity::find().all(db).await.unwrap(), []);
        assert_eq!(invitation::Entity::find().all(db).await.unwrap(), []);
        assert_eq!(subscription::Entity::find().all(db).await.unwrap(), []);
        let [session] = session::Entity::find()
            .all(db)
            .await
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(session.tenant_id, None);
        let [told] = notification::Entity::find()
            .all(db)
            .await
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(told.tenant_id, None);
        user::Entity::delete_by_id(rows.user.id)
            .exec(db)
            .await
            .unwrap();
        assert_eq!(session::Entity::find().all(db).await.unwrap(), []);
        assert_eq!(refresh_token::Entity::find().all(db).await.unwrap(), []);
        assert_eq!(notification::Entity::find().all(db).await.unwrap(), []);
        let choices = notification_preference::Entity::find().all(db).await;
        assert_eq!(choices.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn people_and_tenants_keep_to_their_bounds() {
    with_rows(async |rows| {
        unfit(
            rows.user(|row| row.email.clear()).await,
            "users_email_length",
        );
        unfit(
            rows.user(|row| row.email = "x".repeat(321)).await,
            "users_email_length",
        );
        unfit(
            rows.user(|row| row.password_hash.clear()).await,
            "users_password_hash_not_empty",
        );
        unfit(
            rows.user(|row| row.full_name.clear()).await,
            "users_full_name_length",
        );
        unfit(
            rows.tenant(|row| row.name.clear()).await,
            "tenants_name_length",
        );
        unfit(
            rows.tenant(|row| row.slug.clear()).await,
            "tenants_slug_length",
        );
        unfit(
            rows.tenant(|row| row.slug = "a".repeat(101)).await,
            "tenants_slug_length",
        );
        let short = rows.invitation(|row| row.token_hash = vec![1; 31]).await;
        unfit(short, "invitations_token_hash_length");
        let zeroth = rows.invitation(|row| row.generation = 0).await;
        unfit(zeroth, "invitations_generation_positive");
    })
    .await;
}

#[tokio::test]
async fn plans_and_subscriptions_keep_to_their_bounds() {
    with_rows(async |rows| {
        let plan = rows.plan(|row| row.price_monthly = -1).await;
        unfit(plan, "plans_price_monthly_not_negative");
        let plan = rows.plan(|row| row.price_yearly = -1).await;
        unfit(plan, "plans_price_yearly_not_negative");
        let plan = rows.plan(|row| row.max_users = Some(-1)).await;
        unfit(plan, "plans_max_users_not_negative");
        let plan = rows.plan(|row| row.max_storage_gb = Some(-1)).await;
        unfit(plan, "plans_max_storage_gb_not_negative");
        let plan = rows.plan(|row| row.trial_days = Some(0)).await;
        unfit(plan, "plans_trial_days_positive");
        let plan = rows.plan(|row| row.currency = "US".into()).await;
        unfit(plan, "plans_currency_length");
        let backwards = |row: &mut subscription::Model| {
            row.current_period_end = row.current_period_start - Duration::seconds(1);
        };
        unfit(
            rows.subscription(backwards).await,
            "subscriptions_period_order",
        );
    })
    .await;
}

#[tokio::test]
async fn events_and_jobs_keep_to_their_bounds() {
    with_rows(async |rows| {
        unfit(rows.event(|row| row.seq = 0).await, "events_seq_positive");
        unfit(
            rows.event(|row| row.stream.clear()).await,
            "events_stream_not_empty",
        );
        unfit(
            rows.event(|row| row.kind.clear()).await,
            "events_kind_not_empty",
        );
        unfit(
            rows.outbox(|row| row.attempts = -1).await,
            "outbox_attempts_not_negative",
        );
        unfit(
            rows.outbox(|row| row.kind.clear()).await,
            "outbox_kind_not_empty",
        );
    })
    .await;
}

#[tokio::test]
async fn notifications_keep_to_their_bounds() {
    with_rows(async |rows| {
        for length in [0, 301] {
            let title = "x".repeat(length);
            unfit(
                rows.notification(|row| row.title = title).await,
                "notifications_title_length",
            );
        }
        for length in [0, 2001] {
            let message = "x".repeat(length);
            unfit(
                rows.notification(|row| row.message = message).await,
                "notifications_message_length",
            );
        }
        // Characters, not bytes.
        rows.notification(|row| row.title = "ж".repeat(300))
            .await
            .unwrap();
    })
    .await;
}
