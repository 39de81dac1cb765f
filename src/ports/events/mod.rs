//! Tells live listeners what happened, in this process and others, right after the commit.
//!
//! The bus only wakes listeners earlier: the event log is the truth, and whoever misses something
//! reads it there. So a publisher never fails, and a slow listener is cut off instead of waited for.

mod redis;

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::redis::Redis;
use crate::{domain::signal::Signal, error::Result};

/// How far a listener may fall behind before it must read the log.
const BACKLOG: usize = 1024;

/// Carries events to listeners. Cloning it copies a handle.
#[derive(Clone)]
pub struct EventBus {
    listeners: broadcast::Sender<Arc<Signal>>,
    route: Route,
}

#[derive(Clone)]
enum Route {
    /// Straight to the listeners of this process.
    Local,
    /// To Redis, from where every process hears it, this one too.
    Redis(Redis),
}

impl EventBus {
    /// For a single process.
    pub fn local() -> Self {
        Self {
            listeners: broadcast::Sender::new(BACKLOG),
            route: Route::Local,
        }
    }

    /// For several processes. The second part is the ear of this process: a task to be spawned,
    /// which ends when the token is cancelled. Listening has begun when this returns.
    pub async fn redis(
        redis: Redis,
        shutdown: CancellationToken,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static)> {
        let listeners = broadcast::Sender::new(BACKLOG);
        let ear = redis::listen(redis.clone(), listeners.clone(), shutdown).await?;
        Ok((
            Self {
                listeners,
                route: Route::Redis(redis),
            },
            ear,
        ))
    }

    /// Tells everybody. A failure is logged and otherwise harmless.
    pub async fn publish(&self, signals: &[Signal]) {
        match &self.route {
            Route::Local => {
                for signal in signals {
                    // An error means that nobody listens.
                    self.listeners.send(Arc::new(signal.clone())).ok();
                }
            }
            Route::Redis(_) if signals.is_empty() => {}
            Route::Redis(redis) => redis::publish(redis, signals).await,
        }
    }

    /// Begins to listen: everything published from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Signal>> {
        self.listeners.subscribe()
    }

    /// Whether it can be used.
    pub async fn ping(&self) -> Result<()> {
        match &self.route {
            Route::Local => Ok(()),
            Route::Redis(redis) => redis.ping().await,
        }
    }
}
