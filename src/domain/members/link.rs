//! The token in an invitation's link: derived from the key, known to the database by its hash only.
//!
//! Because it can be derived again, the durable job that sends the letter carries no secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{ids::InvitationId, invitation};
use sha2::{Digest, Sha256};
use url::Url;

use crate::domain::cx::Cx;

/// What the derivation is for; part of what is derived.
const PURPOSE: &str = "invitation link";

/// The token of one generation of an invitation: 256 bits as 43 characters.
pub fn token(cx: &Cx, id: InvitationId, generation: i32) -> String {
    let facts: [&[u8]; 2] = [id.0.as_bytes(), &generation.to_be_bytes()];
    encode(cx.app().tokens.derive(PURPOSE, &facts))
}

/// The token that was made for an invitation, be it with a previous key. Nothing, when its key is one
/// no longer: the link has ended with the key, as the tokens have.
pub fn recall(cx: &Cx, invitation: &invitation::Model) -> Option<String> {
    let generation = invitation.generation.to_be_bytes();
    let facts: [&[u8]; 2] = [invitation.id.0.as_bytes(), &generation];
    let mut tokens = cx.app().tokens.derivations(PURPOSE, &facts).map(encode);
    tokens.find(|token| hash(token) == invitation.token_hash)
}

fn encode(secret: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(secret)
}

/// What the database keeps of a token.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The address in the letter. The token stands in the fragment, which browsers send to nobody.
pub fn url(cx: &Cx, token: &str) -> Url {
    let mut url = cx.app().config.members.invitation_url.clone();
    url.set_fragment(Some(token));
    url
}
