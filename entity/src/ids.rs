//! One newtype per primary key, so that a tenant's id cannot be passed where a user's belongs.

use sea_orm::{
    DbErr, DeriveValueType, TryFromU64,
    sqlx::{Decode, Postgres, error::BoxDynError, postgres::PgValueRef},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl Decode<'_, Postgres> for $name {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                <Uuid as Decode<'_, Postgres>>::decode(value).map(Self)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A person's account.
    UserId,
    /// A company, the unit of isolation.
    TenantId,
    /// A user's place in a tenant.
    MembershipId,
    /// A mailed offer to join a tenant.
    InvitationId,
    /// A tariff.
    PlanId,
    /// A tenant's subscription to a plan.
    SubscriptionId,
    /// A sign-in; the `sid` claim of its tokens.
    SessionId,
    /// A refresh token; its `jti` claim.
    RefreshTokenId,
    /// A row of the event log.
    EventId,
    /// A durable job waiting to be handed to the queue.
    OutboxMessageId,
    /// A row of the audit log.
    AuditEntryId,
    /// A remembered answer to a request that carried an idempotency key.
    IdempotencyRecordId,
    /// A job that is done to a tenant's site.
    ProvisioningJobId,
    /// A step of such a job.
    ProvisioningStepId,
    /// A line of such a job's log.
    LogLineId,
    /// A tenant's `ERPNext` site.
    SiteId,
    /// A backup of a site.
    BackupId,
    /// Something that one person is told.
    NotificationId,
    /// What somebody wants to be told.
    NotificationPreferenceId,
}
