//! The tables as data: one file per table, its enums beside it, one newtype per key.
//!
//! No behaviour, no web types: what a row *is* lives here, what may be done with it lives in
//! `domain/`. The schema itself is made by the `migration` crate, which never imports this one.

pub mod audit_entry;
pub mod backup;
pub mod event;
pub mod event_stream;
pub mod idempotency_record;
pub mod ids;
pub mod invitation;
pub mod membership;
pub mod notification;
pub mod notification_preference;
pub mod outbox_message;
pub mod plan;
pub mod provisioning_job;
pub mod provisioning_log_line;
pub mod provisioning_step;
pub mod refresh_token;
pub mod row;
pub mod session;
pub mod site;
pub mod subscription;
pub mod tenant;
pub mod user;

/// A moment in UTC. Every "now" has microsecond precision, because PostgreSQL keeps no more.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
