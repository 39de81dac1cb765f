//! Passwords: those people want, and those they claim to have.

use secrecy::{ExposeSecret, SecretString};

use super::{EmailAddress, Parsed};
use crate::{
    domain::fields::FieldProblem,
    error::{Error, Reason, Result},
};

/// Shortest password, in characters (ruling 23).
pub const PASSWORD_MIN: usize = 8;
/// Longest password, in characters (ruling 23).
pub const PASSWORD_MAX: usize = 128;
/// Longest text a sign-in will hash; anything longer cannot be anybody's password.
pub const PASSWORD_ATTEMPT_MAX: usize = 1024;

/// What passwords are made of: letters and digits of which no two look alike, 32 of them so that all
/// are equally likely.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many of them a password has that is made.
const MADE_CHARACTERS: usize = 20;
/// How many stand together.
const MADE_GROUP: usize = 5;

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

    /// A password that nobody has chosen: 100 bits of the operating system's, in groups that can be
    /// read aloud.
    pub fn generate() -> Result<Self> {
        let mut bytes = [0; MADE_CHARACTERS];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        let letters = bytes.map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]);
        let groups = letters.chunks(MADE_GROUP).map(String::from_utf8_lossy);
        let text = groups.collect::<Vec<_>>().join("-");
        Ok(Self(text.into()))
    }

    /// A password that an old hash has just confirmed; it was chosen under older rules.
    pub(in crate::domain) fn proven(attempt: &PasswordAttempt) -> Self {
        Self::unchecked(attempt.expose())
    }

    /// Bypasses the rules, for demo accounts.
    pub(in crate::domain) fn unchecked(text: &str) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(parsed: Parsed<T>) -> Reason {
        parsed.expect_err("refused").reason
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
    fn passwords_that_are_made_follow_the_rules_and_differ() {
        let made = || Password::generate().unwrap().expose().to_owned();
        let one = made();
        assert_ne!(one, made());
        assert_eq!(one.len(), 23);
        assert!(one.split('-').all(|group| group.len() == 5), "{one}");
        assert!(Password::parse(&one).is_ok());
    }

    #[test]
    fn a_password_made_of_look_alikes_is_checked_quickly() {
        let look_alikes = "4@8({[<369!|17$5+%20".repeat(5);
        let started = std::time::Instant::now();
        for length in [20, 100] {
            assert!(Password::parse(&look_alikes[..length]).is_ok());
        }
        assert!(
            started.elapsed().as_millis() < 1_000,
            "{:?}",
            started.elapsed()
        );
    }
}
