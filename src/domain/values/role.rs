//! Roles, as people and old clients write them.

use entity::membership::TenantRole;

use super::Parsed;
use crate::{domain::fields::FieldProblem, error::Reason};

/// Reads a role in any case, with the legacy alias `user` (ruling 1).
pub fn parse_role(word: &str) -> Parsed<TenantRole> {
    match word.to_ascii_lowercase().as_str() {
        "owner" => Ok(TenantRole::Owner),
        "admin" => Ok(TenantRole::Admin),
        "member" | "user" => Ok(TenantRole::Member),
        _ => Err(FieldProblem::new(
            Reason::UnknownWord,
            "A role is one of owner, admin, member.",
        )),
    }
}
