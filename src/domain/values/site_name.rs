//! Names of sites: labels of a domain name (RFC 1123 section 2.1).

use super::Parsed;
use crate::{domain::fields::FieldProblem, error::Reason};

/// Longest name of a site.
pub const SITE_NAME_MAX: usize = 63;

/// A name that somebody wants for a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteName(String);

impl SiteName {
    /// Trims and lower-cases; 1 to 63 letters a-z, digits and inner hyphens.
    pub fn parse(text: &str) -> Parsed<Self> {
        let name = text.trim().to_ascii_lowercase();
        if is_label(&name) {
            Ok(Self(name))
        } else {
            Err(FieldProblem::from(Reason::InvalidSiteName))
        }
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text can stand for itself in the name of a host, and in a command line.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=SITE_NAME_MAX).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_labels_in_lower_case() {
        let longest = "x".repeat(SITE_NAME_MAX);
        for (good, name) in [
            (" Acme ", "acme"),
            ("a", "a"),
            ("7", "7"),
            ("ACME-2-go", "acme-2-go"),
            (longest.as_str(), longest.as_str()),
        ] {
            assert_eq!(SiteName::parse(good).expect(good).as_str(), name);
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        let long = "x".repeat(SITE_NAME_MAX + 1);
        for bad in [
            "",
            " ",
            "-",
            "-a",
            "a-",
            "--force",
            "../etc",
            "a/b",
            "a b",
            "a.b",
            "a_b",
            "a\0b",
            "a'b",
            "\"a\"",
            "$(id)",
            "a;b",
            "a\nb",
            "акме",
            "аcme",
            "a\u{200b}b",
            "Ⅷ",
            "\u{212a}",
            &long,
        ] {
            let problem = SiteName::parse(bad).expect_err(bad);
            assert_eq!(problem.reason, Reason::InvalidSiteName, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_a_label(text in "\\PC{0,70}") {
            if let Ok(name) = SiteName::parse(&text) {
                prop_assert!(is_label(name.as_str()));
            }
        }
    }
}
