//! One contract suite per port, run on every adapter of it. Those that need Redis run on the full
//! stack, where its absence is a failure.

use erpmax::ports::redis::Redis;

use crate::support::storage;

mod cache;
mod events;
mod mailer;
mod provisioner;
mod queue;

/// A connection with a prefix that no other test has.
async fn redis() -> Redis {
    let prefix = format!("{}:", storage::next_name());
    Redis::connect(&storage::redis_url().into(), prefix)
        .await
        .expect("Redis answers")
}
