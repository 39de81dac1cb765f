//! The table of rate limits: how often each class of attempts may be made, on each axis.
//! `docs/RATE_LIMITS.md` is printed from it.
//!
//! A limit is so many at once, which come back evenly over the window. `RATE_LIMIT_SCALE` multiplies
//! all of them.

use std::time::Duration;

use crate::error::words;

words! {
    /// What is counted together.
    RateClass, description, "What belongs to the class, for the documentation.":
    SignIn "sign_in" "Sign in with address and password.",
    Registration "registration" "Sign up.",
    TokenRefresh "token_refresh" "Exchange a refresh token.",
    Invitation "invitation" "Invite somebody, or send an invitation again.",
    InvitationLetter "invitation_letter"
        "The letter that follows, once it is clear that the caller may have it sent. Strangers use up \
         nothing of a tenant's, nor of whom they name.",
    InvitationAcceptance "invitation_acceptance" "Open the link of an invitation.",
    TenantChange "tenant_change" "Change a tenant's name or settings.",
    MembershipChange "membership_change"
        "Change a role, remove a member, leave, hand ownership over, take an invitation back.",
    SessionChange "session_change" "Switch to another tenant, sign out, end sessions.",
    ProvisioningChange "provisioning_change" "Ask for a provisioning job, retry it, cancel it.",
    InboxChange "inbox_change" "Mark notifications as read, choose which ones to get.",
}

words! {
    /// What attempts are counted by.
    Axis, description, "Whom or what a limit of this axis counts for, for the documentation.":
    Account "account"
        "The e-mail address, whether or not it has an account. For sign-ins this limit does not \
         hold where the account was signed in to within the last 30 days: strangers elsewhere \
         cannot lock its owner out.",
    AccountAtClient "account_at_client" "The e-mail address together with the client.",
    Session "session" "The session; a token that is none counts by itself.",
    User "user" "The caller's account.",
    Tenant "tenant" "The tenant, whoever asks.",
    Recipient "recipient" "Who gets the letter, whoever sends it from wherever.",
    Link "link" "The link that is opened.",
    Client "client" "The client's IPv4 address or IPv6 /64.",
}

impl Axis {
    /// Whether what it counts for is one thing in each network.
    pub(super) fn is_of_network(self) -> bool {
        match self {
            Self::Client | Self::AccountAtClient => true,
            Self::Account
            | Self::Session
            | Self::User
            | Self::Tenant
            | Self::Recipient
            | Self::Link => false,
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Of what.
    pub class: RateClass,
    /// For whom.
    pub axis: Axis,
    /// How many at once.
    pub times: u32,
    /// In what time all of them come back.
    pub window: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The table.
pub const TABLE: &[Limit] = &[
    // Guessing: ten for one address from one place, and a hundred from all places together. The
    // client's own limit stops whoever tries one password on many accounts.
    row(RateClass::SignIn, Axis::AccountAtClient, 10, minutes(15)),
    row(RateClass::SignIn, Axis::Account, 100, HOUR),
    row(RateClass::SignIn, Axis::Client, 100, minutes(15)),
    // Each costs a hash and makes a company.
    row(RateClass::Registration, Axis::Account, 10, HOUR),
    row(RateClass::Registration, Axis::Client, 30, HOUR),
    // A frontend needs one in a quarter of an hour, one with many tabs some at once.
    row(RateClass::TokenRefresh, Axis::Session, 30, minutes(5)),
    row(RateClass::TokenRefresh, Axis::Client, 600, minutes(5)),
    // A team may be invited in one go; nobody's mailbox is to be filled, by however many senders.
    row(RateClass::Invitation, Axis::User, 100, HOUR),
    row(RateClass::Invitation, Axis::Client, 300, HOUR),
    row(RateClass::InvitationLetter, Axis::Tenant, 200, HOUR),
    row(RateClass::InvitationLetter, Axis::Recipient, 20, DAY),
    // May cost a hash.
    row(RateClass::InvitationAcceptance, Axis::Link, 10, minutes(15)),
    row(
        RateClass::InvitationAcceptance,
        Axis::Client,
        60,
        minutes(15),
    ),
    row(RateClass::TenantChange, Axis::User, 60, MINUTE),
    row(RateClass::TenantChange, Axis::Client, 300, MINUTE),
    row(RateClass::MembershipChange, Axis::User, 60, MINUTE),
    row(RateClass::MembershipChange, Axis::Client, 300, MINUTE),
    // Whoever stole one session must not keep its owner from ending it out of another.
    row(RateClass::SessionChange, Axis::Session, 30, MINUTE),
    row(RateClass::SessionChange, Axis::User, 600, MINUTE),
    row(RateClass::SessionChange, Axis::Client, 300, MINUTE),
    row(RateClass::ProvisioningChange, Axis::User, 60, MINUTE),
    row(RateClass::ProvisioningChange, Axis::Client, 300, MINUTE),
    // Somebody who clicks through their inbox, on two screens.
    row(RateClass::InboxChange, Axis::User, 300, MINUTE),
    row(RateClass::InboxChange, Axis::Client, 1_200, MINUTE),
];

const fn row(class: RateClass, axis: Axis, times: u32, window: Duration) -> Limit {
    Limit {
        class,
        axis,
        times,
        window,
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// The limits of one class.
pub(super) fn limits_of(class: RateClass) -> impl Iterator<Item = &'static Limit> {
    TABLE.iter().filter(move |limit| limit.class == class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_limited_by_client_and_by_somebody() {
        for class in RateClass::ALL {
            let axes: Vec<_> = limits_of(*class).map(|limit| limit.axis).collect();
            // That of the invitation has been asked before.
            let follows = *class == RateClass::InvitationLetter;
            assert!(follows || axes.contains(&Axis::Client), "{class:?}");
            assert!(axes.iter().any(|axis| *axis != Axis::Client), "{class:?}");
            let mut distinct = axes.clone();
            distinct.dedup();
            assert_eq!(distinct, axes, "{class:?}");
        }
    }

    #[test]
    fn an_account_holds_more_than_one_place_can_take_of_it() {
        let of = |axis| {
            limits_of(RateClass::SignIn)
                .find(|limit| limit.axis == axis)
                .unwrap()
        };
        let (place, account) = (of(Axis::AccountAtClient), of(Axis::Account));
        assert!(account.times >= 10 * place.times);
    }
}
