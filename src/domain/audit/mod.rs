//! The audit log: who did what to what, written in the transaction that does it.

pub(super) mod store;

use entity::ids::{InvitationId, ProvisioningJobId, SessionId, TenantId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Something worth remembering that somebody did.
#[derive(Clone, Debug)]
pub struct Deed {
    action: Action,
    target: Target,
    tenant: Option<TenantId>,
    details: Value,
}

impl Deed {
    /// A deed outside of any tenant.
    pub fn new(action: Action, target: Target) -> Self {
        Self {
            action,
            target,
            tenant: None,
            details: json!({}),
        }
    }

    /// Places the deed in a tenant.
    #[must_use]
    pub fn within(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Adds facts that explain it; never a secret.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An account was made.
    AccountRegistered,
    /// An account was given the operator permissions.
    AccountPromoted,
    /// The operator permissions were taken from an account.
    AccountDemoted,
    /// An account was closed.
    AccountDisabled,
    /// An account was opened again.
    AccountEnabled,
    /// An operator set an account's password.
    AccountPasswordSet,
    /// Somebody signed in.
    SessionStarted,
    /// Somebody signed out, or a sign-in had to make room for a newer one.
    SessionEnded,
    /// Somebody signed out everywhere at once.
    SessionsEnded,
    /// A refresh token came back too late, so the session was ended.
    SessionReuseDetected,
    /// Somebody switched to another tenant.
    TenantSwitched,
    /// A tenant was made.
    TenantCreated,
    /// A tenant's name or settings changed.
    TenantUpdated,
    /// A letter with a link was sent.
    InvitationSent,
    /// A link was renewed.
    InvitationRenewed,
    /// An invitation was taken back.
    InvitationRevoked,
    /// Somebody joined a tenant.
    MemberJoined,
    /// Somebody's role changed.
    MemberRoleChanged,
    /// Somebody was removed.
    MemberRemoved,
    /// Somebody left by themselves.
    MemberLeft,
    /// An owner handed the ownership over.
    OwnershipTransferred,
    /// Somebody had something done to the site.
    JobRequested,
    /// Somebody had it tried again.
    JobRetried,
    /// Somebody called it off.
    JobCancelled,
    /// Somebody chose what they want to be told.
    NotificationsChosen,
}

impl Action {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountRegistered => "account.registered",
            Self::AccountPromoted => "account.promoted",
            Self::AccountDemoted => "account.demoted",
            Self::AccountDisabled => "account.disabled",
            Self::AccountEnabled => "account.enabled",
            Self::AccountPasswordSet => "account.password_set",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SessionsEnded => "session.all_ended",
            Self::SessionReuseDetected => "session.reuse_detected",
            Self::TenantSwitched => "session.tenant_switched",
            Self::TenantCreated => "tenant.created",
            Self::TenantUpdated => "tenant.updated",
            Self::InvitationSent => "invitation.sent",
            Self::InvitationRenewed => "invitation.renewed",
            Self::InvitationRevoked => "invitation.revoked",
            Self::MemberJoined => "member.joined",
            Self::MemberRoleChanged => "member.role_changed",
            Self::MemberRemoved => "member.removed",
            Self::MemberLeft => "member.left",
            Self::OwnershipTransferred => "tenant.ownership_transferred",
            Self::JobRequested => "job.requested",
            Self::JobRetried => "job.retried",
            Self::JobCancelled => "job.cancelled",
            Self::NotificationsChosen => "account.notifications_chosen",
        }
    }
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account.
    User(UserId),
    /// A company.
    Tenant(TenantId),
    /// An invitation.
    Invitation(InvitationId),
    /// A sign-in.
    Session(SessionId),
    /// A provisioning job.
    Job(ProvisioningJobId),
}

impl Target {
    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::User(id) => ("user", id.0),
            Self::Tenant(id) => ("tenant", id.0),
            Self::Invitation(id) => ("invitation", id.0),
            Self::Session(id) => ("session", id.0),
            Self::Job(id) => ("job", id.0),
        }
    }
}
