//! A connection to the broker. Whoever wants a channel gets one on the connection that is there, or
//! on a new one; nobody waits for a broker that does not answer.

use std::{fmt, time::Duration};

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
    uri::AMQPUri,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::topology::Topology;

/// How long one attempt may take to connect and to make the queues.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a broker takes to say that it closes something.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often the two sides look whether the other is there, in seconds.
const HEARTBEAT: u16 = 10;
/// The longest frame, in bytes; longer messages come in several. The driver keeps room for 64 of them on
/// each connection: 8 MiB at the broker's own limit.
const FRAME_MAX: u32 = 16 * 1024;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The broker does not answer, now.
    Away(String),
    /// It answers, and will not have us like this: trying again cannot help.
    Refused(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => write!(f, "RabbitMQ does not answer: {why}"),
            Self::Refused(why) => write!(f, "RabbitMQ refuses: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<lapin::Error> for Trouble {
    fn from(error: lapin::Error) -> Self {
        let refused = match error.kind() {
            ErrorKind::ProtocolError(said) => matches!(
                said.kind(),
                AMQPErrorKind::Soft(
                    AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED
                ) | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
            ),
            ErrorKind::AuthProviderError(_) | ErrorKind::InvalidProtocolVersion(_) => true,
            _ => false,
        };
        if refused {
            Self::Refused(error.to_string())
        } else {
            Self::Away(error.to_string())
        }
    }
}

/// The way to one broker.
pub(super) struct Link {
    url: SecretString,
    /// What the broker's list of connections calls it.
    name: &'static str,
    topology: Topology,
    connection: Mutex<Option<Connection>>,
}

impl Link {
    pub(super) fn new(url: SecretString, name: &'static str, topology: Topology) -> Self {
        Self {
            url,
            name,
            topology,
            connection: Mutex::default(),
        }
    }

    /// A new channel; connects, and makes the queues that are missing, where that has to be.
    pub(super) async fn channel(&self) -> Result<Channel, Trouble> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = &*held
            && connection.status().connected()
            && let Ok(channel) = in_time(self.prepare(connection)).await
        {
            return Ok(channel);
        }
        *held = None;
        let opening = async {
            let connection = connect(&self.url, self.name).await?;
            let channel = self.prepare(&connection).await?;
            Ok((connection, channel))
        };
        let (connection, channel) = in_time(opening).await?;
        *held = Some(connection);
        Ok(channel)
    }

    async fn prepare(&self, connection: &Connection) -> Result<Channel, Trouble> {
        let channel = connection.create_channel().await?;
        self.topology.declare(&channel).await?;
        Ok(channel)
    }

    /// Ends the connection, if there is one; what was not acknowledged goes back.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            let closing = connection.close(200, "closed".into());
            timeout(CLOSE_TIMEOUT, closing).await.ok();
        }
    }
}

/// Ends a channel. One that only goes out of use complains when its connection ends.
pub(super) async fn end(channel: &Channel) {
    let closing = channel.close(200, "closed".into());
    timeout(CLOSE_TIMEOUT, closing).await.ok();
}

/// One connection.
pub(super) async fn connect(url: &SecretString, name: &str) -> Result<Connection, Trouble> {
    // Its text would repeat the address.
    let read: Result<AMQPUri, _> = url.expose_secret().trim().parse();
    let mut uri = read.map_err(|_| Trouble::Refused("its address cannot be read".to_owned()))?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    uri.query.frame_max.get_or_insert(FRAME_MAX);
    let properties =
        ConnectionProperties::default().with_connection_name(format!("erpmax {name}").into());
    Ok(Connection::connect_uri(uri, properties).await?)
}

/// Gives up on what takes too long.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(CONNECT_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| Err(Trouble::Away(format!("nothing for {CONNECT_TIMEOUT:?}"))))
}

/// How long to wait before the next attempt: longer each time, up to a bound, and not all at once.
pub(super) struct Patience {
    since: Instant,
    pause: Duration,
}

impl Patience {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(2);

    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            pause: Self::FIRST,
        }
    }

    /// The next pause.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(Self::LONGEST);
        // Nothing depends on how even it is.
        let spread = self.since.elapsed().subsec_nanos() % 256;
        pause + pause * spread / 1024
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.pause = Self::FIRST;
    }
}
