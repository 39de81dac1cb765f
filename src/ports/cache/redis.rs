//! The cache that all processes share.

use std::time::Duration;

use redis::cmd;

use super::Sealed;
use crate::{
    error::{Error, Result},
    ports::redis::Redis,
};

/// How much longer than a value lives Redis keeps it: the clock that decides is not the server's.
const SLACK: Duration = Duration::from_mins(1);

pub(super) async fn get(redis: &Redis, name: &str) -> Result<Option<Sealed>> {
    open(redis.ask(cmd("GET").arg(redis.name(name))).await?)
}

pub(super) async fn put(redis: &Redis, name: &str, sealed: &Sealed, ttl: Duration) -> Result<()> {
    let text = serde_json::to_string(sealed).map_err(Error::internal)?;
    let kept = u64::try_from((ttl + SLACK).as_millis()).map_err(Error::internal)?;
    let mut set = cmd("SET");
    set.arg(redis.name(name)).arg(text).arg("PX").arg(kept);
    redis.ask(&set).await
}

/// One command, so that one of two callers gets it.
pub(super) async fn take(redis: &Redis, name: &str) -> Result<Option<Sealed>> {
    open(redis.ask(cmd("GETDEL").arg(redis.name(name))).await?)
}

pub(super) async fn remove(redis: &Redis, name: &str) -> Result<()> {
    redis.ask(cmd("DEL").arg(redis.name(name))).await
}

fn open(text: Option<String>) -> Result<Option<Sealed>> {
    text.map(|text| serde_json::from_str(&text).map_err(Error::internal))
        .transpose()
}
