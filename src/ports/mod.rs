//! Ways to the outside. Each port is a contract in its `mod.rs` with its adapters beside it; an
//! adapter knows one driver and no other adapter. `boot` chooses; nobody else can tell which it is.

pub mod breaker;
pub mod cache;
pub mod clock;
pub mod events;
pub mod mailer;
pub mod provisioner;
pub mod queue;
pub mod redis;
