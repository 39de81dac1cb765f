//! Mail addresses.

use super::Parsed;
use crate::{domain::fields::FieldProblem, error::Reason};

/// Longest mail address (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const EMAIL_MAX: usize = 254;

/// A mail address, kept as typed and compared case-insensitively (ruling 24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    normalized: String,
}

impl EmailAddress {
    /// Trims and checks the syntax; the domain must have a dot.
    pub fn parse(text: &str) -> Parsed<Self> {
        let typed = text.trim();
        if typed.len() > EMAIL_MAX {
            return Err(FieldProblem::new(
                Reason::TooLong,
                format!("An e-mail address has at most {EMAIL_MAX} characters."),
            ));
        }
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        if typed.chars().any(|c| c.is_control() || c.is_whitespace())
            || email_address::EmailAddress::parse_with_options(typed, options).is_err()
        {
            return Err(Reason::InvalidEmail.into());
        }
        Ok(Self {
            typed: typed.to_owned(),
            normalized: typed.to_lowercase(),
        })
    }

    /// As typed, trimmed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// In the form addresses are compared by.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.typed
            .rsplit_once('@')
            .map_or(self.typed.as_str(), |(local, _)| local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(parsed: Parsed<T>) -> Reason {
        parsed.expect_err("refused").reason
    }

    #[test]
    fn addresses_are_trimmed_and_compared_without_case() {
        let email = EmailAddress::parse("  Ann.Lee@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "Ann.Lee@Example.COM");
        assert_eq!(email.normalized(), "ann.lee@example.com");
        for wrong in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@localhost",
            "a\0@example.com",
        ] {
            assert_eq!(
                reason(EmailAddress::parse(wrong)),
                Reason::InvalidEmail,
                "{wrong:?}"
            );
        }
        let long = format!("{}@example.com", "a".repeat(EMAIL_MAX));
        assert_eq!(reason(EmailAddress::parse(&long)), Reason::TooLong);
    }
}
