//! What settings there are and where their values came from, read off the definition that the command
//! line is made of. The documentation, `.env.example` and `erpmax config` are held to it.

use clap::{ArgMatches, Args, Command, parser::ValueSource};
use url::Url;

use super::Settings;

/// What a secret is shown as.
const HIDDEN: &str = "(set, not shown)";
/// Parameters of a database's address that are secrets.
const SECRET_PARAMETERS: [&str; 2] = ["password", "sslpassword"];

/// A setting as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable.
    pub name: String,
    /// The flag, without its dashes.
    pub flag: String,
    /// The heading under which `--help` lists it.
    pub group: String,
    /// What holds when it is not set, in words where it depends on others.
    pub default: Option<String>,
    /// The words it may be, if there are only some.
    pub words: Vec<String>,
    /// What it does.
    pub help: String,
    /// Whether its value may be shown to nobody.
    pub secret: bool,
    id: String,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag.
    Flag,
    /// The environment.
    Environment,
    /// The file `.env`.
    Dotenv,
    /// Nobody set it.
    Default,
}

impl Source {
    /// One word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Dotenv => ".env",
            Self::Default => "default",
        }
    }
}

/// A setting with the value it has; secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The setting.
    pub setting: Setting,
    /// What it is set to; nothing where the default is in words.
    pub value: Option<String>,
    /// Who said so.
    pub source: Source,
}

/// Every setting, in the order of `--help`.
pub fn catalogue() -> Vec<Setting> {
    let command = Settings::augment_args(Command::new("erpmax"));
    command.get_arguments().filter_map(setting).collect()
}

/// Every setting with its value. `dotenv` names what was taken from the file.
pub fn told(matches: &ArgMatches, dotenv: &[String]) -> Vec<Told> {
    let tell = |setting: Setting| {
        let values = matches.get_raw(&setting.id).into_iter().flatten();
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        let value = (!values.is_empty()).then(|| values.join(","));
        let source = match matches.value_source(&setting.id) {
            Some(ValueSource::CommandLine) => Source::Flag,
            Some(ValueSource::EnvVariable) if dotenv.contains(&setting.name) => Source::Dotenv,
            Some(ValueSource::EnvVariable) => Source::Environment,
            _ => Source::Default,
        };
        Told {
            value: value.map(|value| {
                if setting.secret {
                    masked(&value)
                } else {
                    value
                }
            }),
            source,
            setting,
        }
    };
    catalogue().into_iter().map(tell).collect()
}

fn setting(arg: &clap::Arg) -> Option<Setting> {
    let text = arg.get_long_help().or(arg.get_help())?.to_string();
    let (help, in_words) = split_default(&text);
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let words = arg.get_possible_values();
    let takes_bool = words.iter().any(|word| word.get_name() == "true");
    Some(Setting {
        name: arg.get_env()?.to_string_lossy().into_owned(),
        flag: arg.get_long()?.to_owned(),
        group: arg.get_help_heading().unwrap_or_default().to_owned(),
        default: (!defaults.is_empty())
            .then(|| defaults.join(","))
            .or(in_words),
        words: words
            .iter()
            .filter(|word| !takes_bool && !word.is_hide_set())
            .map(|word| word.get_name().to_owned())
            .collect(),
        help,
        secret: arg.is_hide_env_values_set(),
        id: arg.get_id().to_string(),
    })
}

/// A default in words stands in the help as `[default: …]` or `[default in development: …]`.
fn split_default(help: &str) -> (String, Option<String>) {
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((before, rest)) = help.split_once(" [default") else {
        return (with_full_stop(&help), None);
    };
    let (default, after) = rest.split_once(']').unwrap_or((rest, ""));
    let default = default.trim_start_matches(':').trim();
    let after = after.trim_start_matches('.');
    (
        with_full_stop(&format!("{before}{after}")),
        Some(default.to_owned()),
    )
}

fn with_full_stop(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// An address without its password; anything else not at all.
pub fn masked(value: &str) -> String {
    let Ok(mut url) = Url::parse(value) else {
        return HIDDEN.to_owned();
    };
    if !value.contains("://") {
        return HIDDEN.to_owned();
    }
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return HIDDEN.to_owned();
    }
    let secret = |name: &str| SECRET_PARAMETERS.contains(&name);
    if url.query_pairs().any(|(name, _)| secret(&name)) {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let shown = pairs
            .iter()
            .map(|(name, value)| (name, if secret(name) { "***" } else { value }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grants_something_is_secret_and_all_have_a_place() {
        for setting in catalogue() {
            let name = setting.name.as_str();
            let grants = ["KEY", "TOKEN", "PASSWORD"].iter().any(|word| {
                let mut words = name.split('_');
                words.any(|part| part == *word || part.strip_suffix('S') == Some(word))
            });
            // How long tokens live and the like is a number.
            let grants = grants && !name.contains("EXPIRE");
            let leads = ["DATABASE_URL", "REDIS_URL", "RABBITMQ_URL", "SMTP_URL"].contains(&name);
            assert_eq!(setting.secret, grants || leads, "{name}");
            assert!(!setting.group.is_empty(), "{name} has no heading");
            assert!(setting.help.len() > 10, "{name} is not explained");
            assert_eq!(setting.flag, name.to_lowercase().replace('_', "-"));
        }
    }

    #[test]
    fn defaults_in_words_are_told_apart() {
        let split = |help| split_default(help);
        assert_eq!(
            split("How many\nthings [default: one]"),
            ("How many things.".to_owned(), Some("one".to_owned()))
        );
        assert_eq!(
            split("A key [default in development: made once]")
                .1
                .as_deref(),
            Some("in development: made once")
        );
        assert_eq!(split("Plain."), ("Plain.".to_owned(), None));
    }

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        for (value, shown) in [
            ("postgres://u:hunter2@db/x", "postgres://u:***@db/x"),
            ("redis://:hunter2@cache", "redis://:***@cache"),
            (
                "postgres://db/x?user=u&password=hunter2",
                "postgres://db/x?user=u&password=***",
            ),
            ("postgres://db/x", "postgres://db/x"),
            ("hunter2", HIDDEN),
            ("user:hunter2", HIDDEN),
            ("postgres://u:hunter2@[::", HIDDEN),
        ] {
            assert_eq!(masked(value), shown);
        }
    }
}
