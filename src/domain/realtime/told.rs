//! What people are told of what happened: one definition per event of the wire, from which each door
//! makes its words. Pure.

use entity::{provisioning_job::JobStatus, provisioning_log_line};

use super::Feed;
use crate::domain::event::{
    DomainEvent, JobFacts, NotificationFacts, PaymentFacts, SubscriptionFacts,
};

/// Something that is told to whoever listens to a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A job stands otherwise, or is further on.
    StatusUpdate {
        /// The job.
        job: JobFacts,
        /// Where it stands now.
        status: JobStatus,
    },
    /// A job has said something.
    StatusLog {
        /// The job.
        job: JobFacts,
        /// What it said, in order.
        lines: Vec<provisioning_log_line::Model>,
    },
    /// A job is done.
    StatusCompleted {
        /// The job.
        job: JobFacts,
        /// Where the tenant's site is, if it has one.
        site_url: Option<String>,
        /// What was observed.
        result: Option<serde_json::Value>,
    },
    /// A job was given up, or called off.
    StatusFailed {
        /// The job.
        job: JobFacts,
        /// Why, for people.
        error: String,
        /// Whether somebody called it off.
        cancelled: bool,
    },
    /// Somebody is notified of something.
    NotificationNew(NotificationFacts),
    /// Money came in.
    PaymentReceived(PaymentFacts),
    /// Money was asked for and did not come.
    PaymentFailed(PaymentFacts),
    /// A subscription is another one now, or stands otherwise.
    SubscriptionUpdated(SubscriptionFacts),
    /// A trial or a paid period ends soon.
    SubscriptionExpiring {
        /// The subscription.
        subscription: SubscriptionFacts,
        /// How many days are left, rounded up.
        days_left: i64,
    },
}

/// What a cancelled job's listeners are told (ruling 48).
pub const CANCELLED: &str = "Cancelled by user";

impl Told {
    /// What is told of an event; nothing of those that are not for people's screens.
    pub fn of(event: &DomainEvent) -> Option<Self> {
        Some(match event {
            DomainEvent::JobQueued(job) => Self::StatusUpdate {
                job: job.clone(),
                status: JobStatus::Pending,
            },
            DomainEvent::JobStarted(job) => Self::StatusUpdate {
                job: job.clone(),
                status: JobStatus::InProgress,
            },
            DomainEvent::JobCompleted {
                job,
                site_url,
                result,
            } => Self::StatusCompleted {
                job: job.clone(),
                site_url: site_url.clone(),
                result: result.clone(),
            },
            DomainEvent::JobFailed { job, error } => Self::StatusFailed {
                job: job.clone(),
                error: error.clone(),
                cancelled: false,
            },
            DomainEvent::JobCancelled(job) => Self::StatusFailed {
                job: job.clone(),
                error: CANCELLED.to_owned(),
                cancelled: true,
            },
            DomainEvent::NotificationCreated { notification } => {
                Self::NotificationNew(notification.clone())
            }
            DomainEvent::PaymentReceived(payment) => Self::PaymentReceived(payment.clone()),
            DomainEvent::PaymentFailed(payment) => Self::PaymentFailed(payment.clone()),
            DomainEvent::SubscriptionUpdated(subscription) => {
                Self::SubscriptionUpdated(subscription.clone())
            }
            DomainEvent::SubscriptionExpiring {
                subscription,
                days_left,
            } => Self::SubscriptionExpiring {
                subscription: subscription.clone(),
                days_left: *days_left,
            },
            // Changes of membership are heard as notifications (ruling 48).
            DomainEvent::TenantUpdated { .. }
            | DomainEvent::InvitationSent { .. }
            | DomainEvent::InvitationRevoked { .. }
            | DomainEvent::MemberJoined { .. }
            | DomainEvent::MemberRoleChanged { .. }
            | DomainEvent::MemberRemoved { .. }
            | DomainEvent::MemberLeft { .. }
            | DomainEvent::OwnershipTransferred { .. }
            | DomainEvent::SessionsEnded { .. }
            | DomainEvent::SessionReused { .. }
            // The inbox tells it.
            | DomainEvent::NotificationsRead { .. } => return None,
        })
    }

    /// Whose listeners hear it.
    pub fn feed(&self) -> Feed {
        match self {
            Self::NotificationNew(_) => Feed::Notifications,
            Self::StatusUpdate { .. }
            | Self::StatusLog { .. }
            | Self::StatusCompleted { .. }
            | Self::StatusFailed { .. } => Feed::Provisioning,
            Self::PaymentReceived(_)
            | Self::PaymentFailed(_)
            | Self::SubscriptionUpdated(_)
            | Self::SubscriptionExpiring { .. } => Feed::Billing,
        }
    }

    /// The event's name on the wire of Socket.IO (`rest.md` 4.3, ruling 48).
    pub fn name(&self) -> &'static str {
        match self {
            Self::StatusUpdate { .. } => "status:update",
            Self::StatusLog { .. } => "status:log",
            Self::StatusCompleted { .. } => "status:completed",
            Self::StatusFailed { .. } => "status:failed",
            Self::NotificationNew(_) => "notification:new",
            Self::PaymentReceived(_) => "payment:received",
            Self::PaymentFailed(_) => "payment:failed",
            Self::SubscriptionUpdated(_) => "subscription:updated",
            Self::SubscriptionExpiring { .. } => "subscription:expiring",
        }
    }
}
