//! What a partial update says about one field.

use super::fields::FieldProblem;
use crate::error::Reason;

/// Absent, null or a value: three different wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not mentioned: leave it.
    #[default]
    Absent,
    /// The field was set to null.
    Null,
    /// The field was set to this.
    Value(T),
}

impl<T> Patch<T> {
    /// For a field that cannot be without a value: null is wrong, absent is fine.
    pub fn not_null(self) -> Result<Option<T>, FieldProblem> {
        match self {
            Self::Absent => Ok(None),
            Self::Null => Err(Reason::NotNull.into()),
            Self::Value(value) => Ok(Some(value)),
        }
    }

    /// Turns the value, if there is one, into something else that may fail.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)?),
        })
    }
}
