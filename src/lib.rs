//! ERPMax Orchestrator: the control plane of a `SaaS` that sells hosted `ERPNext`.
//!
//! The floor plan. One core, four doors: the core is written by feature, the doors by protocol, and
//! the same word names the same thing on every floor.
//!
//! - [`domain`]: use cases and rules. Knows no transport.
//! - [`graphql`], [`rest`], [`socketio`]: the doors. Thin; they hold no rules.
//! - [`pages`]: what a person sees in a browser.
//! - [`worker`]: the door without a caller: work that was asked for and is done later.
//! - [`ports`]: ways to the outside: cache, events, queue, mail, clock.
//! - [`metrics`]: what is counted while it runs.
//! - [`storage`]: how statements reach the database.
//! - [`config`]: typed settings, the only reader of the environment.
//! - [`boot`] turns a configuration into an [`app::App`]; [`server`] joins the doors;
//!   [`cli`] is what a person types.
//!
//! Who may import whom is written in `docs/ARCHITECTURE.md` and enforced by
//! `tests/it/architecture.rs`.

pub mod app;
pub mod boot;
pub mod cli;
pub mod config;
pub mod domain;
pub mod error;
pub mod graphql;
pub mod metrics;
pub mod pages;
pub mod ports;
pub mod rest;
pub mod server;
pub mod socketio;
pub mod storage;
pub mod telemetry;
pub mod worker;
