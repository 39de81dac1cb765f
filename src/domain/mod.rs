//! Use cases and rules, by feature. No transport, no driver: doors call in, ports lead out.
//!
//! A feature's folder holds one file per use case (verbs), its `store.rs` (the only place with
//! queries), and its pure rules. [`cx::Cx`] comes first in every use case; [`access`] proves what
//! the caller may do; [`unit::UnitOfWork`] is the only way to write.

pub mod access;
pub mod audit;
pub mod auth;
pub mod billing;
pub mod cx;
pub mod db;
pub mod event;
pub mod fields;
pub mod gather;
pub mod idempotency;
pub mod job;
pub mod members;
pub mod moment;
pub mod notifications;
pub mod outbox;
pub mod page;
pub mod patch;
pub mod provisioning;
pub mod realtime;
pub mod rows;
pub mod signal;
pub mod tenants;
pub mod throttle;
pub mod unit;
pub mod values;
