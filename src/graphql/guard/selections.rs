//! What running subscriptions show. Each selection is kept once for all who have sent the same, for as long
//! as one of them listens; what one, what those of one person and what all together take is bounded.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use async_graphql::{Name, ServerError, Variables, parser::types::ExecutableDocument};
use entity::ids::UserId;
use sha2::{Digest, Sha256};

use super::{
    document::{Hash, costly},
    flat::{mentioned, shows_common_only},
    footprint::{footprint, footprint_of_variables},
};
use crate::{config, error::Code, graphql::error::refusal, metrics};

/// What a selection takes beside its document: itself, and its place among the others.
const BASE_WEIGHT: usize = 512;
/// When to come back who finds no room.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A selection that nobody shows yet.
#[derive(Debug)]
pub struct Draft {
    document: ExecutableDocument,
    variables: Variables,
    hash: Hash,
    weight: usize,
}

/// What is to be shown of each event.
#[derive(Debug)]
pub struct Selection {
    /// The operation, with what matters for an event.
    pub document: ExecutableDocument,
    /// Its variables.
    pub variables: Variables,
    /// The same for all who have sent the same.
    pub hash: Hash,
    /// Whether it looks the same for everybody who has the same role in the tenant.
    pub common: bool,
    weight: usize,
    /// Who was the first to show it, and has it on their account.
    user: UserId,
    among: Arc<Selections>,
}

/// The selections of this process.
#[derive(Debug)]
pub struct Selections {
    most: usize,
    most_of_all: usize,
    most_of_one: usize,
    kept: Mutex<Kept>,
    metrics: metrics::Realtime,
}

#[derive(Debug, Default)]
struct Kept {
    selections: HashMap<Hash, Weak<Selection>>,
    weight: usize,
    by_user: HashMap<UserId, usize>,
}

impl Draft {
    /// What an operation of a document shows, with those of the variables that matter for an event.
    pub fn new(
        document: ExecutableDocument,
        name: Option<&Name>,
        sent: &Variables,
        text: Hash,
    ) -> Self {
        let variables = mentioned(&document, sent);
        let written = serde_json::to_vec(&(name, &variables)).unwrap_or_default();
        let hash = Sha256::new().chain_update(text).chain_update(written);
        Self {
            weight: BASE_WEIGHT + footprint(&document) + footprint_of_variables(&variables),
            hash: hash.finalize().into(),
            variables,
            document,
        }
    }
}

impl Selections {
    /// None yet.
    pub fn new(limits: &config::Realtime, metrics: metrics::Realtime) -> Self {
        Self {
            metrics,
            most: limits.selection_bytes,
            most_of_all: limits.selections_bytes,
            most_of_one: limits.selections_bytes_per_user,
            kept: Mutex::default(),
        }
    }

    /// Refuses what is larger than any selection may be.
    pub fn admit(&self, draft: &Draft) -> Result<(), ServerError> {
        if draft.weight <= self.most {
            return Ok(());
        }
        Err(costly(format!(
            "What a subscription selects takes {} bytes of memory here; at most {} are allowed. \
             Ask for fewer fields.",
            draft.weight, self.most
        )))
    }

    /// Keeps a selection for somebody, or finds the one that is kept.
    pub fn keep(
        self: &Arc<Self>,
        user: UserId,
        draft: Draft,
    ) -> Result<Arc<Selection>, ServerError> {
        let mut kept = self.kept();
        if let Some(known) = kept.selections.get(&draft.hash).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let Draft {
            document,
            variables,
            hash,
            weight,
        } = draft;
        let theirs = kept.by_user.get(&user).copied().unwrap_or_default();
        if theirs + weight > self.most_of_one {
            return Err(full(format!(
                "What your subscriptions select may take {} bytes of memory here together, and this one \
                 would be too much. End others, or ask for fewer fields.",
                self.most_of_one
            )));
        }
        if kept.weight + weight > self.most_of_all {
            let text = "There is no room for another selection of a subscription. Try again later.";
            return Err(full(text));
        }
        let selection = Arc::new(Selection {
            common: shows_common_only(&document),
            document,
            variables,
            hash,
            weight,
            user,
            among: Arc::clone(self),
        });
        kept.weight += weight;
        self.metrics.selections(kept.weight);
        kept.by_user.insert(user, theirs + weight);
        kept.selections.insert(hash, Arc::downgrade(&selection));
        Ok(selection)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Selection {
    fn drop(&mut self) {
        let mut kept = self.among.kept();
        kept.weight -= self.weight;
        self.among.metrics.selections(kept.weight);
        if let Some(theirs) = kept.by_user.get_mut(&self.user) {
            *theirs -= self.weight;
            if *theirs == 0 {
                kept.by_user.remove(&self.user);
            }
        }
        // Somebody may have come meanwhile and made it anew.
        let gone = kept.selections.get(&self.hash);
        if gone.is_some_and(|it| it.strong_count() == 0) {
            kept.selections.remove(&self.hash);
        }
    }
}

/// No room.
fn full(text: impl Into<String>) -> ServerError {
    let mut error = refusal(Code::RateLimited, text, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("retryAfter", RETRY_AFTER.as_secs());
    error
}
