//! The bus over Redis pub/sub: one channel, one message per commit.

use std::{sync::Arc, time::Duration};

use redis::{PushInfo, PushKind, RedisResult, Value, aio::ConnectionManager};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{domain::signal::Signal, error::Result, ports::redis::Redis};

/// How often a silent connection is checked.
const WATCHDOG: Duration = Duration::from_secs(5);

fn channel(redis: &Redis) -> String {
    redis.name("events")
}

pub(super) async fn publish(redis: &Redis, signals: &[Signal]) {
    let payload = match serde_json::to_string(signals) {
        Ok(payload) => payload,
        Err(error) => return tracing::error!(%error, "events cannot be written as JSON"),
    };
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(channel(redis)).arg(payload);
    // That Redis does not answer was said once, when it began.
    if let Err(error) = redis.ask::<()>(&publish).await {
        tracing::debug!(%error, signals = signals.len(), "not published; listeners find it in the database");
    }
}

/// Subscribes, and returns the task that hands on what is heard.
pub(super) async fn listen(
    redis: Redis,
    listeners: broadcast::Sender<Arc<Signal>>,
    shutdown: CancellationToken,
) -> Result<impl Future<Output = ()> + Send + 'static> {
    let (sender, pushes) = mpsc::unbounded_channel();
    let mut connection = redis.listener(sender).await?;
    let channel = channel(&redis);
    connection
        .subscribe(&channel)
        .await
        .map_err(crate::error::Error::internal)?;

    Ok(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = hand_on(pushes, &channel, &listeners) => {}
            () = watch(connection, redis) => {}
        }
    })
}

async fn hand_on(
    mut pushes: mpsc::UnboundedReceiver<PushInfo>,
    channel: &str,
    listeners: &broadcast::Sender<Arc<Signal>>,
) {
    let mut away = false;
    while let Some(push) = pushes.recv().await {
        match push.kind {
            PushKind::Message => match read(channel, &push.data) {
                Ok(signals) => {
                    for signal in signals {
                        // An error means that nobody listens.
                        listeners.send(Arc::new(signal)).ok();
                    }
                }
                // A process of another version may know other events.
                Err(error) => tracing::warn!(error, "an event from Redis was not understood"),
            },
            PushKind::Disconnection => {
                away = true;
                tracing::warn!("Redis is away; live events wait for it");
            }
            PushKind::Subscribe if away => {
                away = false;
                tracing::info!("Redis is back; live events go on");
            }
            _ => {}
        }
    }
}

/// A message is the channel's name and the payload.
fn read(channel: &str, data: &[Value]) -> Result<Vec<Signal>, String> {
    let [name, payload] = data else {
        return Err("a message of another shape".into());
    };
    let name: String = redis::from_redis_value_ref(name).map_err(|error| error.to_string())?;
    if name != channel {
        return Ok(Vec::new());
    }
    let payload: String =
        redis::from_redis_value_ref(payload).map_err(|error| error.to_string())?;
    serde_json::from_str(&payload).map_err(|error| error.to_string())
}

/// A connection that died without a word is found out by asking, and the question mends it.
async fn watch(mut listener: ConnectionManager, redis: Redis) {
    let mut interval = tokio::time::interval(WATCHDOG);
    loop {
        interval.tick().await;
        if let Err(error) = redis.ping().await {
            tracing::debug!(%error, "Redis does not answer commands");
        }
        let heard: RedisResult<String> = redis::cmd("PING").query_async(&mut listener).await;
        if let Err(error) = heard {
            tracing::debug!(%error, "Redis does not answer the listener");
        }
    }
}
