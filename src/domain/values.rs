//! Values that can only be made by parsing: holding one is proof that it is well formed.
//!
//! The rules of a single value live here once; both doors call `parse` and report the same problem
//! under their own name of the field.

use entity::membership::TenantRole;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::fields::FieldProblem;
use crate::error::Reason;

type Parsed<T> = Result<T, FieldProblem>;

/// Longest name of a person or company, in characters.
pub const NAME_MAX: usize = 255;
/// Shortest password, in characters (ruling 23).
pub const PASSWORD_MIN: usize = 8;
/// Longest password, in characters (ruling 23).
pub const PASSWORD_MAX: usize = 128;
/// Longest text a sign-in will hash; anything longer cannot be anybody's password.
pub const PASSWORD_ATTEMPT_MAX: usize = 1024;
/// Largest settings object, in bytes of JSON.
pub const SETTINGS_MAX_BYTES: usize = 64 * 1024;
/// Longest search term, in characters.
pub const SEARCH_MAX: usize = 100;
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

/// A password that somebody wants to have (ruling 23).
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Checks length and whether everybody else has the same one.
    pub fn parse(text: &str) -> Parsed<Self> {
        let length = text.chars().count();
        if length < PASSWORD_MIN {
            return Err(FieldProblem::new(
                Reason::TooShort,
                format!("A password has at least {PASSWORD_MIN} characters."),
            ));
        }
        if length > PASSWORD_MAX {
            return Err(FieldProblem::new(
                Reason::TooLong,
                format!("A password has at most {PASSWORD_MAX} characters."),
            ));
        }
        if text.contains('\0') {
            return Err(Reason::ControlCharacter.into());
        }
        if is_common(text) {
            return Err(Reason::CommonPassword.into());
        }
        Ok(Self(text.into()))
    }

    /// A password that an old hash has just confirmed; it was chosen under older rules.
    pub(super) fn proven(attempt: &PasswordAttempt) -> Self {
        Self::unchecked(attempt.expose())
    }

    /// Bypasses the rules, for demo accounts.
    pub(super) fn unchecked(text: &str) -> Self {
        Self(text.into())
    }

    /// The password itself, for hashing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether it is the address, which everybody knows.
    pub fn is_address(&self, email: &EmailAddress) -> bool {
        let password = self.expose().trim().to_lowercase();
        password == email.normalized()
    }
}

/// The longest password in the lists. The estimate's work grows faster than the square of the length,
/// so what cannot be in them is not looked up.
const COMMON_PASSWORD_MAX: usize = 20;

/// Whether the whole password is one entry of the lists of common passwords.
fn is_common(password: &str) -> bool {
    use zxcvbn::feedback::Warning;
    if password.chars().count() > COMMON_PASSWORD_MAX {
        return false;
    }
    let estimate = zxcvbn::zxcvbn(password, &[]);
    matches!(
        estimate
            .feedback()
            .and_then(zxcvbn::feedback::Feedback::warning),
        Some(
            Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
        )
    )
}

/// A password that somebody claims to have: any text short enough to be hashed.
#[derive(Clone, Debug)]
pub struct PasswordAttempt(SecretString);

impl PasswordAttempt {
    /// Refuses only what would cost too much to hash.
    pub fn parse(text: &str) -> Parsed<Self> {
        if text.chars().count() > PASSWORD_ATTEMPT_MAX {
            return Err(FieldProblem::new(
                Reason::TooLong,
                format!("A password has at most {PASSWORD_ATTEMPT_MAX} characters."),
            ));
        }
        Ok(Self(text.into()))
    }

    /// The text itself, for hashing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

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

/// A tenant's settings: a JSON object that belongs to the tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings(Value);

impl Settings {
    /// An object of at most 64 KiB without NUL characters, which PostgreSQL cannot hold.
    pub fn parse(value: Value) -> Parsed<Self> {
        if !value.is_object() {
            return Err(FieldProblem::new(
                Reason::WrongType,
                "Settings are a JSON object.",
            ));
        }
        if has_nul(&value) {
            return Err(Reason::ControlCharacter.into());
        }
        if value.to_string().len() > SETTINGS_MAX_BYTES {
            return Err(FieldProblem::new(
                Reason::TooLarge,
                format!("Settings take at most {SETTINGS_MAX_BYTES} bytes of JSON."),
            ));
        }
        Ok(Self(value))
    }

    /// No settings.
    pub fn empty() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }

    /// The object.
    pub fn into_json(self) -> Value {
        self.0
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

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

    #[test]
    fn passwords_are_long_enough_and_not_everybodys() {
        assert_eq!(reason(Password::parse("short")), Reason::TooShort);
        assert_eq!(reason(Password::parse(&"x".repeat(129))), Reason::TooLong);
        for common in ["password", "12345678", "Password", "qwertyuiop"] {
            assert_eq!(
                reason(Password::parse(common)),
                Reason::CommonPassword,
                "{common}"
            );
        }
        assert!(Password::parse("SecurePass123!").is_ok());
    }

    #[test]
    fn a_password_made_of_look_alikes_is_checked_quickly() {
        let look_alikes = "4@8({[<369!|17$5+%20".repeat(5);
        let started = std::time::Instant::now();
        for length in [20, 100] {
            assert!(Password::parse(&look_alikes[..length]).is_ok());
        }
        assert!(
            started.elapsed().as_millis() < 500,
            "{:?}",
            started.elapsed()
        );
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

    #[test]
    fn settings_are_an_object_that_postgresql_can_hold() {
        assert_eq!(
            reason(Settings::parse(serde_json::json!([]))),
            Reason::WrongType
        );
        let nul = serde_json::json!({"a": [{"b\0": 1}]});
        assert_eq!(reason(Settings::parse(nul)), Reason::ControlCharacter);
        let large = serde_json::json!({"a": "x".repeat(SETTINGS_MAX_BYTES)});
        assert_eq!(reason(Settings::parse(large)), Reason::TooLarge);
    }
}
