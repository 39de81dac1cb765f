//! Collects what is wrong with an input, so that every wrong field is told at once, in order.

use std::borrow::Cow;

use crate::error::{Error, FieldError, Reason, Result};

/// Why one value was not accepted; whoever knows the field's name makes a [`FieldError`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The stable cause.
    pub reason: Reason,
    /// The cause in words.
    pub message: String,
}

impl FieldProblem {
    /// Explained by words that say more than the reason alone.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    /// Gives the problem its field.
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> FieldError {
        FieldError {
            field: field.into(),
            reason: self.reason,
            message: self.message,
        }
    }
}

impl From<Reason> for FieldProblem {
    fn from(reason: Reason) -> Self {
        Self::new(reason, reason.message())
    }
}

/// The wrong fields found so far.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, or `None` after writing down what is wrong with it.
    pub fn take<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        value: Result<T, FieldProblem>,
    ) -> Option<T> {
        value.map_err(|problem| self.push(problem.at(field))).ok()
    }

    /// Writes down a wrong field.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Whether nothing was wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `INVALID_INPUT` naming every wrong field; there is one.
    pub fn refusal(self) -> Error {
        Error::InvalidInput(self.0)
    }

    /// `INVALID_INPUT` naming every wrong field, if there is one.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::InvalidInput(self.0))
        }
    }
}
