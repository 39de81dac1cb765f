//! What people search for.

use super::Parsed;
use crate::{domain::fields::FieldProblem, error::Reason};

/// Longest search term, in characters.
pub const SEARCH_MAX: usize = 100;

/// What somebody typed into a search box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchTerm(String);

impl SearchTerm {
    /// Trims; `None` when nothing is left.
    pub fn parse(text: &str) -> Parsed<Option<Self>> {
        let text = text.trim();
        if text.chars().count() > SEARCH_MAX {
            return Err(FieldProblem::new(
                Reason::TooLong,
                format!("A search term has at most {SEARCH_MAX} characters."),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(Reason::ControlCharacter.into());
        }
        Ok((!text.is_empty()).then(|| Self(text.to_lowercase())))
    }

    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
