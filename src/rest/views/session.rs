//! Sign-ins: tokens, who has them, and where they lead.

use entity::user;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Membership, Tenant, User};
use crate::domain::{auth, tenants::TenantMembership};

/// A pair of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// Proves who asks; goes into `Authorization: Bearer …`.
    pub(super) access_token: String,
    /// Buys the next pair at `/auth/refresh`.
    pub(super) refresh_token: String,
    /// Always `bearer`.
    #[schema(schema_with = bearer)]
    pub(super) token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub(super) expires_in: u64,
}

fn bearer() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    crate::rest::envelope::word("bearer")
}

impl From<auth::TokenPair> for Tokens {
    fn from(pair: auth::TokenPair) -> Self {
        let auth::TokenPair {
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

/// A sign-in: tokens, the account, its companies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    #[serde(flatten)]
    pub(super) tokens: Tokens,
    pub(super) user: User,
    /// The person's companies; empty for somebody who is in none.
    pub(super) tenants: Vec<Membership>,
    /// The company the tokens work in; null for somebody who is in none.
    #[schema(required)]
    pub(super) current_tenant: Option<Tenant>,
}

impl From<auth::SignedIn> for Session {
    fn from(signed_in: auth::SignedIn) -> Self {
        let auth::SignedIn {
            cx: _,
            tokens,
            user,
            memberships,
            current,
        } = signed_in;
        Self {
            tokens: tokens.into(),
            user: account(&user, memberships.iter()),
            tenants: memberships.iter().map(Membership::from).collect(),
            current_tenant: current.as_ref().map(Tenant::from),
        }
    }
}

/// Who am I: the account both flat and nested, because clients of both kinds exist.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    flat: User,
    /// The same account once more.
    user: User,
    /// The person's companies; empty for somebody who is in none.
    tenants: Vec<Membership>,
    /// The company the token works in.
    #[schema(required)]
    current_tenant: Option<Tenant>,
}

impl From<auth::Me> for Me {
    fn from(me: auth::Me) -> Self {
        let auth::Me {
            user,
            memberships,
            current,
        } = me;
        let user = account(&user, memberships.iter().map(AsRef::as_ref));
        Self {
            flat: user.clone(),
            user,
            tenants: memberships
                .iter()
                .map(|place| Membership::from(&**place))
                .collect(),
            current_tenant: current.as_deref().map(Tenant::from),
        }
    }
}

/// Tokens for another company.
#[derive(Debug, Serialize, ToSchema)]
pub struct Switched {
    #[serde(flatten)]
    tokens: Tokens,
    /// The company the tokens work in.
    tenant: Tenant,
    /// The same as `tenant`.
    current_tenant: Tenant,
}

impl From<auth::Switched> for Switched {
    fn from(switched: auth::Switched) -> Self {
        let auth::Switched {
            cx: _,
            tokens,
            tenant,
        } = switched;
        let tenant = Tenant::from(&tenant);
        Self {
            tokens: tokens.into(),
            tenant: tenant.clone(),
            current_tenant: tenant,
        }
    }
}

fn account<'a>(
    user: &user::Model,
    mut memberships: impl Iterator<Item = &'a TenantMembership>,
) -> User {
    let default = memberships.find(|of| of.membership.is_default);
    User::new(user, default.map(|of| of.tenant.id))
}
