//! `schema` and `openapi`: the contracts as text. They need neither settings nor a database.

use super::terminal;
use crate::{error::BoxError, graphql, rest};

/// Prints the GraphQL schema.
pub(super) fn graphql() {
    terminal::say(graphql::sdl().trim_end());
}

/// Prints the OpenAPI document.
pub(super) fn openapi() -> Result<(), BoxError> {
    terminal::say(serde_json::to_string_pretty(&rest::openapi())?);
    Ok(())
}
