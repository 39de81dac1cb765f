//! The connection to Redis that the cache and the bus share, with the settings that survive a
//! restart of the server. No command of a port lives here.
//!
//! Every command goes through a [`Breaker`]: while the server does not answer, a command fails at
//! once, and its port says what that means.

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo, ProtocolVersion, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

use super::breaker::Breaker;
use crate::error::{Error, Result};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one command may take, with a connection made anew for it: a person is waiting. Redis
/// answers within a millisecond or is not there.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(500);

/// A connection for commands, and the way to open others. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Redis(Arc<Link>);

struct Link {
    client: Client,
    commands: ConnectionManager,
    breaker: Breaker,
    prefix: String,
}

impl Redis {
    /// Connects; fails when the server does not answer.
    pub async fn connect(url: &SecretString, prefix: impl Into<String>) -> Result<Self> {
        let client = client(url).map_err(Unreachable)?;
        // While the server is away a command must fail at once: whoever waits for it has a person
        // waiting. The default would hold it for seconds.
        let config = config()
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(200));
        let commands = ConnectionManager::new_with_config(client.clone(), config)
            .await
            .map_err(Unreachable)?;
        Ok(Self(Arc::new(Link {
            client,
            commands,
            breaker: Breaker::new("Redis"),
            prefix: prefix.into(),
        })))
    }

    /// What a key or channel is called in Redis.
    pub fn name(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// The connection for commands.
    pub fn commands(&self) -> ConnectionManager {
        self.0.commands.clone()
    }

    /// A connection that listens, and never gives up: with a limited number of attempts a longer
    /// outage would end the subscription for good, silently.
    pub async fn listener(
        &self,
        pushes: tokio::sync::mpsc::UnboundedSender<redis::PushInfo>,
    ) -> Result<ConnectionManager> {
        let config = config()
            .set_number_of_retries(usize::MAX)
            .set_max_delay(Duration::from_secs(2))
            .set_push_sender(pushes)
            .set_automatic_resubscription();
        let connected = ConnectionManager::new_with_config(self.0.client.clone(), config);
        Ok(connected.await.map_err(Unreachable)?)
    }

    /// Sends one command; fails at once while the server is known not to answer.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let mut commands = self.commands();
        self.guard(command.query_async(&mut commands)).await
    }

    /// Waits for an answer, unless the server is known not to give any.
    pub async fn guard<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Result<T> {
        if self.0.breaker.lets_through() {
            self.note(asked).await
        } else {
            Err(Error::internal(NoAnswer))
        }
    }

    /// Whether the server answered when it was asked last.
    pub fn answers(&self) -> bool {
        self.0.breaker.is_closed()
    }

    /// Whether the server answers. Looks in any case, so that who watches it also finds it again.
    pub async fn ping(&self) -> Result<()> {
        let (ping, mut commands) = (redis::cmd("PING"), self.commands());
        self.note(ping.query_async::<String>(&mut commands)).await?;
        Ok(())
    }

    /// What the server says it is.
    pub async fn version(&self) -> Result<String> {
        let about: String = self.ask(redis::cmd("INFO").arg("server")).await?;
        let mut lines = about.lines();
        let version = lines.find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("unknown").trim().to_owned())
    }

    /// Waits for an answer, not for long, and remembers whether there was one.
    async fn note<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Result<T> {
        let breaker = &self.0.breaker;
        match tokio::time::timeout(COMMAND_TIMEOUT, asked).await {
            Ok(Ok(answer)) => {
                breaker.answered();
                Ok(answer)
            }
            // Whatever it complains about (loading, read-only, out of memory), it is of no use now.
            Ok(Err(error)) => {
                breaker.failed(&error);
                Err(Error::internal(error))
            }
            Err(_) => {
                breaker.failed(&NoAnswer);
                Err(Error::internal(NoAnswer))
            }
        }
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(COMMAND_TIMEOUT))
}

/// Messages of subscriptions arrive as RESP3 pushes, and a lost connection is noticed by one.
fn client(url: &SecretString) -> RedisResult<Client> {
    let info = url.expose_secret().trim().into_connection_info()?;
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(settings))
}

/// Redis does not answer, or did not a moment ago.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {COMMAND_TIMEOUT:?}")
    }
}

impl std::error::Error for NoAnswer {}

/// Redis did not answer at start.
#[derive(Debug)]
struct Unreachable(redis::RedisError);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use the Redis server of REDIS_URL: {}", self.0)
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<Unreachable> for Error {
    fn from(error: Unreachable) -> Self {
        Self::internal(error)
    }
}
