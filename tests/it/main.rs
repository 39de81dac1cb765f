//! The tests of the whole application, in one binary: behaviour through the doors, on either stack.
//! `cargo test` runs them on SQLite, `TEST_STACK=full cargo test` on PostgreSQL and Redis. Rules of
//! a single value or file are tested beside it in `src/`.

// So that clippy takes helpers for tests too: they may unwrap.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their own settings from the environment and start tasks of their own"
)]

mod architecture;
mod attack;
mod auth;
mod bad_input;
mod billing;
mod breaking;
mod ci;
mod cli;
mod concurrency;
mod configuration;
mod container;
mod docs;
mod effects;
mod errors;
mod graphql;
mod harness;
mod idempotency;
mod isolation;
mod limits;
mod members;
mod meta;
mod metrics;
mod migrations;
mod mirrors;
mod notifications;
mod outbox;
mod pages;
mod parity;
mod permissions;
mod ports;
mod processes;
mod provisioning;
mod rate_limits;
mod realtime;
mod schema;
mod socketio;
mod statements;
mod subscriptions;
mod support;
mod sweep;
mod tenants;
mod throttle;
