//! docs/DEPLOYMENT.md, held to the stack: what can be run here is run, and what needs an engine names
//! services and commands that are there.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use clap::Parser;
use erpmax::cli::Cli;

use super::{
    compose::{SECRETS, Stack, word},
    read,
};
use crate::support::process::Place;

/// The blocks of the page by what stands beside their opening.
fn blocks(kind: &str) -> Vec<String> {
    let page = read("docs/DEPLOYMENT.md");
    let mut blocks = Vec::new();
    let mut lines = page.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == format!("```sh {kind}") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            blocks.push(block.collect::<Vec<_>>().join("\n"));
        }
    }
    assert!(!blocks.is_empty(), "no `{kind}`");
    blocks
}

/// Words of a command as a shell makes them, as far as the page needs.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in command.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_block_is_run_or_an_example() {
    let page = read("docs/DEPLOYMENT.md");
    let kinds = page
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_prefix("```"));
    let kinds: BTreeSet<_> = kinds.filter(|kind| !kind.is_empty()).collect();
    assert_eq!(kinds, BTreeSet::from(["sh example", "sh secrets"]));
    assert!(page.contains("Commands with `docker` are examples"));
}

#[tokio::test]
async fn the_secrets_are_made() {
    let place = Place::new().await;
    let script = &blocks("secrets")[0];
    let made = place.bash(script, &[]).await;
    assert!(made.success, "{made:#?}");
    let file = place.dir.path().join(".env");
    let text = fs::read_to_string(&file).unwrap();
    let made: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let names: BTreeSet<_> = made.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, SECRETS.map(|(name, _)| name).into());
    assert!(made.iter().all(|(_, value)| value.len() == 64));
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(Stack::of(&["compose.yaml"], &made).missing.is_empty());
    // The program reads the same file when it is run beside.
    let shown = place.ok(&["config"]).await;
    let mut lines = shown.lines().map(str::split_whitespace);
    let key =
        lines.find_map(|mut words| (words.next() == Some("SECRET_KEY")).then(|| words.next()));
    assert_eq!(key, Some(Some(".env")));
    place.remove().await;
}

#[test]
fn the_examples_name_what_is_there() {
    let stack = Stack::production();
    let page = read("docs/DEPLOYMENT.md");
    let inline = page
        .split('`')
        .filter(|text| text.starts_with("docker compose "));
    let mut commands: Vec<_> = inline.map(str::to_owned).collect();
    let block_lines = blocks("example").join("\n");
    commands.extend(block_lines.lines().map(str::to_owned));
    let readme = read("README.md");
    let in_readme = readme
        .lines()
        .filter(|line| line.starts_with("docker compose "));
    commands.extend(in_readme.map(str::to_owned));
    let mut tried = 0;
    for command in &commands {
        let line = split(command);
        let [docker, compose, what, rest @ ..] = &line[..] else {
            panic!("{command}");
        };
        assert_eq!((docker.as_str(), compose.as_str()), ("docker", "compose"));
        let names: Vec<_> = rest.iter().filter(|word| !word.starts_with('-')).collect();
        let (services, program) = match what.as_str() {
            // The rest is typed inside.
            "exec" | "run" => names.split_at(1),
            _ => names.split_at(names.len()),
        };
        for service in services {
            let known = stack.services().contains_key(service.as_str());
            assert!(known, "{command}: no service {service}");
        }
        let service = services.first().map(|name| name.as_str());
        let words = rest
            .iter()
            .skip_while(|word| Some(word.as_str()) != service);
        let inside: Vec<_> = words.skip(1).map(String::as_str).collect();
        let ours = match (what.as_str(), program.first()) {
            ("exec", Some(first)) if *first == "erpmax" => inside,
            // The image begins with the program.
            ("run", Some(_)) => [&["erpmax"][..], &inside].concat(),
            _ => continue,
        };
        tried += 1;
        let read = Cli::try_parse_from(&ours);
        assert!(read.is_ok(), "{command}: {ours:?}");
    }
    assert!(tried > 5, "{commands:?}");
    let postgres = stack.environment("postgres");
    for command in commands
        .iter()
        .filter(|command| command.contains("pg_dump"))
    {
        let user = format!("--username {}", postgres["POSTGRES_USER"]);
        assert!(command.contains(&user), "{command}");
        let database = format!(" {} ", postgres["POSTGRES_DB"]);
        assert!(command.contains(&database), "{command}");
    }
    assert_eq!(word(stack.at("/name")), "erpmax");
}
