//! The namespaces: what each is about. Every one has a twin under `/ws`, because the path of a client's
//! URL is its namespace.

use crate::domain::realtime::Feed;

/// What a namespace is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Everything.
    Main,
    /// One feed.
    Of(Feed),
}

impl Namespace {
    /// All names, and what they are about.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("/", Self::Main),
        ("/notifications", Self::Of(Feed::Notifications)),
        ("/provisioning", Self::Of(Feed::Provisioning)),
        ("/billing", Self::Of(Feed::Billing)),
        ("/ws", Self::Main),
        ("/ws/notifications", Self::Of(Feed::Notifications)),
        ("/ws/provisioning", Self::Of(Feed::Provisioning)),
        ("/ws/billing", Self::Of(Feed::Billing)),
    ];

    /// What it is about, for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Of(Feed::Notifications) => "notifications",
            Self::Of(Feed::Provisioning) => "provisioning",
            Self::Of(Feed::Billing) => "billing",
        }
    }

    /// Whether a client may say here that it has read a notification.
    pub fn takes_readings(self) -> bool {
        matches!(self, Self::Main | Self::Of(Feed::Notifications))
    }
}
