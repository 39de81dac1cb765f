//! What somebody is about to do, with whom it concerns: the subjects that it counts for.

use entity::ids::{SessionId, TenantId};

use super::table::{Axis, RateClass};
use crate::domain::values::EmailAddress;

/// Something that is counted. A variant holds what its limits ask for beside the caller.
#[derive(Clone, Copy, Debug)]
pub enum Attempt<'a> {
    /// Sign in to the account of this address, whether or not there is one.
    SignIn(&'a EmailAddress),
    /// Sign up with this address, whether or not it is taken.
    Registration(&'a EmailAddress),
    /// Exchange a refresh token.
    TokenRefresh(Refreshed<'a>),
    /// Have a letter sent that invites into a tenant; the caller is signed in.
    Invitation,
    /// The same, once it is clear that the caller may.
    InvitationLetter {
        /// Into which tenant.
        tenant: TenantId,
        /// Who gets the letter: the address, normalised.
        recipient: &'a str,
    },
    /// Open the link of this hash.
    InvitationAcceptance(&'a [u8]),
    /// Change a tenant itself; the caller is signed in.
    TenantChange,
    /// Change who is in a tenant and as what; the caller is signed in.
    MembershipChange,
    /// Change or end a session of one's own; the caller is signed in.
    SessionChange,
    /// Have something done to a site, or call it off; the caller is signed in.
    ProvisioningChange,
    /// Read notifications, or choose which ones to get; the caller is signed in.
    InboxChange,
}

/// Whose token is exchanged.
#[derive(Clone, Copy, Debug)]
pub enum Refreshed<'a> {
    /// The session that a genuine token names.
    Session(SessionId),
    /// What was shown is no such token. It counts by itself, so that a client that goes on showing
    /// it is told to stop instead of being refused for ever.
    Nonsense(&'a str),
}

impl Attempt<'_> {
    /// Which limits hold for it.
    pub fn class(&self) -> RateClass {
        match self {
            Self::SignIn(_) => RateClass::SignIn,
            Self::Registration(_) => RateClass::Registration,
            Self::TokenRefresh(_) => RateClass::TokenRefresh,
            Self::Invitation => RateClass::Invitation,
            Self::InvitationLetter { .. } => RateClass::InvitationLetter,
            Self::InvitationAcceptance(_) => RateClass::InvitationAcceptance,
            Self::TenantChange => RateClass::TenantChange,
            Self::MembershipChange => RateClass::MembershipChange,
            Self::SessionChange => RateClass::SessionChange,
            Self::ProvisioningChange => RateClass::ProvisioningChange,
            Self::InboxChange => RateClass::InboxChange,
        }
    }

    /// Whom it concerns on an axis; nobody, where the table has no such limit for it.
    pub(super) fn subject(&self, axis: Axis) -> &[u8] {
        match (self, axis) {
            (
                Self::SignIn(address) | Self::Registration(address),
                Axis::Account | Axis::AccountAtClient,
            ) => address.normalized().as_bytes(),
            (Self::InvitationLetter { recipient, .. }, Axis::Recipient) => recipient.as_bytes(),
            (Self::InvitationLetter { tenant, .. }, Axis::Tenant) => tenant.0.as_bytes(),
            (Self::TokenRefresh(Refreshed::Session(id)), Axis::Session) => id.0.as_bytes(),
            (Self::TokenRefresh(Refreshed::Nonsense(text)), Axis::Session) => text.as_bytes(),
            (Self::InvitationAcceptance(link), Axis::Link) => link,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::table::TABLE, *};

    #[test]
    fn every_limit_of_the_table_finds_its_subject() {
        let address = EmailAddress::parse("ann@example.com").unwrap();
        let id = uuid::Uuid::from_u128(1);
        let attempts = [
            Attempt::SignIn(&address),
            Attempt::Registration(&address),
            Attempt::TokenRefresh(Refreshed::Session(id.into())),
            Attempt::TokenRefresh(Refreshed::Nonsense("token")),
            Attempt::Invitation,
            Attempt::InvitationLetter {
                tenant: id.into(),
                recipient: "bob@example.com",
            },
            Attempt::InvitationAcceptance(b"hash"),
            Attempt::TenantChange,
            Attempt::MembershipChange,
            Attempt::SessionChange,
            Attempt::ProvisioningChange,
            Attempt::InboxChange,
        ];
        for limit in TABLE {
            let mut seen = 0;
            for attempt in attempts.iter().filter(|it| it.class() == limit.class) {
                seen += 1;
                let elsewhere = matches!(
                    (attempt, limit.axis),
                    (_, Axis::Client | Axis::User) | (Attempt::SessionChange, Axis::Session)
                );
                assert!(
                    elsewhere || !attempt.subject(limit.axis).is_empty(),
                    "{attempt:?} has no subject for {:?}",
                    limit.axis
                );
            }
            assert!(seen > 0, "{:?} is not tried here", limit.class);
        }
    }
}
