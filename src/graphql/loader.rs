//! Loads many rows of one kind with one statement: the answer to "one query per list item".
//!
//! The library's own data loader gathers keys until a timer fires, so on a busy machine a list may
//! be split into several statements. This one needs no timer: whoever makes a list announces its
//! keys, and the first field that needs a row fetches all announced ones, while the others wait for
//! it. How many statements a query costs is therefore certain, and a test states it.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use super::error::{Failure, Result};
use crate::error;

/// Rows of one kind by their key, for one scope; never shared between callers.
pub struct Loader<K, V>(tokio::sync::Mutex<HashMap<K, Result<Option<V>>>>);

impl<K, V> Default for Loader<K, V> {
    fn default() -> Self {
        Self(tokio::sync::Mutex::default())
    }
}

/// Loaders of one kind, one for each set of arguments that a field was given: `members(first: 5)` of
/// a hundred tenants is one fetch, `members(first: 6)` of the same tenants another.
pub struct LoaderByArguments<A, K, V>(Mutex<HashMap<A, Arc<Loader<K, V>>>>);

impl<A, K, V> Default for LoaderByArguments<A, K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A: Clone + Eq + Hash, K, V> LoaderByArguments<A, K, V> {
    /// The loader for these arguments.
    pub fn with(&self, arguments: &A) -> Arc<Loader<K, V>> {
        let mut loaders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(loaders.entry(arguments.clone()).or_default())
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Loader<K, V> {
    /// The row; if it is not there yet, it is fetched together with those of all announced keys.
    pub async fn get<F>(
        &self,
        key: K,
        announced: impl FnOnce() -> HashSet<K>,
        fetch: impl FnOnce(Vec<K>) -> F,
    ) -> Result<Option<V>>
    where
        F: Future<Output = error::Result<HashMap<K, V>>>,
    {
        let mut loaded = self.0.lock().await;
        if let Some(known) = loaded.get(&key) {
            return known.clone();
        }
        let mut keys = announced();
        keys.insert(key);
        keys.retain(|key| !loaded.contains_key(key));
        let keys: Vec<_> = keys.into_iter().collect();
        // Boxed, as one of many waits for it: a field's future is moved with all that it may become.
        match Box::pin(fetch(keys.clone())).await {
            Ok(mut found) => {
                loaded.extend(keys.into_iter().map(|key| (key, Ok(found.remove(&key)))));
            }
            Err(failure) => {
                let failure = Failure::from(failure);
                loaded.extend(keys.into_iter().map(|key| (key, Err(failure.clone()))));
            }
        }
        loaded.get(&key).cloned().unwrap_or(Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_whole_list_costs_one_fetch() {
        let loader = Loader::default();
        let fetches = AtomicUsize::new(0);
        let announced = || (0..100).collect();
        let fetch = async |keys: Vec<i32>| {
            fetches.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(keys
                .into_iter()
                .filter(|key| key % 2 == 0)
                .map(|key| (key, key * 10))
                .collect())
        };
        let rows =
            futures::future::try_join_all((0..100).map(|key| loader.get(key, announced, &fetch)));
        let rows = rows.await.expect("loads");
        assert_eq!((rows[1], rows[42]), (None, Some(420)));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_failed_fetch_is_not_tried_again_for_each_row() {
        let loader = Loader::<i32, i32>::default();
        let fetches = AtomicUsize::new(0);
        let announced = || (0..3).collect();
        for key in 0..3 {
            let row = loader.get(key, announced, async |_| {
                fetches.fetch_add(1, Ordering::Relaxed);
                Err(error::Error::internal("no database"))
            });
            assert!(row.await.is_err());
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }
}
