//! The documents of this process: parsed, bounded and validated once, found again by the hash of
//! their text. Serves persisted queries, and spares every other request the same work.
//!
//! Bounded by number and by weight. What was asked for again stays before what came once, so a flood
//! of new documents pushes out others of the flood, not what the frontends use. Nothing breaks when
//! a document is gone: a client that sent its hash alone is asked for the text.

use std::{hash::RandomState, sync::Arc};

use quick_cache::{
    OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use super::document::{Document, Hash, MAX_WEIGHT};
use crate::config;

/// Most parts of a store, each with a lock of its own.
const SHARDS: u64 = 4;

/// The documents that were valid.
pub struct Documents(Cache<Hash, Arc<Document>, Weigh, RandomState>);

#[derive(Clone)]
struct Weigh {
    /// What even the smallest one weighs, so that the bound on weight is one on number.
    least: u64,
}

impl Weighter<Hash, Arc<Document>> for Weigh {
    fn weight(&self, _: &Hash, document: &Arc<Document>) -> u64 {
        (document.weight as u64).max(self.least)
    }
}

impl Documents {
    /// An empty store of the configured size.
    pub fn new(limits: &config::Graphql) -> Self {
        let (count, bytes) = (limits.documents.max(1), limits.documents_bytes as u64);
        // A part takes what has room beside one that is asked for again and again: a little less
        // than the whole part.
        let room = bytes - bytes / 10;
        let largest = (MAX_WEIGHT + limits.max_document_bytes) as u64;
        // As many as may each hold the largest document; the library rounds up to a power of two.
        let shards = 1 << (room / largest).clamp(1, SHARDS).ilog2();
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(count)
            .weight_capacity(bytes)
            .build()
            .expect("all options are given");
        let weigh = Weigh {
            least: bytes.div_ceil(count as u64).min(room),
        };
        Self(Cache::with_options(
            options,
            weigh,
            RandomState::new(),
            DefaultLifecycle::default(),
        ))
    }

    /// The document with this hash.
    pub fn get(&self, hash: &Hash) -> Option<Arc<Document>> {
        self.0.get(hash)
    }

    /// Keeps a document that was found valid.
    pub fn keep(&self, document: &Arc<Document>) {
        if document.may_be_kept && self.0.peek(&document.hash).is_none() {
            self.0.insert(document.hash, Arc::clone(document));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::guard::{document::hash, limits::tests::LIMITS};

    fn document(text: &str) -> Arc<Document> {
        let document = Document::parse(&LIMITS, text, hash(text));
        Arc::new(document.expect("a good document"))
    }

    fn flood(store: &Documents, documents: std::ops::Range<usize>) {
        for n in documents {
            store.keep(&document(&format!("query Flood{n} {{ plans {{ id }} }}")));
        }
    }

    #[test]
    fn a_flood_pushes_out_the_flood_and_not_what_is_used() {
        let store = Documents::new(&LIMITS);
        let used: Vec<_> = (0..LIMITS.documents / 4)
            .map(|n| document(&format!("query Used{n} {{ plans {{ id }} }}")))
            .collect();
        for document in &used {
            store.keep(document);
        }
        for document in used.iter().chain(&used) {
            assert!(store.get(&document.hash).is_some());
        }
        flood(&store, 0..LIMITS.documents * 20);
        let left = used.iter().filter(|of| store.get(&of.hash).is_some());
        let left = left.count();
        assert!(
            left * 10 >= used.len() * 9,
            "{left} of {} are left",
            used.len()
        );
    }

    #[test]
    fn number_and_weight_are_bounded() {
        let store = Documents::new(&LIMITS);
        flood(&store, 0..LIMITS.documents * 3);
        assert!(
            store.0.len() <= LIMITS.documents,
            "{} documents",
            store.0.len()
        );
        assert!(
            store.0.len() > LIMITS.documents / 2,
            "{} documents",
            store.0.len()
        );
        for n in 0..100 {
            let fields = "id ".repeat(2_000);
            store.keep(&document(&format!(
                "query Large{n} {{ plans {{ {fields} }} }}"
            )));
        }
        assert!(store.0.weight() <= LIMITS.documents_bytes as u64);
    }

    #[test]
    fn the_smallest_store_holds_the_largest_document() {
        let fields = "id@a ".repeat(1_490);
        let document = document(&format!("{{ viewer {{ {fields} }} }}"));
        for (documents, mebibytes) in [(1, 2), (1, 8), (2, 2), (1_000, 2), (1_000, 4), (1_000, 8)] {
            let store = Documents::new(&config::Graphql {
                documents,
                documents_bytes: mebibytes << 20,
                ..LIMITS
            });
            store.keep(&document);
            let kept = store.get(&document.hash).is_some();
            assert!(kept, "{documents} in {mebibytes} MiB");
        }
    }

    #[test]
    fn what_may_hold_a_password_is_not_kept() {
        let store = Documents::new(&LIMITS);
        for (kept, text) in [
            (
                false,
                "mutation { login(input: {email: \"a\", password: \"b\"}) { tokens { expiresIn } } }",
            ),
            (
                false,
                "mutation { login(input: {email: \"\"\"a\"\"\"}) { tokens { expiresIn } } }",
            ),
            (
                true,
                "mutation($in: LoginInput!) { login(input: $in) { tokens { expiresIn } } }",
            ),
            (true, "{ tenant(id: \"x\") { id } }"),
        ] {
            let document = document(text);
            store.keep(&document);
            assert_eq!(store.get(&document.hash).is_some(), kept, "{text}");
        }
    }
}
