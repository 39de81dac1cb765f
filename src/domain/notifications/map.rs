//! The mapping table: what happened, and who is told of it. Pure.
//!
//! Nobody is told of their own deed, where not said otherwise: they saw it. Who is told is decided when
//! it happens: owners and admins are those of that moment, and whoever asked for a job and has left
//! hears of it no more.

use entity::{
    ids::{TenantId, UserId},
    membership::TenantRole,
    notification::NotificationKind as Kind,
    provisioning_job::JobType,
};
use serde_json::{Value, json};

use crate::domain::event::{DomainEvent, JobFacts};

/// The table in words, for the documentation: of each kind what happened, who is told, and who is
/// not.
pub const CAUSES: &[(Kind, &str, &str)] = &[
    (
        Kind::MemberAdded,
        "Somebody with an account was put into a tenant by an invitation",
        "that person, unless they opened the invitation's link themselves",
    ),
    (
        Kind::MemberJoined,
        "Somebody is new in a tenant",
        "its owners and admins, except whoever put them there and they themselves",
    ),
    (
        Kind::RoleChanged,
        "Somebody's role was changed",
        "that person, unless it was their own doing",
    ),
    (
        Kind::MemberRemoved,
        "Somebody was removed from a tenant",
        "that person",
    ),
    (
        Kind::MemberLeft,
        "Somebody left a tenant",
        "its owners and admins",
    ),
    (
        Kind::OwnershipTransferred,
        "The ownership of a tenant was handed over",
        "both persons; for the former owner it is the receipt",
    ),
    (
        Kind::ProvisioningCompleted,
        "A provisioning job is done",
        "whoever asked for it, if still in the tenant, and the tenant's owners and admins",
    ),
    (
        Kind::ProvisioningFailed,
        "A provisioning job was given up",
        "whoever asked for it, if still in the tenant, and the tenant's owners and admins",
    ),
    (
        Kind::ProvisioningCancelled,
        "A provisioning job was called off",
        "whoever asked for it, if still in the tenant, and the tenant's owners and admins, except whoever \
         called it off",
    ),
    (
        Kind::SessionReused,
        "A refresh token came back that was exchanged before, so its session was ended",
        "whose session it was",
    ),
];

/// Something to be told to somebody.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub kind: Kind,
    pub tenant: Option<TenantId>,
    pub to: Vec<Hearer>,
    /// Who is not told, though they are among these.
    pub except: Vec<UserId>,
    pub says: Says,
    /// The ids of what it is about.
    pub data: Value,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearer {
    /// This person, wherever they are.
    Person(UserId),
    /// This person, if they are in the tenant.
    Member(UserId),
    /// The owners and admins of the tenant.
    Managers,
}

/// What is said, without the names of who it is about.
#[derive(Clone, Debug)]
pub(super) enum Says {
    Added(TenantRole),
    Joined(UserId, TenantRole),
    Role(TenantRole),
    Removed,
    Left(UserId),
    OwnerNow(UserId),
    OwnerNoLonger(UserId),
    Completed(JobType, Option<String>),
    Failed(JobType, String),
    Cancelled(JobType),
    Reused,
}

impl Says {
    /// Whose name it needs.
    pub fn about(&self) -> Option<UserId> {
        match self {
            Self::Joined(user, _)
            | Self::Left(user)
            | Self::OwnerNow(user)
            | Self::OwnerNoLonger(user) => Some(*user),
            _ => None,
        }
    }
}

/// Who is to be told what of an event that somebody, or the system, has caused.
pub(super) fn notices(event: &DomainEvent, actor: Option<UserId>) -> Vec<Notice> {
    let actor: Vec<UserId> = actor.into_iter().collect();
    let told = match event {
        DomainEvent::MemberJoined {
            tenant_id,
            user_id,
            role,
        } => joined(*tenant_id, *user_id, *role, &actor),
        DomainEvent::MemberRoleChanged {
            tenant_id,
            user_id,
            role,
        } => vec![Notice {
            except: actor,
            ..person(Kind::RoleChanged, *tenant_id, *user_id, Says::Role(*role))
        }],
        DomainEvent::MemberRemoved { tenant_id, user_id } => {
            vec![person(
                Kind::MemberRemoved,
                *tenant_id,
                *user_id,
                Says::Removed,
            )]
        }
        DomainEvent::MemberLeft { tenant_id, user_id } => vec![Notice {
            kind: Kind::MemberLeft,
            tenant: Some(*tenant_id),
            to: vec![Hearer::Managers],
            except: actor,
            says: Says::Left(*user_id),
            data: json!({ "user_id": user_id }),
        }],
        DomainEvent::OwnershipTransferred {
            tenant_id,
            from_user_id: from,
            to_user_id: to,
        } => transferred(*tenant_id, *from, *to),
        DomainEvent::JobCompleted { job, site_url, .. } => {
            let says = Says::Completed(job.job_type, site_url.clone());
            vec![of_job(Kind::ProvisioningCompleted, job, says, Vec::new())]
        }
        DomainEvent::JobFailed { job, error } => {
            let says = Says::Failed(job.job_type, error.clone());
            vec![of_job(Kind::ProvisioningFailed, job, says, Vec::new())]
        }
        DomainEvent::JobCancelled(job) => {
            let says = Says::Cancelled(job.job_type);
            vec![of_job(Kind::ProvisioningCancelled, job, says, actor)]
        }
        DomainEvent::SessionReused {
            user_id,
            session_id,
        } => vec![Notice {
            tenant: None,
            data: json!({ "session_id": session_id }),
            kind: Kind::SessionReused,
            to: vec![Hearer::Person(*user_id)],
            except: Vec::new(),
            says: Says::Reused,
        }],
        // A pending invitation has no person yet; its letter is what tells of it. How a tenant is called
        // and that a job goes on is seen where it is looked at. Sessions are ended by their owner, or by
        // an operator who has closed the account. Money is told of in the billing feed.
        DomainEvent::InvitationSent { .. }
        | DomainEvent::PaymentReceived(_)
        | DomainEvent::PaymentFailed(_)
        | DomainEvent::SubscriptionUpdated(_)
        | DomainEvent::SubscriptionExpiring { .. }
        | DomainEvent::InvitationRevoked { .. }
        | DomainEvent::TenantUpdated { .. }
        | DomainEvent::JobQueued(_)
        | DomainEvent::JobStarted(_)
        | DomainEvent::SessionsEnded { .. }
        | DomainEvent::NotificationCreated { .. }
        | DomainEvent::NotificationsRead { .. } => Vec::new(),
    };
    told.into_iter().filter(Notice::has_hearers).collect()
}

impl Notice {
    /// Whether it may concern anybody at all.
    fn has_hearers(&self) -> bool {
        self.to.iter().any(|hearer| match hearer {
            Hearer::Person(user) | Hearer::Member(user) => !self.except.contains(user),
            Hearer::Managers => true,
        })
    }
}

fn transferred(tenant: TenantId, from: UserId, to: UserId) -> Vec<Notice> {
    let data = json!({ "from_user_id": from, "to_user_id": to });
    let one = |user, says| Notice {
        data: data.clone(),
        ..person(Kind::OwnershipTransferred, tenant, user, says)
    };
    vec![
        one(to, Says::OwnerNow(from)),
        one(from, Says::OwnerNoLonger(to)),
    ]
}

fn joined(tenant: TenantId, user: UserId, role: TenantRole, actor: &[UserId]) -> Vec<Notice> {
    let mut except = actor.to_vec();
    except.push(user);
    vec![
        Notice {
            except: actor.to_vec(),
            ..person(Kind::MemberAdded, tenant, user, Says::Added(role))
        },
        Notice {
            kind: Kind::MemberJoined,
            tenant: Some(tenant),
            to: vec![Hearer::Managers],
            except,
            says: Says::Joined(user, role),
            data: json!({ "user_id": user }),
        },
    ]
}

fn person(kind: Kind, tenant: TenantId, user: UserId, says: Says) -> Notice {
    Notice {
        kind,
        tenant: Some(tenant),
        to: vec![Hearer::Person(user)],
        except: Vec::new(),
        says,
        data: json!({}),
    }
}

fn of_job(kind: Kind, job: &JobFacts, says: Says, except: Vec<UserId>) -> Notice {
    let requester = job.requested_by.map(Hearer::Member);
    Notice {
        kind,
        tenant: Some(job.tenant_id),
        to: requester.into_iter().chain([Hearer::Managers]).collect(),
        except,
        says,
        data: json!({ "job_id": job.job_id }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_every_kind_once() {
        let named: Vec<_> = CAUSES.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(named, Kind::ALL);
    }
}
