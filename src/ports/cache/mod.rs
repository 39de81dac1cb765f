//! Short-lived values: one-time secrets, rate buckets, hot reads. Nothing here is the truth: a
//! flushed cache may cost time, never a decision (ruling 12).
//!
//! Keys are typed: a key names its value and how long that lives. Values carry their expiry and are
//! checked against [`Clock`]; the store's own expiry only collects garbage.
//!
//! While the store that all processes share does not answer: a read finds nothing, which is what a
//! flushed cache would say; rate buckets are kept by this process; everything else says that it
//! failed, at once, because a value that was not put, taken or removed is no small thing.

mod memory;
pub mod rates;
mod redis;

use std::time::Duration;

use entity::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use self::{
    memory::Memory,
    rates::{Bucket, Drawn, memory::Rates},
};
use super::{clock::Clock, redis::Redis};
use crate::{
    error::{Error, Result},
    metrics::{Cache as Counted, CacheCommand},
};

/// A key that knows what it stands for.
pub trait CacheKey: Sync {
    /// What is kept under it.
    type Value: Serialize + DeserializeOwned + Sync;

    /// Its name, unique among all kinds of keys: `kind:id`.
    fn key(&self) -> String;

    /// How long a value lives.
    fn ttl(&self) -> Duration;
}

/// Keeps values for a while.
#[derive(Clone)]
pub struct Cache {
    store: Store,
    /// Rate buckets of this process; beside a shared store they serve while that does not answer.
    rates: Rates,
    clock: Clock,
    counted: Counted,
}

#[derive(Clone)]
enum Store {
    Memory(Memory),
    Redis(Redis),
}

/// A value as the store keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sealed {
    expires_at: Timestamp,
    value: serde_json::Value,
}

impl Cache {
    /// Values of this process; gone when it ends.
    pub fn memory(clock: Clock) -> Self {
        Self {
            store: Store::Memory(Memory::default()),
            rates: Rates::default(),
            clock,
            counted: Counted::default(),
        }
    }

    /// Values shared by all processes.
    pub fn redis(redis: Redis, clock: Clock) -> Self {
        Self {
            store: Store::Redis(redis),
            rates: Rates::default(),
            clock,
            counted: Counted::default(),
        }
    }

    /// The same, telling how often it is asked.
    #[must_use]
    pub fn counted(self, counted: Counted) -> Self {
        Self { counted, ..self }
    }

    /// The value, unless there is none or it has expired.
    pub async fn get<K: CacheKey>(&self, key: &K) -> Result<Option<K::Value>> {
        let name = key.key();
        let sealed = match &self.store {
            Store::Memory(memory) => Ok(memory.get(&name)),
            Store::Redis(redis) => redis::get(redis, &name).await,
        };
        // That it does not answer was said when it began.
        let sealed = self.count(CacheCommand::Get, sealed).unwrap_or_default();
        self.open(sealed)
    }

    /// Keeps the value for as long as its key says, in place of what was there.
    pub async fn put<K: CacheKey>(&self, key: &K, value: &K::Value) -> Result<()> {
        let (name, ttl, now) = (key.key(), key.ttl(), self.clock.now());
        let lifetime = chrono::Duration::from_std(ttl).map_err(Error::internal)?;
        let value = serde_json::to_value(value).map_err(Error::internal)?;
        let sealed = Sealed {
            expires_at: now + lifetime,
            value,
        };
        let kept = match &self.store {
            Store::Memory(memory) => {
                memory.put(name, sealed, now);
                Ok(())
            }
            Store::Redis(redis) => redis::put(redis, &name, &sealed, ttl).await,
        };
        self.count(CacheCommand::Put, kept)
    }

    /// Takes the value out: of any number of callers at once, one gets it.
    pub async fn take<K: CacheKey>(&self, key: &K) -> Result<Option<K::Value>> {
        let name = key.key();
        let sealed = match &self.store {
            Store::Memory(memory) => Ok(memory.take(&name)),
            Store::Redis(redis) => redis::take(redis, &name).await,
        };
        self.open(self.count(CacheCommand::Take, sealed)?)
    }

    /// Forgets the value, if there is one.
    pub async fn remove<K: CacheKey>(&self, key: &K) -> Result<()> {
        let name = key.key();
        let removed = match &self.store {
            Store::Memory(memory) => {
                memory.take(&name);
                Ok(())
            }
            Store::Redis(redis) => redis::remove(redis, &name).await,
        };
        self.count(CacheCommand::Remove, removed)
    }

    /// Draws one from each of the buckets, or from none of them, in one step.
    pub async fn draw(&self, buckets: &[Bucket]) -> Drawn {
        let now = self.clock.now();
        let drawn = match &self.store {
            Store::Memory(_) => Ok(self.rates.draw(buckets, now)),
            Store::Redis(redis) => rates::redis::draw(redis, buckets, now).await,
        };
        self.count(CacheCommand::Draw, drawn)
            .unwrap_or_else(|_| self.rates.draw(buckets, now))
    }

    /// Leaves a mark for a while, on account of which buckets are passed over
    /// ([`Bucket::unless`]). This process remembers it in any case, for when the shared store does
    /// not answer.
    pub async fn mark(&self, name: &str, ttl: Duration) -> Result<()> {
        let now = self.clock.now();
        let until = now + chrono::Duration::from_std(ttl).map_err(Error::internal)?;
        self.rates.mark(name, until, now);
        let left = match &self.store {
            Store::Memory(_) => Ok(()),
            Store::Redis(redis) => rates::redis::mark(redis, name, until, now).await,
        };
        self.count(CacheCommand::Mark, left)
    }

    /// Whether the store that all processes share answered when it was asked last; nothing where
    /// there is none.
    pub fn answers(&self) -> Option<bool> {
        match &self.store {
            Store::Memory(_) => None,
            Store::Redis(redis) => Some(redis.answers()),
        }
    }

    /// Whether it can be used.
    pub async fn ping(&self) -> Result<()> {
        match &self.store {
            Store::Memory(_) => Ok(()),
            Store::Redis(redis) => redis.ping().await,
        }
    }

    fn count<T>(&self, command: CacheCommand, outcome: Result<T>) -> Result<T> {
        self.counted.command(command, outcome.is_ok());
        outcome
    }

    fn open<V: DeserializeOwned>(&self, sealed: Option<Sealed>) -> Result<Option<V>> {
        sealed
            .filter(|sealed| self.clock.now() < sealed.expires_at)
            .map(|sealed| serde_json::from_value(sealed.value).map_err(Error::internal))
            .transpose()
    }
}
