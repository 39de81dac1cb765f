//! The cache and the bus, by using them as the service does, under a name of their own.

use std::time::Duration;

use entity::ids::{ProvisioningJobId, TenantId};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Facts, check::Check};
use crate::{
    config::Config,
    domain::signal::{JobSignal, Signal},
    error::{Error, Result},
    ports::{
        cache::{Cache, CacheKey},
        clock::{Clock, Ids},
        events::EventBus,
        redis::Redis,
    },
};

/// The oldest Redis that knows all commands we send (GETDEL).
const OLDEST: (u32, u32) = (6, 2);
/// How long an event may be under way.
const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// What is put into the cache and taken out again.
struct Token(String);

impl CacheKey for Token {
    type Value = String;

    fn key(&self) -> String {
        format!("value:{}", self.0)
    }

    fn ttl(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// Puts a value, and takes it out.
pub(super) async fn cache(facts: &Facts) -> Check {
    let in_process = "in this process (REDIS_URL is not configured)";
    match ready(facts, "cache", in_process).await {
        Err(check) => check,
        Ok(redis) => match try_cache(&redis).await {
            Ok(version) if is_old(&version) => Check::failed(
                "cache",
                format!("Redis {version} lacks commands that are used"),
                format!("use Redis {}.{} or newer", OLDEST.0, OLDEST.1),
            ),
            Ok(version) => {
                let prefix = &facts.config.redis_prefix;
                Check::ok(
                    "cache",
                    format!("Redis {version}, names begin with `{prefix}`; keeps what it is given"),
                )
            }
            Err(error) => Check::failed(
                "cache",
                format!("Redis does not do what it is told: {error}"),
                "let the user of REDIS_URL read and write; see that Redis has memory left and is no \
                 replica",
            ),
        },
    }
}

/// Publishes an event, and hears it.
pub(super) async fn bus(facts: &Facts) -> Check {
    let in_process =
        "in this process: other processes do not hear it (REDIS_URL is not configured)";
    match ready(facts, "bus", in_process).await {
        Err(check) => check,
        Ok(redis) => match try_bus(redis).await {
            Ok(()) => Check::ok("bus", "Redis; an event was published and heard"),
            Err(error) => Check::failed(
                "bus",
                format!("an event was published and not heard: {error}"),
                "let the user of REDIS_URL publish and subscribe, on the same server",
            ),
        },
    }
}

/// A connection, or what there is to say without one. Nobody else uses the names it gives.
async fn ready(facts: &Facts, name: &'static str, in_process: &str) -> Result<Redis, Check> {
    let Config {
        redis_url,
        redis_prefix,
        ..
    } = &facts.config;
    if let Some(problem) = facts.problem("REDIS_URL") {
        let reason = "not tried: REDIS_URL cannot be used";
        return Err(Check::failed(name, reason, problem.to_string()));
    }
    let Some(url) = redis_url else {
        return Err(Check::ok(name, in_process));
    };
    let prefix = format!("{redis_prefix}doctor:{}:", Ids::system().next());
    Redis::connect(url, prefix).await.map_err(|error| {
        let advice = "start the server, or correct host, port, user and password in REDIS_URL";
        Check::failed(name, error.to_string(), advice)
    })
}

async fn try_cache(redis: &Redis) -> Result<String> {
    redis.ping().await?;
    let cache = Cache::redis(redis.clone(), Clock::system());
    let (key, value) = (Token("doctor".to_owned()), "as it was given".to_owned());
    cache.put(&key, &value).await?;
    let kept = cache.get(&key).await?;
    // Taken out even if it is not the same, so that nothing is left.
    let taken = cache.take(&key).await?;
    if kept.as_ref() != Some(&value) || taken != Some(value) {
        return Err(Error::internal("a value did not come back as it was given"));
    }
    redis.version().await
}

fn is_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    version < OLDEST
}

async fn try_bus(redis: Redis) -> Result<()> {
    let (bus, ear) = EventBus::redis(redis, CancellationToken::new()).await?;
    let mut heard = bus.subscribe();
    let ids = Ids::system();
    // Of no job that there is: whoever else listens finds nothing to tell.
    let signal = Signal::Job(JobSignal {
        tenant_id: TenantId(ids.next()),
        job_id: ProvisioningJobId(ids.next()),
        first_line: None,
    });
    let talk = async {
        bus.publish(std::slice::from_ref(&signal)).await;
        match timeout(HEARD_WITHIN, heard.recv()).await {
            Ok(Ok(heard)) if *heard == signal => Ok(()),
            Ok(Ok(_)) => Err(Error::internal("another signal was heard instead")),
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => Err(Error::internal(format!("silence for {HEARD_WITHIN:?}"))),
        }
    };
    tokio::select! {
        said = talk => said,
        () = ear => Err(Error::internal("the subscription ended")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        for old in ["5.0.14", "6.0.20", "6", "nonsense"] {
            assert!(is_old(old), "{old}");
        }
        for fit in ["6.2.0", "7.0", "8.0.3", "10.1"] {
            assert!(!is_old(fit), "{fit}");
        }
    }
}
