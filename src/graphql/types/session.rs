//! A sign-in, as its owner sees it.

use async_graphql::{ID, Object};
use entity::{ids::SessionId, session};

use super::{id, scalars::DateTime};

/// A sign-in.
pub struct Session {
    model: session::Model,
    current: bool,
}

impl Session {
    /// Wraps a row; `current` is the session that asks.
    pub fn new(model: session::Model, current: SessionId) -> Self {
        Self {
            current: model.id == current,
            model,
        }
    }
}

/// A place where you are signed in. Its tokens are told to nobody.
#[Object]
impl Session {
    /// The session's id, for `revokeSession`.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// Whether it is the one that asks.
    async fn current(&self) -> bool {
        self.current
    }

    /// The browser or application that signed in, as it named itself; anybody can claim any name.
    async fn user_agent(&self) -> Option<&str> {
        self.model.user_agent.as_deref()
    }

    /// The network address that the sign-in came from.
    async fn ip_address(&self) -> Option<&str> {
        self.model.ip_address.as_deref()
    }

    /// When you signed in.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// When its tokens were last renewed, which happens every few minutes while it is in use.
    async fn refreshed_at(&self) -> DateTime {
        self.model.refreshed_at.into()
    }

    /// When it ends unless it is used before.
    async fn expires_at(&self) -> DateTime {
        self.model.expires_at.into()
    }
}
