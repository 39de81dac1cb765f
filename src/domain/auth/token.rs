//! Tokens: JSON Web Tokens signed with HS256 (REST contract section 1.5), and keyed derivations of
//! other secrets that need not be stored.
//!
//! Signing is deterministic: the same claims give the same token byte for byte, so the live refresh
//! token of a session can be handed out again from its row (ruling 11).

use std::collections::HashSet;

use entity::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::{Credentials, Error, Result};

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

/// Signs and reads tokens with the secret key.
#[derive(Clone)]
pub struct TokenSigner {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    secret: SecretString,
}

impl TokenSigner {
    /// With the configured secret.
    pub fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged by our own clock, so that tests can move time.
        validation.validate_exp = false;
        validation.required_spec_claims = HashSet::from(["exp".to_owned(), "sub".to_owned()]);
        Self {
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            validation,
            secret: secret.clone(),
        }
    }

    /// The signed form of the claims.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(Error::internal)
    }

    /// The claims, if the signature holds, the kind is right and the time is not up.
    pub fn verify(
        &self,
        token: &str,
        kind: TokenKind,
        now: Timestamp,
    ) -> Result<Claims, Credentials> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| Credentials::Invalid)?
            .claims;
        if claims.kind == kind && now.timestamp() < claims.exp {
            Ok(claims)
        } else {
            Err(Credentials::Invalid)
        }
    }

    /// A secret that follows from the key and a purpose, so that it need not be stored.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes a key of any length (RFC 2104 section 2).
    pub fn derive(&self, purpose: &str, facts: &[&[u8]]) -> [u8; 32] {
        let key = self.secret.expose_secret().as_bytes();
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        // Lengths keep neighbouring facts apart.
        for part in std::iter::once(purpose.as_bytes()).chain(facts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn signer() -> TokenSigner {
        TokenSigner::new(&"a secret of the tests, long enough".into())
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
        let other = TokenSigner::new(&"another secret, just as long as it".into());
        let forged = other.sign(&claims(200)).unwrap();
        assert!(
            signer()
                .verify(&forged, TokenKind::Access, at(150))
                .is_err()
        );

        let key = EncodingKey::from_secret(b"a secret of the tests, long enough");
        let sign = |header: &Header, body: serde_json::Value| {
            jsonwebtoken::encode(header, &body, &key).unwrap()
        };
        let id = Uuid::from_u128(1);
        let endless =
            serde_json::json!({"sub": id, "type": "access", "sid": id, "jti": id, "iat": 1});
        let nobody = serde_json::json!(
            {"sub": "me", "type": "access", "sid": id, "jti": id, "iat": 1, "exp": 200});
        for body in [endless, nobody] {
            let token = sign(&Header::new(Algorithm::HS256), body);
            assert!(signer().verify(&token, TokenKind::Access, at(150)).is_err());
        }
        let other_algorithm = sign(
            &Header::new(Algorithm::HS512),
            serde_json::to_value(claims(200)).unwrap(),
        );
        assert!(
            signer()
                .verify(&other_algorithm, TokenKind::Access, at(150))
                .is_err()
        );
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
    }
}
