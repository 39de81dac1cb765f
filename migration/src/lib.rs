//! The schema's history: one table or one change per file, in order, each with its way back.
//!
//! Frozen once released: a change of the schema is a new file at the end of the list. Nothing here
//! knows the `entity` crate, because entities describe today and a migration describes its own day.
//! Rows are not made here either; seeding is code of `domain/`.
//!
//! One text serves SQLite and PostgreSQL. Lengths are stated as CHECKs because SQLite ignores
//! `varchar(n)`; words of enums are not, because such lists grow and SQLite cannot alter a CHECK.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;

mod m20261123_000001_users;
mod m20261123_000002_plans;
mod m20261123_000003_tenants;
mod m20261123_000004_user_tenants;
mod m20261123_000005_invitations;
mod m20261123_000006_subscriptions;
mod m20261123_000007_sessions;
mod m20261123_000008_refresh_tokens;
mod m20261123_000009_event_streams;
mod m20261123_000010_events;
mod m20261123_000011_outbox;
mod m20261123_000012_audit_log;
mod m20261123_000013_idempotency_records;
mod m20261123_000014_foreign_key_indexes;
mod m20261123_000015_session_expiry_index;
mod m20261123_000017_live_sessions;
mod m20261123_000018_outbox_sent;
mod m20261123_000020_provisioning_jobs;
mod m20261123_000021_provisioning_steps;
mod m20261123_000022_provisioning_log_lines;
mod m20261123_000023_sites;
mod m20261123_000024_backups;
mod m20261123_000025_harmless_steps;
mod m20261123_000026_notifications;
mod m20261123_000027_notification_preferences;
mod m20261123_000028_event_pruning;

/// Knows every migration and their order.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_users::Migration),
            Box::new(m20261123_000002_plans::Migration),
            Box::new(m20261123_000003_tenants::Migration),
            Box::new(m20261123_000004_user_tenants::Migration),
            Box::new(m20261123_000005_invitations::Migration),
            Box::new(m20261123_000006_subscriptions::Migration),
            Box::new(m20261123_000007_sessions::Migration),
            Box::new(m20261123_000008_refresh_tokens::Migration),
            Box::new(m20261123_000009_event_streams::Migration),
            Box::new(m20261123_000010_events::Migration),
            Box::new(m20261123_000011_outbox::Migration),
            Box::new(m20261123_000012_audit_log::Migration),
            Box::new(m20261123_000013_idempotency_records::Migration),
            Box::new(m20261123_000014_foreign_key_indexes::Migration),
            Box::new(m20261123_000015_session_expiry_index::Migration),
            Box::new(m20261123_000017_live_sessions::Migration),
            Box::new(m20261123_000018_outbox_sent::Migration),
            Box::new(m20261123_000020_provisioning_jobs::Migration),
            Box::new(m20261123_000021_provisioning_steps::Migration),
            Box::new(m20261123_000022_provisioning_log_lines::Migration),
            Box::new(m20261123_000023_sites::Migration),
            Box::new(m20261123_000024_backups::Migration),
            Box::new(m20261123_000025_harmless_steps::Migration),
            Box::new(m20261123_000026_notifications::Migration),
            Box::new(m20261123_000027_notification_preferences::Migration),
            Box::new(m20261123_000028_event_pruning::Migration),
        ]
    }
}
