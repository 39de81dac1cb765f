//! Automatic persisted queries: a client sends the hash of a document instead of its text, and the
//! text only when it is asked for it (the protocol of Apollo, which urql, Relay and others speak).

use async_graphql::ServerError;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::document::Hash;
use crate::{
    error::{Code, Error, FieldError, Reason},
    graphql::error::{Failure, refusal},
};

/// What a request says beside its document: the content of `extensions`. Other keys are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    /// The document by its hash.
    pub persisted_query: Option<PersistedQuery>,
}

/// The document by its hash.
#[derive(Clone, Debug, Deserialize)]
pub struct PersistedQuery {
    version: i64,
    #[serde(rename = "sha256Hash")]
    sha256_hash: String,
}

impl PersistedQuery {
    /// The hash, if it is one.
    pub fn hash(&self) -> Result<Hash, ServerError> {
        if self.version != 1 {
            let text = "Only version 1 of persisted queries is spoken here.";
            return Err(wrong("version", Reason::OutOfRange, text));
        }
        let digits = self.sha256_hash.as_bytes();
        let mut hash = Hash::default();
        let text = "A hash is 64 hexadecimal digits.";
        let wrong = || wrong("sha256Hash", Reason::WrongType, text);
        if digits.len() != hash.len() * 2 {
            return Err(wrong());
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            let (high, low) = (digit(pair[0]), digit(pair[1]));
            let (Some(high), Some(low)) = (high, low) else {
                return Err(wrong());
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| wrong())?;
        }
        Ok(hash)
    }

    /// Checks that a text that came along is the one that the hash names.
    pub fn check(&self, text: &str) -> Result<Hash, ServerError> {
        let (claimed, actual) = (self.hash()?, Hash::from(Sha256::digest(text.as_bytes())));
        if claimed == actual {
            return Ok(actual);
        }
        // The words of the protocol.
        let text = "provided sha does not match query";
        Err(wrong("sha256Hash", Reason::HashMismatch, text))
    }
}

/// No document has this hash, or it is not kept any more. Clients look for exactly this message.
pub fn not_found() -> ServerError {
    refusal(Code::PersistedQueryNotFound, "PersistedQueryNotFound", None)
}

fn wrong(field: &'static str, reason: Reason, message: &str) -> ServerError {
    let error = FieldError {
        field: format!("extensions.persistedQuery.{field}").into(),
        reason,
        message: message.to_owned(),
    };
    let error = Failure::from(Error::InvalidInput(vec![error])).into_server_error(None);
    ServerError {
        message: message.to_owned(),
        ..error
    }
}
