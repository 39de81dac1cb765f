//! The key that signs tokens: given, or in development made once and kept. And those of before a
//! rotation, which only verify.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;

use super::{Environment, Problems};

/// How many previous keys there may be: a token that names none is tried with each.
const PREVIOUS_MAX: usize = 10;

/// HMAC-SHA256 gains nothing from more and loses from less (RFC 7518 section 3.2).
const MIN_BYTES: usize = 32;

/// Parts of keys that stand in examples and tutorials; whoever guesses tries them first.
const EXAMPLES: [&str; 8] = [
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "your-secret",
    "your_secret",
    "example",
    "insecure",
];

/// In place of a key that would be made, when nothing is to be made; signs nothing.
pub(super) const STAND_IN: &str = "not made yet: no key is here";

/// Checks the given key; in development makes one where none was given.
pub(super) fn key(
    given: Option<String>,
    environment: Environment,
    data_dir: &Path,
    problems: &mut Problems,
) -> SecretString {
    // A line break at the end of a secret's file is no part of it.
    let given = given.map(|key| key.trim().to_owned());
    let given = given.filter(|key| !key.is_empty());
    if environment.is_production() {
        if let Some(advice) = weakness(given.as_deref()) {
            problems.add(
                "SECRET_KEY",
                format!("{advice}; make one with `openssl rand -hex 32`"),
            );
        }
        return given.unwrap_or_default().into();
    }
    if let Some(given) = given {
        return given.into();
    }
    let file = file(data_dir);
    kept(&file).unwrap_or_else(|error| {
        problems.add(
            "SECRET_KEY",
            format!("cannot keep one in {}: {error}", file.display()),
        );
        SecretString::default()
    })
}

/// Checks the keys that only verify, by the rules for the one that signs: whoever guesses one of them
/// signs tokens that are accepted.
pub(super) fn previous(
    given: Option<&str>,
    environment: Environment,
    problems: &mut Problems,
) -> Vec<SecretString> {
    let keys = given.unwrap_or_default().split(',').map(str::trim);
    let keys: Vec<_> = keys.filter(|key| !key.is_empty()).collect();
    if keys.len() > PREVIOUS_MAX {
        let advice = format!("holds {} keys, more than {PREVIOUS_MAX}", keys.len());
        problems.add(
            "SECRET_KEYS_PREVIOUS",
            format!("{advice}; leave out those whose tokens have all expired"),
        );
    }
    if environment.is_production() {
        for (index, key) in keys.iter().enumerate() {
            if let Some(why) = weakness(Some(key)) {
                let which = format!("number {} of {}", index + 1, keys.len());
                problems.add(
                    "SECRET_KEYS_PREVIOUS",
                    format!("{which} {why}; leave it out: whoever guesses it can sign tokens"),
                );
            }
        }
    }
    keys.into_iter().map(Into::into).collect()
}

/// Where the key is kept that is made in development.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("secret_key")
}

/// Why a key is easily guessed, if it is.
pub fn weakness(key: Option<&str>) -> Option<&'static str> {
    let Some(key) = key else {
        return Some("is missing");
    };
    let lower = key.to_ascii_lowercase();
    if key.len() < MIN_BYTES {
        Some("is shorter than 32 bytes")
    } else if EXAMPLES.iter().any(|example| lower.contains(example)) {
        Some("is the value of an example")
    } else if key.bytes().collect::<std::collections::HashSet<_>>().len() < 8 {
        Some("repeats few characters, so it is easily guessed")
    } else {
        None
    }
}

/// Reads the key kept in the file; makes it if it is the first time.
fn kept(file: &Path) -> io::Result<SecretString> {
    match read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        other => other,
    }
}

fn read(file: &Path) -> io::Result<SecretString> {
    let text = fs::read_to_string(file)?;
    match text.trim() {
        "" => Err(io::Error::other("the file is empty; delete it")),
        key => Ok(key.into()),
    }
}

/// Whole or not at all, and only once: of two processes that start together, the second takes the
/// first one's key.
fn make(file: &Path) -> io::Result<SecretString> {
    let mut bytes = [0; MIN_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let key = BASE64_URL_SAFE_NO_PAD.encode(bytes);

    let draft = draft_of(file);
    write_private(&draft, &key)?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(key.into()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(file),
        Err(error) => Err(error),
    }
}

fn draft_of(file: &Path) -> PathBuf {
    file.with_extension(format!("{}.new", std::process::id()))
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_made_key_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut problems = Problems::default();
        let mut key = || key(None, Environment::Development, dir.path(), &mut problems);
        let (first, second) = (key(), key());
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(first.expose_secret().len(), 43);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(problems.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_kept_key_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret_key");
        kept(&file).unwrap();
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn previous_keys_are_a_list_with_a_limit() {
        let keys = |given: &str| {
            let mut problems = Problems::default();
            let keys = previous(Some(given), Environment::Development, &mut problems);
            let keys = keys.iter().map(|key| key.expose_secret().to_owned());
            (keys.collect::<Vec<_>>(), problems.is_empty())
        };
        assert_eq!(keys(" , "), (vec![], true));
        assert_eq!(
            keys("one, two,\n"),
            (vec!["one".to_owned(), "two".to_owned()], true)
        );
        assert!(keys(&"key,".repeat(10)).1);
        assert!(!keys(&"key,".repeat(11)).1);
    }

    #[test]
    fn spaces_around_a_key_are_no_part_of_it() {
        let mut problems = Problems::default();
        let given = Some(" a key\n".to_owned());
        let key = key(
            given,
            Environment::Development,
            Path::new(""),
            &mut problems,
        );
        assert_eq!(key.expose_secret(), "a key");
    }

    #[test]
    fn weak_keys_are_refused() {
        let long_example = "your-secret-key-change-in-production-0123456789";
        for weak in [
            None,
            Some("short"),
            Some(long_example),
            Some(&*"ab".repeat(40)),
        ] {
            assert!(weakness(weak).is_some(), "{weak:?}");
        }
        let strong = "6f1c0d2ab34e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
        assert_eq!(weakness(Some(strong)), None);
    }
}
