//! Names of people and companies.

use super::{EmailAddress, Parsed};
use crate::{domain::fields::FieldProblem, error::Reason};

/// Longest name of a person or company, in characters.
pub const NAME_MAX: usize = 255;

/// A person's display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullName(String);

impl FullName {
    /// Trims; 1 to 255 characters, none of them a control character.
    pub fn parse(text: &str) -> Parsed<Self> {
        name(text).map(Self)
    }

    /// What to call somebody who gave only an address: its local part (ruling 30).
    pub fn from_address(email: &EmailAddress) -> Self {
        Self(email.local_part().chars().take(NAME_MAX).collect())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A company's display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyName(String);

impl CompanyName {
    /// Trims; 1 to 255 characters, none of them a control character.
    pub fn parse(text: &str) -> Parsed<Self> {
        name(text).map(Self)
    }

    /// What to call the company of somebody who did not name it (ruling 30).
    pub fn of_person(person: &FullName) -> Self {
        let suffix = "'s company";
        let person: String = person
            .as_str()
            .chars()
            .take(NAME_MAX - suffix.len())
            .collect();
        Self(format!("{person}{suffix}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn name(text: &str) -> Parsed<String> {
    let text = text.trim();
    if text.chars().all(is_invisible) {
        return Err(Reason::Blank.into());
    }
    if text.chars().count() > NAME_MAX {
        return Err(FieldProblem::new(
            Reason::TooLong,
            format!("A name has at most {NAME_MAX} characters."),
        ));
    }
    if text.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err(Reason::ControlCharacter.into());
    }
    Ok(text.to_owned())
}

/// White space and the format characters that show nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Characters that turn the direction of what follows, and so can make a letter say something else
/// than it holds (Unicode Standard Annex 9, explicit formatting).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(parsed: Parsed<T>) -> Reason {
        parsed.expect_err("refused").reason
    }

    #[test]
    fn names_are_neither_blank_nor_endless() {
        assert_eq!(CompanyName::parse(" Acme ").unwrap().as_str(), "Acme");
        assert_eq!(reason(CompanyName::parse(" \u{a0} ")), Reason::Blank);
        assert_eq!(reason(CompanyName::parse("\u{200b}")), Reason::Blank);
        assert_eq!(reason(CompanyName::parse("a\0b")), Reason::ControlCharacter);
        assert_eq!(
            reason(CompanyName::parse("a\u{202e}b")),
            Reason::ControlCharacter
        );
        assert!(CompanyName::parse(&"я".repeat(NAME_MAX)).is_ok());
        assert_eq!(
            reason(CompanyName::parse(&"я".repeat(NAME_MAX + 1))),
            Reason::TooLong
        );
    }
}
