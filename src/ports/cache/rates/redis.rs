//! The buckets that all processes share: one script, one round trip.

use std::{sync::LazyLock, time::Duration};

use entity::Timestamp;
use redis::{Script, cmd};

use super::{Bucket, Drawn, micros};
use crate::{error::Result, ports::redis::Redis};

/// How much longer than it matters Redis keeps a key: the clock that decides is not the server's.
const SLACK_MILLIS: i64 = 60_000;

static DRAW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("draw.lua")));

/// Draws one from each bucket, or from none.
pub async fn draw(redis: &Redis, buckets: &[Bucket], now: Timestamp) -> Result<Drawn> {
    let mut script = DRAW.prepare_invoke();
    script.arg(micros(now)).arg(SLACK_MILLIS);
    for Bucket { name, rate, unless } in buckets {
        let key = redis.name(name);
        let mark = unless.as_ref().map(|mark| redis.name(mark));
        script.key(&key).key(mark.as_ref().unwrap_or(&key));
        script.arg(rate.interval).arg(rate.depth);
    }
    let mut commands = redis.commands();
    let asked = script.invoke_async::<(u64, usize)>(&mut commands);
    let (wait, bucket) = redis.guard(asked).await?;
    Ok(match bucket.checked_sub(1) {
        None => Drawn::Granted,
        Some(bucket) => Drawn::Refused {
            bucket,
            retry_after: Duration::from_micros(wait),
        },
    })
}

/// Leaves a mark that ends at this moment.
pub async fn mark(redis: &Redis, name: &str, until: Timestamp, now: Timestamp) -> Result<()> {
    let kept = (until - now).num_milliseconds() + SLACK_MILLIS;
    let mut set = cmd("SET");
    set.arg(redis.name(name))
        .arg(micros(until))
        .arg("PX")
        .arg(kept);
    redis.ask(&set).await
}
