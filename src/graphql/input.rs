//! Reads what inputs of several features have in common: ids, pages, tenants. Every wrong field is
//! written down, none stops the reading.

use async_graphql::{ID, MaybeUndefined};
use entity::ids::TenantId;
use uuid::Uuid;

use super::{context::Scope, error::Result};
use crate::{
    domain::{
        fields::{FieldProblem, Fields},
        idempotency::IdempotencyKey,
        page::{Keyset, Window},
        patch::Patch,
    },
    error::{self, Error, Reason},
};

/// Reads an id.
pub fn id<T: From<Uuid>>(text: &ID) -> error::Result<T, FieldProblem> {
    Uuid::try_parse(text)
        .map(T::from)
        .map_err(|_| Reason::InvalidId.into())
}

/// Reads an optional value.
pub fn optional<A, T>(
    value: Option<A>,
    parse: impl FnOnce(A) -> error::Result<T, FieldProblem>,
) -> error::Result<Option<T>, FieldProblem> {
    value.map(parse).transpose()
}

/// Reads what the client calls a mutation, so that repeating it does nothing again.
pub fn key(key: Option<String>) -> error::Result<Option<IdempotencyKey>, FieldProblem> {
    optional(key, |key| IdempotencyKey::parse(&key))
}

/// Absent, null or a value, in the domain's words.
pub fn patch<T>(value: MaybeUndefined<T>) -> Patch<T> {
    match value {
        MaybeUndefined::Undefined => Patch::Absent,
        MaybeUndefined::Null => Patch::Null,
        MaybeUndefined::Value(value) => Patch::Value(value),
    }
}

/// The value that was read while `fields` were collected, unless one of them was wrong.
pub fn complete<T>(fields: Fields, value: Option<T>) -> Result<T> {
    fields.finish()?;
    Ok(value.expect("whatever could not be read is written down"))
}

/// The tenant that an input names, or the current one.
pub async fn tenant_or_current(scope: &Scope, id: Option<TenantId>) -> Result<TenantId> {
    match id {
        Some(id) => Ok(id),
        None => Ok(scope.cx().current_tenant().await?.tenant_id()),
    }
}

/// The arguments that every list has.
pub struct Page {
    /// So many from the start.
    pub first: Option<i64>,
    /// Only behind this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i64>,
    /// Only before this cursor.
    pub before: Option<String>,
}

impl Page {
    /// The window of the list that they describe.
    pub fn read(self, fields: &mut Fields) -> error::Result<Option<Window>> {
        let Self {
            first,
            after,
            last,
            before,
        } = self;
        match Keyset::new(first, after.as_deref(), last, before.as_deref()) {
            Ok(keyset) => Ok(Some(Window::Keyset(keyset))),
            Err(Error::InvalidInput(wrong)) => {
                for error in wrong {
                    fields.push(error);
                }
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}
