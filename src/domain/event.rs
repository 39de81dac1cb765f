//! The realtime vocabulary: what happened, and who hears of it. Pure data.
//!
//! An event is written to every stream of its audience in the transaction that caused it, and is
//! published after the commit. Events carry no secrets and no mail addresses: a listener who may
//! know more loads it.

use std::{fmt, str::FromStr};

use entity::{
    Timestamp,
    ids::{
        EventId, InvitationId, NotificationId, PlanId, ProvisioningJobId, SessionId,
        SubscriptionId, TenantId, UserId,
    },
    membership::TenantRole,
    notification::{self, NotificationKind, NotificationType},
    provisioning_job::{JobSpelling, JobType},
    subscription::{BillingPeriod, SubscriptionStatus},
};
use serde::{Deserialize, Serialize};

/// Something that happened in the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DomainEvent {
    /// A tenant's name or settings changed.
    TenantUpdated {
        /// Which tenant.
        tenant_id: TenantId,
    },
    /// A letter with a link was asked for (a new one, or a renewed one).
    InvitationSent {
        /// To which tenant.
        tenant_id: TenantId,
        /// Which invitation.
        invitation_id: InvitationId,
        /// As what.
        role: TenantRole,
    },
    /// An invitation was taken back.
    InvitationRevoked {
        /// To which tenant.
        tenant_id: TenantId,
        /// Which invitation.
        invitation_id: InvitationId,
    },
    /// Somebody is now in a tenant.
    MemberJoined {
        /// Which tenant.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
        /// As what.
        role: TenantRole,
    },
    /// Somebody has another role now.
    MemberRoleChanged {
        /// In which tenant.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
        /// The new role.
        role: TenantRole,
    },
    /// Somebody was taken out of a tenant.
    MemberRemoved {
        /// Which tenant.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
    },
    /// Somebody left a tenant by themselves.
    MemberLeft {
        /// Which tenant.
        tenant_id: TenantId,
        /// Who.
        user_id: UserId,
    },
    /// An owner is one no longer, and another member is one in their place.
    OwnershipTransferred {
        /// Of which tenant.
        tenant_id: TenantId,
        /// Who was an owner.
        from_user_id: UserId,
        /// Who is one now.
        to_user_id: UserId,
    },
    /// Sign-ins of a person ended before their time; whatever is connected with one is cut off.
    SessionsEnded {
        /// Whose.
        user_id: UserId,
        /// Which.
        session_ids: Vec<SessionId>,
    },
    /// A refresh token came back that was exchanged before, so its session was ended: somebody may
    /// have copied it.
    SessionReused {
        /// Whose.
        user_id: UserId,
        /// Which.
        session_id: SessionId,
    },
    /// A person was told something, see their inbox.
    NotificationCreated {
        /// What.
        notification: NotificationFacts,
    },
    /// A person has read notifications of theirs, on whichever screen.
    NotificationsRead {
        /// Who.
        user_id: UserId,
        /// Which.
        notification_ids: Vec<NotificationId>,
    },
    /// A provisioning job waits its turn, for the first time or again.
    JobQueued(JobFacts),
    /// A worker has begun with it.
    JobStarted(JobFacts),
    /// It is done.
    JobCompleted {
        /// The job.
        #[serde(flatten)]
        job: JobFacts,
        /// Where the tenant's site is, if it has one.
        site_url: Option<String>,
        /// What was observed.
        result: Option<serde_json::Value>,
    },
    /// It was given up.
    JobFailed {
        /// The job.
        #[serde(flatten)]
        job: JobFacts,
        /// Why, for people.
        error: String,
    },
    /// Somebody called it off.
    JobCancelled(JobFacts),
    /// Money came in.
    PaymentReceived(PaymentFacts),
    /// Money was asked for and did not come.
    PaymentFailed(PaymentFacts),
    /// A subscription is another one now, or stands otherwise.
    SubscriptionUpdated(SubscriptionFacts),
    /// A trial or a paid period ends soon.
    SubscriptionExpiring {
        /// The subscription.
        #[serde(flatten)]
        subscription: SubscriptionFacts,
        /// How many days are left, rounded up.
        days_left: i64,
    },
}

/// A payment as its events tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFacts {
    /// Who pays.
    pub tenant_id: TenantId,
    /// Which payment, in the provider's words.
    pub payment_id: String,
    /// In minor units of the currency.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A subscription as its events tell of it: how it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionFacts {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which.
    pub subscription_id: SubscriptionId,
    /// To what.
    pub plan_id: PlanId,
    /// What that is called.
    pub plan: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// How often it is paid.
    pub billing_period: BillingPeriod,
    /// Until when it is paid for, or free.
    pub current_period_end: Timestamp,
    /// Whether it ends then.
    pub cancel_at_period_end: bool,
}

/// A provisioning job as its events tell of it: how it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacts {
    /// Whose site.
    pub tenant_id: TenantId,
    /// Which job.
    pub job_id: ProvisioningJobId,
    /// What is done.
    pub job_type: JobType,
    /// How the client that asked spells it.
    pub spelling: JobSpelling,
    /// Which attempt.
    pub attempt: i32,
    /// In percent.
    pub progress: i32,
    /// What was happening, for people.
    pub message: String,
    /// Who asked for it, as long as that account exists; nobody, where the system did.
    #[serde(default)]
    pub requested_by: Option<UserId>,
}

/// A notification as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationFacts {
    /// Which.
    pub id: NotificationId,
    /// Who is told.
    pub user_id: UserId,
    /// Which tenant it is about.
    pub tenant_id: Option<TenantId>,
    /// What it is about.
    pub kind: NotificationKind,
    /// How it is to be shown.
    #[serde(rename = "type")]
    pub notification_type: NotificationType,
    /// The headline.
    pub title: String,
    /// The text.
    pub message: String,
    /// The ids of what it is about.
    pub data: serde_json::Value,
    /// When they were told.
    pub created_at: Timestamp,
}

impl NotificationFacts {
    /// Those of a row.
    pub fn of(row: &notification::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            tenant_id: row.tenant_id,
            kind: row.kind,
            notification_type: row.notification_type,
            title: row.title.clone(),
            message: row.message.clone(),
            data: row.data.clone(),
            created_at: row.created_at,
        }
    }

    /// The row as it was made, unread.
    pub fn into_row(self) -> notification::Model {
        notification::Model {
            id: self.id,
            user_id: self.user_id,
            tenant_id: self.tenant_id,
            kind: self.kind,
            notification_type: self.notification_type,
            title: self.title,
            message: self.message,
            data: self.data,
            read_at: None,
            created_at: self.created_at,
        }
    }
}

impl DomainEvent {
    /// The event's name in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TenantUpdated { .. } => "tenant_updated",
            Self::InvitationSent { .. } => "invitation_sent",
            Self::InvitationRevoked { .. } => "invitation_revoked",
            Self::MemberJoined { .. } => "member_joined",
            Self::MemberRoleChanged { .. } => "member_role_changed",
            Self::MemberRemoved { .. } => "member_removed",
            Self::MemberLeft { .. } => "member_left",
            Self::OwnershipTransferred { .. } => "ownership_transferred",
            Self::SessionsEnded { .. } => "sessions_ended",
            Self::SessionReused { .. } => "session_reused",
            Self::NotificationCreated { .. } => "notification_created",
            Self::NotificationsRead { .. } => "notifications_read",
            Self::JobQueued(_) => "job_queued",
            Self::JobStarted(_) => "job_started",
            Self::JobCompleted { .. } => "job_completed",
            Self::JobFailed { .. } => "job_failed",
            Self::JobCancelled(_) => "job_cancelled",
            Self::PaymentReceived(_) => "payment_received",
            Self::PaymentFailed(_) => "payment_failed",
            Self::SubscriptionUpdated(_) => "subscription_updated",
            Self::SubscriptionExpiring { .. } => "subscription_expiring",
        }
    }

    /// The streams that tell of it: the tenant's, and those of the people it happened to.
    pub fn audience(&self) -> Vec<Stream> {
        match self {
            Self::TenantUpdated { tenant_id }
            | Self::InvitationSent { tenant_id, .. }
            | Self::InvitationRevoked { tenant_id, .. } => vec![Stream::Tenant(*tenant_id)],
            Self::MemberJoined {
                tenant_id, user_id, ..
            }
            | Self::MemberRoleChanged {
                tenant_id, user_id, ..
            }
            | Self::MemberRemoved { tenant_id, user_id }
            | Self::MemberLeft { tenant_id, user_id } => {
                vec![Stream::Tenant(*tenant_id), Stream::User(*user_id)]
            }
            Self::OwnershipTransferred {
                tenant_id,
                from_user_id,
                to_user_id,
            } => vec![
                Stream::Tenant(*tenant_id),
                Stream::User(*from_user_id),
                Stream::User(*to_user_id),
            ],
            Self::SessionsEnded { user_id, .. }
            | Self::SessionReused { user_id, .. }
            | Self::NotificationsRead { user_id, .. }
            | Self::NotificationCreated {
                notification: NotificationFacts { user_id, .. },
            } => vec![Stream::User(*user_id)],
            Self::JobQueued(job)
            | Self::JobStarted(job)
            | Self::JobCompleted { job, .. }
            | Self::JobFailed { job, .. }
            | Self::JobCancelled(job) => vec![Stream::Tenant(job.tenant_id)],
            Self::PaymentReceived(payment) | Self::PaymentFailed(payment) => {
                vec![Stream::Tenant(payment.tenant_id)]
            }
            Self::SubscriptionUpdated(subscription)
            | Self::SubscriptionExpiring { subscription, .. } => {
                vec![Stream::Tenant(subscription.tenant_id)]
            }
        }
    }
}

/// An ordered sequence of events, named like the room that hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Stream {
    /// What everybody in a tenant hears.
    Tenant(TenantId),
    /// What one person hears.
    User(UserId),
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "tenant:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
        }
    }
}

/// Not the name of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownStream;

impl fmt::Display for UnknownStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a stream")
    }
}

impl std::error::Error for UnknownStream {}

impl FromStr for Stream {
    type Err = UnknownStream;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let (kind, id) = name.split_once(':').ok_or(UnknownStream)?;
        match kind {
            "tenant" => id.parse().map(Self::Tenant).map_err(|_| UnknownStream),
            "user" => id.parse().map(Self::User).map_err(|_| UnknownStream),
            _ => Err(UnknownStream),
        }
    }
}

impl From<Stream> for String {
    fn from(stream: Stream) -> Self {
        stream.to_string()
    }
}

impl TryFrom<String> for Stream {
    type Error = UnknownStream;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

/// An event as one stream tells it: what the event log holds and the bus carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Row of the event log.
    pub id: EventId,
    /// The stream that tells it.
    pub stream: Stream,
    /// Place in the stream, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened.
    pub event: DomainEvent,
}
