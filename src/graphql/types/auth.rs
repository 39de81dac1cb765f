//! What signing in gives.

use std::sync::Arc;

use async_graphql::SimpleObject;

use super::viewer::Viewer;
use crate::{
    domain::auth::{Me, SignedIn, TokenPair},
    graphql::context::Scope,
};

/// A pair of tokens. Keep both secret, and replace both whenever a new pair is returned.
#[derive(SimpleObject)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer <access token>`. It names the user and the current tenant.
    access_token: String,
    /// Exchange it for a new pair with `refreshToken`; good for one exchange.
    refresh_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        let TokenPair {
            access_token,
            refresh_token,
            expires_in,
        } = pair;
        Self {
            access_token,
            refresh_token,
            token_type: "bearer",
            expires_in,
        }
    }
}

/// The tokens of a new sign-in, and the person as who they now are.
pub fn signed_in(signed_in: SignedIn) -> (Tokens, Viewer) {
    let SignedIn {
        cx,
        tokens,
        user,
        memberships,
        current,
    } = signed_in;
    let me = Me {
        user: user.clone(),
        memberships: memberships.into_iter().map(Arc::new).collect(),
        current: current.map(Arc::new),
    };
    (tokens.into(), Viewer::new(Scope::signed_in(cx, me), user))
}
