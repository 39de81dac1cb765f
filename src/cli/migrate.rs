//! `migrate`: changes the schema, or tells where it stands.

use chrono::SecondsFormat;
use clap::{Subcommand, value_parser};

use super::{configure, terminal};
use crate::{
    boot::migrations::{self, State},
    config::{Config, Settings},
    error::BoxError,
};

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply every migration that is pending.
    Up,
    /// Take the last migrations back, and with them the data in their tables.
    Down {
        /// How many.
        #[arg(value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
        steps: u32,
        /// Do not ask; needed where no terminal is.
        #[arg(long)]
        yes: bool,
    },
    /// Show every migration and whether the database has it.
    Status,
    /// Show what was applied, and when.
    History,
    /// Delete all data and build the schema anew; refused in production.
    Fresh {
        /// Do not ask; needed where no terminal is.
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
pub(super) async fn run(command: Command, settings: Settings) -> Result<(), BoxError> {
    let config = configure(settings)?;
    let database = &config.database;
    match command {
        Command::Up => report("applied", &migrations::up(database).await?),
        Command::Down { steps, yes } => {
            let warning = format!("This deletes data from {}.", database.describe());
            if yes || terminal::confirm(warning)? {
                report("taken back", &migrations::down(database, steps).await?);
            }
        }
        Command::Status => show_status(&config).await?,
        Command::History => show_history(&config).await?,
        Command::Fresh { yes } => {
            let warning = format!("This deletes ALL data from {}.", database.describe());
            // Refused before it is asked about.
            if config.environment.is_production() || yes || terminal::confirm(warning)? {
                report("applied", &migrations::fresh(&config).await?);
            }
        }
    }
    Ok(())
}

fn report(done: &str, names: &[String]) {
    for name in names {
        terminal::say(format_args!("{done}  {name}"));
    }
    if names.is_empty() {
        terminal::say("nothing to do");
    }
}

async fn show_status(config: &Config) -> Result<(), BoxError> {
    let states = migrations::status(&config.database).await?;
    terminal::say(config.database.describe());
    for state in &states {
        terminal::say(line(state));
    }
    let pending = states
        .iter()
        .filter(|state| state.applied_at.is_none())
        .count();
    terminal::say(match pending {
        0 => "The schema is up to date.".to_owned(),
        1 => "1 migration is pending; `erpmax migrate up` applies it.".to_owned(),
        n => format!("{n} migrations are pending; `erpmax migrate up` applies them."),
    });
    Ok(())
}

async fn show_history(config: &Config) -> Result<(), BoxError> {
    let mut applied = migrations::status(&config.database).await?;
    applied.retain(|state| state.applied_at.is_some());
    // Stable: what was applied in one go keeps its order.
    applied.sort_by_key(|state| state.applied_at);
    for state in &applied {
        terminal::say(line(state));
    }
    if applied.is_empty() {
        terminal::say("nothing was applied yet");
    }
    Ok(())
}

fn line(state: &State) -> String {
    let State {
        name,
        applied_at,
        known,
    } = state;
    let unknown = if *known {
        ""
    } else {
        "  (of another version of the program)"
    };
    match applied_at {
        Some(at) => {
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("  applied  {at}  {name}{unknown}")
        }
        None => format!("  pending  {:20}  {name}", "-"),
    }
}
