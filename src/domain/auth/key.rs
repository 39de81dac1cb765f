//! One secret key: signs and checks tokens under its name, and derives other secrets.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::token::Claims;
use crate::error::{Error, Result};

/// How much of a derivation names a key: enough to tell a handful of them apart.
const ID_BYTES: usize = 6;

/// A key with all that follows from it, computed once.
#[derive(Clone)]
pub(super) struct Key {
    id: String,
    header: Header,
    /// The header as our tokens begin with it, its dot included.
    head: String,
    encoding: EncodingKey,
    /// Checks what the key has signed.
    pub decoding: DecodingKey,
    secret: SecretString,
}

impl Key {
    /// Of a configured secret.
    ///
    /// # Panics
    ///
    /// Never: the header is a few words.
    pub fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let name = &derive(bytes, "name of the key", &[])[..ID_BYTES];
        let id = URL_SAFE_NO_PAD.encode(name);
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(id.clone());
        let text = serde_json::to_vec(&header).expect("words can be written");
        Self {
            id,
            header,
            head: format!("{}.", URL_SAFE_NO_PAD.encode(text)),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            secret: secret.clone(),
        }
    }

    /// The name that tokens carry as `kid`. It is derived like any other secret, so it tells nothing
    /// about the key but which one it is.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a token says, in our own words, that this key signed it.
    pub fn heads(&self, token: &str) -> bool {
        token.starts_with(&self.head)
    }

    /// The signed form of the claims.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&self.header, claims, &self.encoding).map_err(Error::internal)
    }

    /// A secret that follows from the key and a purpose.
    pub fn derive(&self, purpose: &str, facts: &[&[u8]]) -> [u8; 32] {
        derive(self.secret.expose_secret().as_bytes(), purpose, facts)
    }
}

fn derive(key: &[u8], purpose: &str, facts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    // Lengths keep neighbouring facts apart.
    for part in std::iter::once(purpose.as_bytes()).chain(facts.iter().copied()) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
