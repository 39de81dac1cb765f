//! The durable-work vocabulary: what a use case may ask to be done later. Pure data.
//!
//! A job names things by id and never carries a secret; whoever handles it looks up the rest, and
//! finds that there is nothing to do when the thing is gone.

use entity::ids::{InvitationId, ProvisioningJobId, TenantId, UserId};
use serde::{Deserialize, Serialize};

/// Work that is written down in the transaction that needs it, and done at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Send the letter with the link of one generation of an invitation.
    InvitationMail {
        /// Which invitation.
        invitation_id: InvitationId,
        /// Which of its letters; an outdated one is not sent.
        generation: i32,
    },
    /// Tell somebody who has an account that they are now in a tenant.
    MembershipMail {
        /// Which tenant.
        tenant_id: TenantId,
        /// Who is to be told.
        user_id: UserId,
        /// Who put them there.
        invited_by: Option<UserId>,
    },
    /// Tell somebody that a tenant is theirs now.
    OwnershipMail {
        /// Which tenant.
        tenant_id: TenantId,
        /// Who is to be told.
        user_id: UserId,
        /// Whose it was.
        from_user_id: UserId,
    },
    /// Tell somebody by letter what a notification says. Its text is not looked up: who does not
    /// want it in the inbox has no row to look it up in.
    NotificationMail {
        /// Who is to be told.
        user_id: UserId,
        /// The headline.
        title: String,
        /// The text.
        message: String,
    },
    /// See what can be done now of what waits in the tenant of this provisioning job. The job itself
    /// may be done long ago, or not be the next one.
    Provision {
        /// Which job.
        job_id: ProvisioningJobId,
    },
}

/// What waits together. A lane that is busy, or off, holds up no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Work on a tenant's site. It takes long, so a worker has places for a few at a time.
    Provisioning,
    /// Letters, and whatever else is done within seconds.
    Letters,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 2] = [Self::Provisioning, Self::Letters];

    /// Its name, in the logs and in the names of queues.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Letters => "letters",
        }
    }

    /// The lane of a kind of job. One that nobody knows is in the quick lane, where that is found out.
    pub fn of(kind: &str) -> Self {
        if Job::PROVISIONING.contains(&kind) {
            Self::Provisioning
        } else {
            Self::Letters
        }
    }
}

impl Job {
    /// The kinds that send letters.
    pub const LETTERS: &[&str] = &[
        "invitation_mail",
        "membership_mail",
        "ownership_mail",
        "notification_mail",
    ];

    /// The kinds that work on sites.
    pub const PROVISIONING: &[&str] = &["provision"];

    /// Where it waits.
    pub fn lane(&self) -> Lane {
        Lane::of(self.kind())
    }

    /// The job's name in the outbox and in the logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvitationMail { .. } => "invitation_mail",
            Self::MembershipMail { .. } => "membership_mail",
            Self::OwnershipMail { .. } => "ownership_mail",
            Self::NotificationMail { .. } => "notification_mail",
            Self::Provision { .. } => "provision",
        }
    }
}
