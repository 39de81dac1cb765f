//! Idempotency keys (ruling 32): whoever repeats a request with the key of the first one gets the
//! first one's answer, and nothing happens again.
//!
//! The key is claimed when the unit of work begins and the answer is written when it commits, in the
//! same transaction as the effect. A request that fails therefore leaves its key free, and one whose
//! reply was lost, whether by the network or by a crash, is answered from what was written. A twin
//! that comes meanwhile waits for the first in the database, on the unique index.

mod store;

use std::{fmt, time::Duration};

use entity::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{cx::Cx, fields::FieldProblem};
use crate::error::{Error, Reason, Result};

pub use store::forget_expired;
pub(super) use store::{claim, keep};

/// Longest key, in characters.
pub const KEY_MAX: usize = 255;

/// What a client calls one request of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 255 visible ASCII characters; taken as they are, quotes included.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        if text.is_empty() {
            return Err(Reason::Blank.into());
        }
        if text.len() > KEY_MAX {
            return Err(FieldProblem::new(
                Reason::TooLong,
                format!("An idempotency key has at most {KEY_MAX} characters."),
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FieldProblem::new(
                Reason::ControlCharacter,
                "An idempotency key consists of visible ASCII characters, without spaces.",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Keys are chosen by clients, who may put anything into them.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

/// A key in the hands of the request that is to have its effect.
#[derive(Clone, Debug)]
pub struct Claim {
    actor: String,
    key: IdempotencyKey,
    fingerprint: [u8; 32],
    /// Until when to wait for a twin.
    deadline: Instant,
    /// Until when the answer is kept.
    expires_at: Timestamp,
}

/// Does the work of a request once, however often it is asked for with its key. Without a key it is
/// simply done.
///
/// `operation` and `asked` say what is asked for; the same key with anything else is refused. The
/// work must begin one unit of work, with the context it is given, and end it by
/// [`UnitOfWork::commit_with`](super::unit::UnitOfWork::commit_with). A key belongs to the person who
/// sends it: nobody is answered with what somebody else asked for.
pub async fn once<T, F>(
    cx: &Cx,
    operation: &'static str,
    asked: Value,
    work: impl Fn(Cx) -> F + Send + Sync,
) -> Result<T>
where
    T: Serialize + DeserializeOwned + Send,
    F: Future<Output = Result<T>> + Send,
{
    let Some(key) = cx.idempotency_key() else {
        return work(cx.clone()).await;
    };
    let claim = Claim::new(cx, key.clone(), operation, asked).await?;
    loop {
        if let Some(answer) = answered(cx, &claim).await? {
            return Ok(answer);
        }
        match work(cx.claiming(claim.clone())).await {
            // The twin has committed or given up while we waited: look again.
            Err(Error::Conflict(Reason::IdempotencyInProgress))
                if Instant::now() < claim.deadline => {}
            done => return done,
        }
    }
}

impl Claim {
    async fn new(
        cx: &Cx,
        key: IdempotencyKey,
        operation: &'static str,
        asked: Value,
    ) -> Result<Self> {
        let limits = &cx.app().config.idempotency;
        Ok(Self {
            actor: format!("user:{}", cx.identity().await?.user.id),
            key,
            fingerprint: fingerprint(operation, &asked),
            deadline: Instant::now() + limits.wait,
            expires_at: cx.now()
                + chrono::Duration::from_std(limits.keep).map_err(Error::internal)?,
        })
    }

    fn patience(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The answer that was written for the key, if its effect is there.
async fn answered<T: DeserializeOwned>(cx: &Cx, claim: &Claim) -> Result<Option<T>> {
    let Some(record) = store::find(cx.db(), claim, cx.now()).await? else {
        return Ok(None);
    };
    if record.fingerprint != claim.fingerprint {
        return Err(Error::Conflict(Reason::IdempotencyKeyReused));
    }
    let answer = record
        .response
        .ok_or_else(|| Error::internal("a key was committed without its answer"))?;
    tracing::debug!(operation = "replay", "answered from the idempotency record");
    serde_json::from_value(answer)
        .map(Some)
        .map_err(Error::internal)
}

/// JSON objects are maps in the order of their keys here, so equal requests have equal text.
fn fingerprint(operation: &str, asked: &Value) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(operation);
    hash.update([0]);
    hash.update(asked.to_string());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for good in [
            "a",
            "\"quoted\"",
            "0192-…".trim_end_matches('…'),
            &"x".repeat(255),
        ] {
            assert!(IdempotencyKey::parse(good).is_ok(), "{good}");
        }
        for (bad, reason) in [
            (String::new(), Reason::Blank),
            ("x".repeat(256), Reason::TooLong),
            ("a b".to_owned(), Reason::ControlCharacter),
            ("a\0".to_owned(), Reason::ControlCharacter),
            ("ключ".to_owned(), Reason::ControlCharacter),
        ] {
            assert_eq!(IdempotencyKey::parse(&bad).unwrap_err().reason, reason);
        }
    }

    #[test]
    fn fingerprints_tell_operations_and_inputs_apart() {
        let print = |operation, asked| fingerprint(operation, &asked);
        assert_eq!(
            print("a", json!({"x": 1, "y": 2})),
            print("a", json!({"y": 2, "x": 1}))
        );
        assert_ne!(print("a", json!([1])), print("b", json!([1])));
        assert_ne!(print("a", json!([1])), print("a", json!([2])));
    }
}
