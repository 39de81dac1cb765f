//! What each kind of notification is: how it is shown, and by which ways it is told unless a person
//! chose otherwise. `docs/NOTIFICATIONS.md` is printed from it.

use entity::{
    notification::{NotificationKind as Kind, NotificationType as Type},
    notification_preference::NotificationChannel,
};

/// What is the same of all notifications of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How it is shown.
    pub notification_type: Type,
    /// Whether it comes into the inbox.
    pub in_app: Way,
    /// Whether it comes as a letter.
    pub email: Way,
}

/// Whether something is told by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Unless a person does not want it.
    On,
    /// If a person wants it.
    Off,
    /// In any case.
    Always(Always),
}

/// Why something is told in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Always {
    /// Nobody may miss it.
    Important,
    /// There is a letter of its own about it, with more in it than a notification says.
    OwnLetter,
}

impl Way {
    /// Whether it is told, given what a person chose.
    pub fn is_on(self, chosen: Option<bool>) -> bool {
        match self {
            Self::On => chosen.unwrap_or(true),
            Self::Off => chosen.unwrap_or(false),
            Self::Always(_) => true,
        }
    }

    /// Whether a person has a choice.
    pub fn is_free(self) -> bool {
        match self {
            Self::On | Self::Off => true,
            Self::Always(_) => false,
        }
    }
}

impl Rule {
    /// One of the ways.
    pub fn way(self, channel: NotificationChannel) -> Way {
        match channel {
            NotificationChannel::InApp => self.in_app,
            NotificationChannel::Email => self.email,
        }
    }
}

const IMPORTANT: Way = Way::Always(Always::Important);
const OWN_LETTER: Way = Way::Always(Always::OwnLetter);

/// The table.
pub const fn rule(kind: Kind) -> Rule {
    match kind {
        Kind::MemberAdded => row(Type::Success, Way::On, OWN_LETTER),
        Kind::MemberJoined | Kind::MemberLeft | Kind::RoleChanged | Kind::ProvisioningCancelled => {
            row(Type::Info, Way::On, Way::Off)
        }
        // Whoever lost access must be able to see why.
        Kind::MemberRemoved => row(Type::Warning, IMPORTANT, Way::Off),
        Kind::OwnershipTransferred => row(Type::Info, IMPORTANT, OWN_LETTER),
        Kind::ProvisioningCompleted => row(Type::Success, Way::On, Way::Off),
        // It ends long after the person has looked away, and somebody has to act.
        Kind::ProvisioningFailed => row(Type::Error, Way::On, Way::On),
        // Whoever copied the sign-in may have the inbox open elsewhere; the letter goes to the owner.
        Kind::SessionReused => row(Type::Warning, IMPORTANT, Way::On),
    }
}

const fn row(notification_type: Type, in_app: Way, email: Way) -> Rule {
    Rule {
        notification_type,
        in_app,
        email,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_counts_where_there_is_one() {
        for chosen in [None, Some(true), Some(false)] {
            assert_eq!(Way::On.is_on(chosen), chosen != Some(false));
            assert_eq!(Way::Off.is_on(chosen), chosen == Some(true));
            assert!(IMPORTANT.is_on(chosen));
        }
        for kind in Kind::ALL {
            let letter = Way::Always(Always::OwnLetter);
            assert_ne!(rule(*kind).in_app, letter, "{kind:?}");
        }
    }
}
