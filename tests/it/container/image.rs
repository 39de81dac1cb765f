//! The Dockerfile: what it copies, sets and calls.

use std::{collections::BTreeSet, path::Path};

use erpmax::config::catalogue;

use super::read;
use crate::support::process::{Place, Signal};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// An instruction of a Dockerfile: its word, and what follows.
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let instructions = joined.lines().filter_map(|line| line.split_once(' '));
    instructions
        .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// What follows a word, each time it stands there.
fn all(word: &str) -> Vec<String> {
    let found = instructions()
        .into_iter()
        .filter(|(known, _)| known == word);
    found.map(|(_, rest)| rest).collect()
}

/// What follows a word that must stand there once.
pub fn only(word: &str) -> String {
    let [one] = all(word).try_into().expect("once");
    one
}

/// A list in the form that no shell reads.
pub fn list(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The settings of the image.
fn settings() -> Vec<(String, String)> {
    let text = only("ENV");
    let pairs = text.split_whitespace().map(|pair| pair.split_once('='));
    let pairs = pairs.map(|pair| pair.expect("NAME=value"));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What is copied from the repository.
fn sources() -> BTreeSet<String> {
    let copies = all("COPY")
        .into_iter()
        .filter(|copy| !copy.starts_with("--from="));
    let mut sources = BTreeSet::new();
    for copy in copies {
        let mut words: Vec<_> = copy.split_whitespace().map(str::to_owned).collect();
        words.pop().expect("where to");
        sources.extend(words);
    }
    sources
}

/// Whether the engine is sent this path: the last rule that fits decides.
fn is_sent(path: &str) -> bool {
    let text = read(".dockerignore");
    let rules = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut sent = true;
    for rule in rules {
        let (sends, rule) = match rule.strip_prefix('!') {
            Some(rule) => (true, rule),
            None => (false, rule),
        };
        let below = path
            .strip_prefix(rule)
            .is_some_and(|rest| rest.starts_with('/'));
        if rule == "*" || path == rule || below {
            sent = sends;
        }
    }
    sent
}

#[test]
fn what_is_copied_is_there_and_is_sent() {
    let sources = sources();
    assert!(sources.len() > 5, "{sources:?}");
    for source in &sources {
        assert!(
            Path::new(ROOT).join(source).exists(),
            "there is no {source}"
        );
        assert!(is_sent(source), ".dockerignore keeps {source} back");
    }
}

#[test]
fn what_is_built_from_is_copied() {
    let manifest = read("Cargo.toml");
    let members = manifest.split_once("members = ").expect("members").1;
    let members = list(members.lines().next().expect("one line"));
    let mut needed = vec!["Cargo.lock", "build.rs", "src", "web", "docs/operations"];
    needed.extend(members.iter().map(|member| match member.as_str() {
        "." => "Cargo.toml",
        member => member,
    }));
    let sources = sources();
    for name in needed {
        assert!(sources.contains(name), "{name} is not copied");
    }
}

#[test]
fn what_is_not_for_others_is_not_sent() {
    for path in [
        ".env",
        ".env.production",
        ".git/config",
        "data/erpmax.db",
        "target/debug/erpmax",
        "web/node_modules/react/index.js",
        "web/dist/playground.html",
    ] {
        assert!(!is_sent(path), "{path} is sent");
    }
}

#[test]
fn the_compiler_is_new_enough() {
    let version = |text: &str| -> Vec<u32> {
        text.split('.')
            .map(|part| part.parse().expect("a number"))
            .collect()
    };
    let manifest = read("Cargo.toml");
    let oldest = manifest
        .split_once("rust-version = \"")
        .expect("it says so")
        .1;
    let oldest = oldest.split('"').next().expect("a version");
    let arguments = all("ARG");
    let used = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("RUST="));
    assert!(version(used.expect("an argument")) >= version(oldest));
}

#[test]
fn the_settings_are_settings() {
    let known: BTreeSet<_> = catalogue()
        .into_iter()
        .map(|setting| setting.name)
        .collect();
    let settings = settings();
    for (name, _) in &settings {
        assert!(known.contains(name), "{name} is no setting");
    }
    let value = |wanted: &str| {
        let found = settings.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(value("PORT"), Some(only("EXPOSE")));
    assert_eq!(value("DATA_DIR"), Some(only("VOLUME")));
    assert_ne!(only("USER").split(':').next(), Some("0"));
}

#[tokio::test]
async fn the_program_runs_as_the_image_runs_it() {
    let mut place = Place::new().await;
    for (name, value) in settings() {
        // One port may be taken, and one directory is not ours.
        if !["PORT", "DATA_DIR"].contains(&name.as_str()) {
            place.set(&name, &value);
        }
    }
    assert_eq!(list(&only("ENTRYPOINT")), ["erpmax"]);
    assert_eq!(list(&only("CMD")), ["serve"]);
    let server = place.serve().await;
    let check = only("HEALTHCHECK");
    let check = list(check.split_once(" CMD ").expect("a command").1);
    let (program, arguments) = check.split_first().expect("a program");
    assert_eq!(program, "erpmax");
    let port = server.base.rsplit(':').next().expect("a port").to_owned();
    place.set("PORT", &port);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    place.ok(&arguments).await;
    assert_eq!(only("STOPSIGNAL"), "SIGTERM");
    server.signal(Signal::TERM);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    place.remove().await;
}
