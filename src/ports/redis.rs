//! The connection to Redis that the cache and the bus share, with the settings that survive a
//! restart of the server. No command of a port lives here.

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, IntoConnectionInfo, ProtocolVersion, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection for commands, and the way to open others. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Redis(Arc<Link>);

struct Link {
    client: Client,
    commands: ConnectionManager,
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

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<()> {
        let answer: RedisResult<String> =
            redis::cmd("PING").query_async(&mut self.commands()).await;
        answer.map(drop).map_err(Error::internal)
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
