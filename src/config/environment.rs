//! Where and as what the program runs.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::Problems;

/// Whether people depend on this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// Convenience first: what is missing is made or stood in for.
    #[default]
    #[value(alias = "dev")]
    Development,
    /// Safety first: what is missing is refused.
    #[value(alias = "prod")]
    Production,
}

impl Environment {
    /// Whether what is missing is refused.
    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

/// Where and as what the program runs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub struct GeneralSettings {
    /// In production, whatever would be unsafe or lost on restart is refused at start.
    #[arg(
        long,
        env = "ENVIRONMENT",
        global = true,
        value_enum,
        ignore_case = true
    )]
    #[arg(default_value = "development")]
    pub environment: Environment,

    /// Directory for the embedded database, the development secret and the letters.
    #[arg(
        long,
        env = "DATA_DIR",
        global = true,
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data_dir: PathBuf,

    /// JSON file with the plans to seed instead of the built-in ones.
    #[arg(
        long,
        env = "PLANS_FILE",
        global = true,
        value_name = "FILE",
        hide_short_help = true
    )]
    pub plans_file: Option<PathBuf>,
}

/// Makes the data directory, readable by its owner only.
pub(super) fn prepare(data_dir: &Path, problems: &mut Problems) {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Err(error) = builder.create(data_dir) {
        let path = data_dir.display();
        problems.add(
            "DATA_DIR",
            format!("cannot make the directory {path}: {error}"),
        );
    }
}

/// The file, provided that there is one.
pub(super) fn existing(file: Option<PathBuf>, problems: &mut Problems) -> Option<PathBuf> {
    let file = file.filter(|path| !path.as_os_str().is_empty())?;
    if !file.is_file() {
        problems.add("PLANS_FILE", format!("there is no file {}", file.display()));
    }
    Some(file)
}
