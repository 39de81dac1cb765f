//! Settings of Redis: cache and events of several processes.

use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{Environment, Problems};

/// What a person wrote about Redis.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Redis")]
pub struct RedisSettings {
    /// Where cache and events live, e.g. `redis://localhost:6379/0` [default: in the process].
    #[arg(
        long,
        env = "REDIS_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis_url: Option<String>,

    /// What every key and channel in Redis starts with.
    #[arg(long, env = "REDIS_PREFIX", global = true, value_name = "TEXT")]
    #[arg(default_value = "erpmax:", hide_short_help = true)]
    pub redis_prefix: String,
}

impl RedisSettings {
    /// Checks and completes: the address, if there is one, and the prefix.
    pub(super) fn resolve(
        self,
        environment: Environment,
        problems: &mut Problems,
    ) -> (Option<SecretString>, String) {
        let url = self.redis_url.filter(|url| !url.trim().is_empty());
        match &url {
            Some(url) if !is_redis(url) => problems.add(
                "REDIS_URL",
                "is not the address of a Redis server; write it like redis://localhost:6379/0",
            ),
            None if environment.is_production() => problems.add(
                "REDIS_URL",
                "is missing; without Redis, cache and events end with the process. Set it to \
                 redis://… or rediss://…",
            ),
            _ => {}
        }
        (url.map(SecretString::from), self.redis_prefix)
    }
}

fn is_redis(url: &str) -> bool {
    const SCHEMES: [&str; 4] = ["redis", "rediss", "unix", "redis+unix"];
    Url::parse(url.trim()).is_ok_and(|url| SCHEMES.contains(&url.scheme()))
}
