//! Tokens: JSON Web Tokens signed with HS256 (REST contract section 1.5), and keyed derivations of
//! other secrets that need not be stored.
//!
//! Signing is deterministic: with one key the same claims give the same token byte for byte, so the
//! live refresh token of a session can be handed out again from its row (ruling 11). After a rotation
//! it has another signature and says the same.

use std::collections::HashSet;

use entity::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
};
use jsonwebtoken::{Algorithm, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::key::Key;
use crate::{
    error::{Credentials, Result},
    metrics::{Counter, Tokens},
};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Shown with each request.
    Access,
    /// Exchanged for a new pair.
    Refresh,
}

/// What a token says. The order of the fields is the order on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: UserId,
    /// In which tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// For what.
    #[serde(rename = "type")]
    pub kind: TokenKind,
    /// By which sign-in.
    pub sid: SessionId,
    /// Which token; makes every one unique.
    pub jti: Uuid,
    /// Since when, in Unix seconds.
    pub iat: i64,
    /// Until when, in Unix seconds.
    pub exp: i64,
}

/// Signs tokens with the current key, and reads those of the current and of previous keys: a rotation
/// ends no session.
#[derive(Clone)]
pub struct TokenSigner {
    current: Key,
    /// Those that sign nothing, each with the count of its tokens.
    previous: Vec<(Key, Counter)>,
    validation: Validation,
}

impl TokenSigner {
    /// With the configured secrets.
    pub fn new(current: &SecretString, previous: &[SecretString], metrics: &Tokens) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged by our own clock, so that tests can move time.
        validation.validate_exp = false;
        validation.required_spec_claims = HashSet::from(["exp".to_owned(), "sub".to_owned()]);
        let counted = |key: Key| {
            let counter = metrics.of(key.id());
            (key, counter)
        };
        Self {
            current: Key::new(current),
            previous: previous.iter().map(Key::new).map(counted).collect(),
            validation,
        }
    }

    /// The signed form of the claims.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        self.current.sign(claims)
    }

    /// The claims, if the signature of a key of ours holds, the kind is right and the time is not up.
    pub fn verify(
        &self,
        token: &str,
        kind: TokenKind,
        now: Timestamp,
    ) -> Result<Claims, Credentials> {
        let claims = self.read(token).ok_or(Credentials::Invalid)?;
        if claims.kind == kind && now.timestamp() < claims.exp {
            Ok(claims)
        } else {
            Err(Credentials::Invalid)
        }
    }

    /// The claims under the key that the token names; one that names none, from before keys had names,
    /// is tried with each.
    fn read(&self, token: &str) -> Option<Claims> {
        if self.current.heads(token) {
            return self.open(token, &self.current);
        }
        let kid = jsonwebtoken::decode_header(token).ok()?.kid;
        let is_named = |key: &Key| kid.as_deref().is_none_or(|kid| kid == key.id());
        let current = Some(&self.current).filter(|key| is_named(key));
        if let Some(claims) = current.and_then(|key| self.open(token, key)) {
            return Some(claims);
        }
        let mut previous = self.previous.iter().filter(|(key, _)| is_named(key));
        let (claims, counter) =
            previous.find_map(|(key, counter)| Some((self.open(token, key)?, counter)))?;
        counter.inc();
        Some(claims)
    }

    fn open(&self, token: &str, key: &Key) -> Option<Claims> {
        let read = jsonwebtoken::decode(token, &key.decoding, &self.validation);
        read.ok().map(|token| token.claims)
    }

    /// A secret that follows from the current key and a purpose, so that it need not be stored. After
    /// a rotation it is another one: what was given away must be looked for in [`Self::derivations`].
    pub fn derive(&self, purpose: &str, facts: &[&[u8]]) -> [u8; 32] {
        self.current.derive(purpose, facts)
    }

    /// What [`Self::derive`] gives with each key, the current one first.
    pub fn derivations(&self, purpose: &str, facts: &[&[u8]]) -> impl Iterator<Item = [u8; 32]> {
        self.keys().map(move |key| key.derive(purpose, facts))
    }

    /// The names of the keys, the current one first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(Key::id)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        let previous = self.previous.iter().map(|(key, _)| key);
        std::iter::once(&self.current).chain(previous)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use jsonwebtoken::{EncodingKey, Header};

    use super::*;

    const OLD: &str = "another secret, just as long as it";
    const NEW: &str = "a secret of the tests, long enough";

    fn signer() -> TokenSigner {
        with(NEW, &[])
    }

    fn with(current: &str, previous: &[&str]) -> TokenSigner {
        let previous: Vec<_> = previous.iter().map(|key| (*key).into()).collect();
        TokenSigner::new(&current.into(), &previous, &Tokens::default())
    }

    fn holds(signer: &TokenSigner, token: &str) -> bool {
        signer.verify(token, TokenKind::Access, at(150)).is_ok()
    }

    fn by_hand(header: &Header, body: &impl Serialize) -> String {
        let key = EncodingKey::from_secret(NEW.as_bytes());
        jsonwebtoken::encode(header, body, &key).unwrap()
    }

    fn claims(exp: i64) -> Claims {
        Claims {
            sub: Uuid::from_u128(1).into(),
            tenant_id: None,
            kind: TokenKind::Access,
            sid: Uuid::from_u128(2).into(),
            jti: Uuid::from_u128(3),
            iat: 100,
            exp,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn equal_claims_give_equal_tokens() {
        assert_eq!(
            signer().sign(&claims(200)).unwrap(),
            signer().sign(&claims(200)).unwrap()
        );
    }

    #[test]
    fn a_token_holds_until_it_expires_and_only_for_its_kind() {
        let token = signer().sign(&claims(200)).unwrap();
        assert!(signer().verify(&token, TokenKind::Access, at(199)).is_ok());
        assert!(signer().verify(&token, TokenKind::Access, at(200)).is_err());
        assert!(
            signer()
                .verify(&token, TokenKind::Refresh, at(199))
                .is_err()
        );
    }

    #[test]
    fn forged_and_incomplete_tokens_are_refused() {
        let forged = with(OLD, &[]).sign(&claims(200)).unwrap();
        assert!(!holds(&signer(), &forged));

        let id = Uuid::from_u128(1);
        let endless =
            serde_json::json!({"sub": id, "type": "access", "sid": id, "jti": id, "iat": 1});
        let nobody = serde_json::json!(
            {"sub": "me", "type": "access", "sid": id, "jti": id, "iat": 1, "exp": 200});
        for body in [endless, nobody] {
            let token = by_hand(&Header::new(Algorithm::HS256), &body);
            assert!(!holds(&signer(), &token));
        }
        let other_algorithm = by_hand(&Header::new(Algorithm::HS512), &claims(200));
        assert!(!holds(&signer(), &other_algorithm));
    }

    #[test]
    fn previous_keys_read_and_do_not_sign() {
        let (before, ahead) = (with(OLD, &[]), with(OLD, &[NEW]));
        let (after, done) = (with(NEW, &[OLD]), with(NEW, &[]));
        let (old, new) = (before.sign(&claims(200)), after.sign(&claims(200)));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!(new, done.sign(&claims(200)).unwrap());
        assert_eq!(old, ahead.sign(&claims(200)).unwrap());
        for signer in [&ahead, &after] {
            assert!(holds(signer, &old) && holds(signer, &new));
        }
        assert!(!holds(&done, &old) && !holds(&before, &new));
    }

    #[test]
    fn a_token_is_tried_with_the_key_it_names_or_with_all_when_it_names_none() {
        let after = with(OLD, &[NEW]);
        let mut header = Header::new(Algorithm::HS256);
        assert!(holds(&after, &by_hand(&header, &claims(200))));
        // Said in other words than ours.
        header.cty = Some("JWT".to_owned());
        header.kid = Some(signer().key_ids().collect());
        assert!(holds(&after, &by_hand(&header, &claims(200))));
        for other in [after.key_ids().next().unwrap(), "", "nobody's"] {
            header.kid = Some(other.to_owned());
            assert!(!holds(&after, &by_hand(&header, &claims(200))), "{other}");
        }
    }

    #[test]
    fn derivations_differ_by_purpose_and_facts() {
        let signer = signer();
        assert_eq!(signer.derive("a", &[b"b"]), signer.derive("a", &[b"b"]));
        assert_ne!(signer.derive("a", &[b"b"]), signer.derive("ab", &[]));
        assert_ne!(
            signer.derive("a", &[b"b", b"c"]),
            signer.derive("a", &[b"bc"])
        );
        let rotated = with(OLD, &[NEW]);
        let all: Vec<_> = rotated.derivations("a", &[]).collect();
        assert_eq!(all, [rotated.derive("a", &[]), signer.derive("a", &[])]);
    }
}
