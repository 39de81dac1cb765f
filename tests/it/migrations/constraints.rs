//! What the database itself refuses.

use chrono::Duration;
use entity::{
    event, event_stream,
    ids::{
        EventId, InvitationId, MembershipId, OutboxMessageId, PlanId, RefreshTokenId, SessionId,
        SubscriptionId, TenantId, UserId,
    },
    invitation::{self, InvitationStatus},
    membership, outbox_message, plan, refresh_token, session, subscription, tenant, user,
};
use sea_orm::{DbErr, EntityTrait, SqlErr};

use super::rows::Rows;
use crate::support::storage::Storage;

#[track_caller]
fn taken(result: Result<(), DbErr>) {
    let error = result.expect_err("a second such row was accepted");
    let kind = error.sql_err();
    assert!(
        matches!(kind, Some(SqlErr::UniqueConstraintViolation(_))),
        "{error}"
    );
}

#[track_caller]
fn orphan(result: Result<(), DbErr>) {
    let error = result.expect_err("a row that refers to nothing was accepted");
    let kind = error.sql_err();
    assert!(
        matches!(kind, Some(SqlErr::ForeignKeyConstraintViolation(_))),
        "{error}"
    );
}

#[track_caller]
fn unfit(result: Result<(), DbErr>, constraint: &str) {
    let error = result.expect_err(constraint).to_string();
    assert!(
        error.contains(constraint),
        "{error} does not name {constraint}"
    );
}

#[tokio::test]
async fn what_is_unique_stays_unique() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::seeded(dir.path()).await;
    let rows = Rows::new(&storage).await;
    let ids = &rows.ids;
    taken(
        rows.insert(&user::Model {
            id: UserId(ids.next()),
            ..rows.user.clone()
        })
        .await,
    );
    taken(
        rows.insert(&tenant::Model {
            id: TenantId(ids.next()),
            ..rows.tenant.clone()
        })
        .await,
    );
    taken(
        rows.insert(&plan::Model {
            id: PlanId(ids.next()),
            ..rows.plan.clone()
        })
        .await,
    );
    let again = membership::Model {
        id: MembershipId(ids.next()),
        is_default: false,
        ..rows.membership.clone()
    };
    taken(rows.insert(&again).await);
    let again = subscription::Model {
        id: SubscriptionId(ids.next()),
        ..rows.subscription.clone()
    };
    taken(rows.insert(&again).await);
    taken(
        rows.insert(&event::Model {
            id: EventId(ids.next()),
            ..rows.event.clone()
        })
        .await,
    );

    // One default tenant per person.
    let other = tenant::Model {
        id: TenantId(ids.next()),
        slug: "other".into(),
        ..rows.tenant.clone()
    };
    rows.insert(&other).await.unwrap();
    let second = membership::Model {
        id: MembershipId(ids.next()),
        tenant_id: other.id,
        ..rows.membership.clone()
    };
    taken(rows.insert(&second).await);
    rows.insert(&membership::Model {
        is_default: false,
        ..second
    })
    .await
    .unwrap();

    // One pending invitation per tenant and address, any number of closed ones.
    let again = invitation::Model {
        id: InvitationId(ids.next()),
        token_hash: vec![2; 32],
        ..rows.invitation.clone()
    };
    taken(rows.insert(&again).await);
    let closed = invitation::Model {
        status: InvitationStatus::Revoked,
        ..again
    };
    rows.insert(&closed).await.unwrap();
    let same_link = invitation::Model {
        id: InvitationId(ids.next()),
        ..closed
    };
    taken(rows.insert(&same_link).await);

    // One live refresh token per session, any number of rotated ones.
    let again = refresh_token::Model {
        id: RefreshTokenId(ids.next()),
        ..rows.refresh.clone()
    };
    taken(rows.insert(&again).await);
    let rotated = Some(rows.refresh.issued_at);
    rows.insert(&refresh_token::Model {
        rotated_at: rotated,
        ..again
    })
    .await
    .unwrap();
    rows.db.close().await.unwrap();
    storage.remove().await;
}

#[tokio::test]
async fn rows_refer_to_rows_that_exist() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::seeded(dir.path()).await;
    let rows = Rows::new(&storage).await;
    let (ids, nobody) = (&rows.ids, UserId(uuid::Uuid::from_u128(1)));
    let nowhere = TenantId(uuid::Uuid::from_u128(2));
    let membership = membership::Model {
        id: MembershipId(ids.next()),
        is_default: false,
        ..rows.membership.clone()
    };
    orphan(
        rows.insert(&membership::Model {
            user_id: nobody,
            ..membership.clone()
        })
        .await,
    );
    orphan(
        rows.insert(&membership::Model {
            tenant_id: nowhere,
            ..membership
        })
        .await,
    );
    let invitation = invitation::Model {
        id: InvitationId(ids.next()),
        token_hash: vec![3; 32],
        email_normalized: "x".into(),
        ..rows.invitation.clone()
    };
    orphan(
        rows.insert(&invitation::Model {
            tenant_id: nowhere,
            ..invitation.clone()
        })
        .await,
    );
    orphan(
        rows.insert(&invitation::Model {
            invited_by: Some(nobody),
            ..invitation
        })
        .await,
    );
    let subscription = subscription::Model {
        id: SubscriptionId(ids.next()),
        ..rows.subscription.clone()
    };
    orphan(
        rows.insert(&subscription::Model {
            tenant_id: nowhere,
            ..subscription
        })
        .await,
    );
    let session = session::Model {
        id: SessionId(ids.next()),
        ..rows.session.clone()
    };
    orphan(
        rows.insert(&session::Model {
            user_id: nobody,
            ..session
        })
        .await,
    );

    // A plan that somebody is subscribed to stays; a tenant takes what is its own along.
    let plan = plan::Entity::delete_by_id(rows.plan.id)
        .exec(&rows.db)
        .await
        .map(drop);
    orphan(plan);
    tenant::Entity::delete_by_id(rows.tenant.id)
        .exec(&rows.db)
        .await
        .unwrap();
    assert_eq!(membership::Entity::find().all(&rows.db).await.unwrap(), []);
    assert_eq!(invitation::Entity::find().all(&rows.db).await.unwrap(), []);
    assert_eq!(
        subscription::Entity::find().all(&rows.db).await.unwrap(),
        []
    );
    let [session] = session::Entity::find()
        .all(&rows.db)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(session.tenant_id, None);
    user::Entity::delete_by_id(rows.user.id)
        .exec(&rows.db)
        .await
        .unwrap();
    assert_eq!(session::Entity::find().all(&rows.db).await.unwrap(), []);
    assert_eq!(
        refresh_token::Entity::find().all(&rows.db).await.unwrap(),
        []
    );
    rows.db.close().await.unwrap();
    storage.remove().await;
}

#[tokio::test]
async fn values_keep_to_their_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::seeded(dir.path()).await;
    let rows = Rows::new(&storage).await;
    let user = user::Model {
        id: UserId(rows.ids.next()),
        email_normalized: "b@example.com".into(),
        ..rows.user.clone()
    };
    let long = || "x".repeat(321);
    unfit(
        rows.insert(&user::Model {
            email: String::new(),
            ..user.clone()
        })
        .await,
        "users_email_length",
    );
    unfit(
        rows.insert(&user::Model {
            email: long(),
            ..user.clone()
        })
        .await,
        "users_email_length",
    );
    let hashless = user::Model {
        password_hash: String::new(),
        ..user.clone()
    };
    unfit(
        rows.insert(&hashless).await,
        "users_password_hash_not_empty",
    );
    let nameless = user::Model {
        full_name: String::new(),
        ..user
    };
    unfit(rows.insert(&nameless).await, "users_full_name_length");

    let tenant = tenant::Model {
        id: TenantId(rows.ids.next()),
        slug: "fits".into(),
        ..rows.tenant.clone()
    };
    let nameless = tenant::Model {
        name: String::new(),
        ..tenant.clone()
    };
    unfit(rows.insert(&nameless).await, "tenants_name_length");
    let long_slug = tenant::Model {
        slug: "a".repeat(101),
        ..tenant
    };
    unfit(rows.insert(&long_slug).await, "tenants_slug_length");

    let plan = plan::Model {
        id: PlanId(rows.ids.next()),
        slug: "fits".into(),
        ..rows.plan.clone()
    };
    for (spoiled, constraint) in [
        (
            plan::Model {
                price_monthly: -1,
                ..plan.clone()
            },
            "plans_price_monthly_not_negative",
        ),
        (
            plan::Model {
                price_yearly: -1,
                ..plan.clone()
            },
            "plans_price_yearly_not_negative",
        ),
        (
            plan::Model {
                max_users: Some(-1),
                ..plan.clone()
            },
            "plans_max_users_not_negative",
        ),
        (
            plan::Model {
                max_storage_gb: Some(-1),
                ..plan.clone()
            },
            "plans_max_storage_gb_not_negative",
        ),
        (
            plan::Model {
                trial_days: Some(0),
                ..plan.clone()
            },
            "plans_trial_days_positive",
        ),
        (
            plan::Model {
                currency: "US".into(),
                ..plan.clone()
            },
            "plans_currency_length",
        ),
    ] {
        unfit(rows.insert(&spoiled).await, constraint);
    }

    let invitation = invitation::Model {
        id: InvitationId(rows.ids.next()),
        email_normalized: "c@example.com".into(),
        ..rows.invitation.clone()
    };
    let short = invitation::Model {
        token_hash: vec![1; 31],
        ..invitation.clone()
    };
    unfit(rows.insert(&short).await, "invitations_token_hash_length");
    let zeroth = invitation::Model {
        generation: 0,
        token_hash: vec![4; 32],
        ..invitation
    };
    unfit(
        rows.insert(&zeroth).await,
        "invitations_generation_positive",
    );

    let other = tenant::Model {
        id: TenantId(rows.ids.next()),
        slug: "other".into(),
        ..rows.tenant.clone()
    };
    rows.insert(&other).await.unwrap();
    let backwards = subscription::Model {
        id: SubscriptionId(rows.ids.next()),
        tenant_id: other.id,
        current_period_end: rows.subscription.current_period_start - Duration::seconds(1),
        ..rows.subscription.clone()
    };
    unfit(rows.insert(&backwards).await, "subscriptions_period_order");
    let zeroth = event::Model {
        id: EventId(rows.ids.next()),
        seq: 0,
        ..rows.event.clone()
    };
    unfit(rows.insert(&zeroth).await, "events_seq_positive");
    let nameless = event_stream::Model {
        stream: String::new(),
        head: 0,
        updated_at: rows.event.occurred_at,
    };
    unfit(
        rows.insert(&nameless).await,
        "event_streams_stream_not_empty",
    );
    let negative = outbox_message::Model {
        id: OutboxMessageId(rows.ids.next()),
        attempts: -1,
        ..rows.outbox.clone()
    };
    unfit(rows.insert(&negative).await, "outbox_attempts_not_negative");
    rows.db.close().await.unwrap();
    storage.remove().await;
}
