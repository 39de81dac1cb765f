//! `config`: what every setting is and who said so, secrets masked, and what is wrong with them.

use super::terminal;
use crate::{
    config::{Settings, Told},
    error::BoxError,
};

/// Prints the settings; fails when the program could not start with them.
pub(super) fn run(settings: Settings, told: &[Told]) -> Result<(), BoxError> {
    let width = |text: fn(&Told) -> &str| told.iter().map(|told| text(told).len()).max();
    let name = width(|told| &told.setting.name).unwrap_or_default();
    let source = width(|told| told.source.word()).unwrap_or_default();
    let mut group = "";
    for told in told {
        if told.setting.group != group {
            group = &told.setting.group;
            terminal::say(format_args!("\n{group}"));
        }
        let value = match (&told.value, &told.setting.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => format!("({default})"),
            (None, None) => "(not set)".to_owned(),
        };
        terminal::say(format_args!(
            "  {:name$}  {:source$}  {value}",
            told.setting.name,
            told.source.word(),
        ));
    }
    terminal::say("");
    let (_, problems) = settings.examine();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into())
    }
}
