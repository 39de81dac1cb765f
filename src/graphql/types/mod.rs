//! What the API shows, one file per feature: thin wrappers around the rows, so that no column
//! becomes public by accident. Enums are the entities' own, in upper case.

pub mod access;
pub mod auth;
pub mod billing;
pub mod connection;
pub mod invitation;
pub mod member;
pub mod money;
pub mod notification;
pub mod provisioning;
pub mod scalars;
pub mod session;
pub mod site;
pub mod tenant;
pub mod user;
pub mod viewer;

use std::fmt::Display;

use async_graphql::ID;

/// An id as clients see it: the plain UUID.
pub fn id(id: impl Display) -> ID {
    ID(id.to_string())
}
