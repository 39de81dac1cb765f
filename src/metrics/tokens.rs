//! Tokens that a key of before a rotation has signed: when they stay away, the key can go.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use super::shelf::Shelf;

/// Which key signed a token.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Signed {
    kid: String,
}

/// Tokens of previous keys. Cloning it copies handles.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Family<Signed, Counter>);

impl Tokens {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let tokens = Self::default();
        shelf.put(
            "previous_key_tokens",
            &["kid"],
            "Tokens accepted that a key of SECRET_KEYS_PREVIOUS has signed, by the key's name",
            tokens.0.clone(),
        );
        tokens
    }

    /// The counter of a previous key. There are as many as are configured.
    pub fn of(&self, kid: &str) -> Counter {
        let kid = kid.to_owned();
        self.0.get_or_create(&Signed { kid }).clone()
    }
}
