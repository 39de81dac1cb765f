//! Settings of inboxes.

use std::time::Duration;

use clap::{Args, value_parser};

/// What a person wrote about inboxes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Notifications")]
pub struct NotificationSettings {
    /// For how many days notifications are kept after they were read.
    #[arg(
        long,
        env = "NOTIFICATION_RETENTION_DAYS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 90, value_parser = value_parser!(u64).range(1..=3_650))]
    #[arg(hide_short_help = true)]
    pub notification_retention_days: u64,

    /// How many notifications each person keeps at most; the oldest go first, read or not.
    #[arg(long, env = "NOTIFICATIONS_PER_USER", global = true, value_name = "N")]
    #[arg(default_value_t = 1_000, value_parser = value_parser!(u64).range(10..=100_000))]
    #[arg(hide_short_help = true)]
    pub notifications_per_user: u64,
}

/// Inboxes.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// For how long notifications are kept after they were read.
    pub retention: Duration,
    /// How many each person keeps at most.
    pub most: u64,
}

impl NotificationSettings {
    /// Completes.
    pub(super) fn resolve(self) -> Notifications {
        Notifications {
            retention: Duration::from_hours(24 * self.notification_retention_days),
            most: self.notifications_per_user,
        }
    }
}
