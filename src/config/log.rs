//! Settings of logs.

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;

use super::Problems;

/// What is too talkative to be useful; a filter that names one of these wins.
const QUIET: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn";

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// JSON in production, readable otherwise.
    Auto,
    /// One JSON object per line.
    Json,
    /// For people.
    Pretty,
}

/// What a person wrote about logs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// Form of a log line; `auto` is JSON in production and readable otherwise.
    #[arg(
        long,
        env = "LOG_FORMAT",
        global = true,
        value_enum,
        default_value = "auto"
    )]
    #[arg(ignore_case = true)]
    pub log_format: LogFormat,

    /// What is logged: a level, or a list like `info,erpmax=debug`.
    #[arg(
        long,
        env = "LOG_FILTER",
        global = true,
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log_filter: String,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// What is logged.
    pub filter: Targets,
}

impl LogSettings {
    /// Checks.
    pub(super) fn resolve(self, problems: &mut Problems) -> Log {
        // Levels by target and nothing finer: whether a line is wanted is then known once for all.
        let filter = format!("{QUIET},{}", self.log_filter).parse();
        Log {
            format: self.log_format,
            filter: filter.unwrap_or_else(|error| {
                problems.add(
                    "LOG_FILTER",
                    format!("cannot be read: {error}; `info` is a good value"),
                );
                Targets::default()
            }),
        }
    }
}
