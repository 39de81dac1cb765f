//! The page of settings, printed from their definition.

use std::fmt::Write;

use erpmax::config::{Setting, catalogue};

use crate::support::snapshot;

fn default(setting: &Setting) -> String {
    match &setting.default {
        // Words of ours say more than one value would.
        Some(words) if words.contains(' ') => words.clone(),
        Some(value) => format!("`{value}`"),
        None => String::new(),
    }
}

fn explained(setting: &Setting) -> String {
    let mut text = setting.help.clone();
    if !setting.words.is_empty() {
        let _ = write!(text, " One of `{}`.", setting.words.join("`, `"));
    }
    if setting.secret {
        text.push_str(" Never shown.");
    }
    text.replace('|', "\\|")
}

#[test]
fn the_printed_page_lists_every_setting() {
    let mut page = PAGE_HEAD.to_owned();
    let mut group = String::new();
    for setting in catalogue() {
        if setting.group != group {
            let _ = write!(
                page,
                "\n## {}\n\n| Variable | Default | What it does |\n| --- | --- | --- |\n",
                setting.group
            );
            group.clone_from(&setting.group);
        }
        let row = format!(
            "| `{}` | {} | {} |\n",
            setting.name,
            default(&setting),
            explained(&setting)
        );
        page.push_str(&row.replace("|  |", "| |"));
    }
    snapshot::check("docs/CONFIGURATION.md", &page);
}

#[test]
fn a_group_stands_together() {
    let mut groups: Vec<_> = catalogue()
        .into_iter()
        .map(|setting| setting.group)
        .collect();
    groups.dedup();
    let mut unique = groups.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(
        groups.len(),
        unique.len(),
        "a heading appears twice: {groups:?}"
    );
}

const PAGE_HEAD: &str = "\
# Configuration

Every setting there is. Written by `UPDATE_SNAPSHOTS=1 cargo test configuration` from `src/config/`; do not edit.

A setting is an environment variable and a flag: `MAX_BODY_BYTES=2097152` is `--max-body-bytes 2097152`. `.env` in
the working directory is read; the environment wins over it, flags win over both. A variable that is set to
nothing counts as not set. `erpmax config` shows what holds and where it came from; `erpmax doctor` tries it.
[.env.example](../.env.example) and [.env.production.example](../.env.production.example) are there to be copied.
";
