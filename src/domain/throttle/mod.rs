//! How often things may be done: on both axes, by whom and from where, counted in the cache that all
//! processes share.
//!
//! A use case that changes something says so first: `cx.throttle(Attempt::…).await?`, before it
//! asks the database or hashes a password, so that a refusal costs next to nothing. Because the use
//! case says it and no door does, both doors and every alias of a GraphQL document count. Reading is
//! not counted so: it must not touch the shared cache. What a client may ask for at all is counted by
//! each process for itself ([`Clients`]).

mod attempt;
mod clients;
mod network;
mod table;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub use self::{
    attempt::{Attempt, Refreshed},
    clients::Clients,
    network::Network,
    table::{Axis, Limit, RateClass, TABLE},
};
use super::cx::Cx;
use crate::{
    error::{Error, Result},
    ports::cache::rates::{Bucket, Drawn, Rate},
};

/// For how long a sign-in makes its client's network known to the account.
const KNOWN_FOR: Duration = Duration::from_hours(24 * 30);

impl Cx {
    /// Counts an attempt; `RATE_LIMITED`, when there were too many on one of the axes, and then it
    /// counts on none. A part of the system itself is not counted.
    pub async fn throttle(&self, attempt: Attempt<'_>) -> Result<()> {
        if self.is_system() {
            return Ok(());
        }
        let class = attempt.class();
        let limits: Vec<_> = table::limits_of(class).collect();
        let mut buckets = Vec::with_capacity(limits.len());
        for limit in &limits {
            buckets.push(self.bucket(&attempt, limit).await?);
        }
        match self.app().cache.draw(&buckets).await {
            Drawn::Granted => Ok(()),
            Drawn::Refused {
                bucket,
                retry_after,
            } => {
                let axis = limits[bucket].axis;
                let metrics = &self.app().metrics;
                metrics.rate_limited(class.as_str(), axis.as_str());
                Err(Error::too_often(retry_after))
            }
        }
    }

    /// Remembers that somebody has signed in to an account from the request's network, so that
    /// strangers who try the account from elsewhere do not lock them out.
    pub(super) async fn note_sign_in(&self, address: &str) {
        if let Some(mark) = self.known_at(address) {
            // Without the mark the account's own limit holds here too, and that is all.
            if let Err(error) = self.app().cache.mark(&mark, KNOWN_FOR).await {
                tracing::debug!(%error, "a sign-in's network was not noted");
            }
        }
    }

    async fn bucket(&self, attempt: &Attempt<'_>, limit: &Limit) -> Result<Bucket> {
        let &Limit {
            class,
            axis,
            times,
            window,
        } = limit;
        let network = Network::of(self.info().ip);
        let subject = match (attempt, axis) {
            (_, Axis::Client) => Vec::new(),
            (_, Axis::User) => self.identity().await?.user.id.0.as_bytes().to_vec(),
            (Attempt::SessionChange, Axis::Session) => {
                self.identity().await?.session_id.0.as_bytes().to_vec()
            }
            (attempt, axis) => attempt.subject(axis).to_vec(),
        };
        let mut facts = vec![
            class.as_str().as_bytes(),
            axis.as_str().as_bytes(),
            &subject,
        ];
        if axis.is_of_network() {
            facts.push(network.as_bytes());
        }
        let unless = match (attempt, axis) {
            (Attempt::SignIn(address), Axis::Account) => self.known_at(address.normalized()),
            _ => None,
        };
        Ok(Bucket {
            name: self.name("rate", &facts),
            rate: Rate::new(self.app().config.limits.scale.of(times), window),
            unless,
        })
    }

    /// The mark of an account that was signed in to from the request's network.
    fn known_at(&self, address: &str) -> Option<String> {
        let network = Network::of(Some(self.info().ip?));
        Some(self.name("known", &[address.as_bytes(), network.as_bytes()]))
    }

    /// A name that tells nobody what it stands for: made with the server's key, because an address
    /// that is merely hashed is found by trying all of them.
    fn name(&self, kind: &'static str, facts: &[&[u8]]) -> String {
        let hash = self.app().tokens.derive(kind, facts);
        format!("{kind}:{}", URL_SAFE_NO_PAD.encode(&hash[..16]))
    }
}
