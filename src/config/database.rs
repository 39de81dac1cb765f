//! Settings of the database, and the forms its address may have.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
};

use clap::{ArgAction, Args, builder::BoolishValueParser};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Environment, Problems};

/// What a person wrote about the database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Where the database is: `postgres://…` or `sqlite://FILE`; `postgresql+asyncpg://…` of the
    /// legacy system is understood [default: SQLite in `DATA_DIR/erpmax.db`].
    #[arg(
        long,
        env = "DATABASE_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// How many connections are open at most [default: 16 to PostgreSQL, 8 to SQLite].
    #[arg(
        long,
        env = "DATABASE_MAX_CONNECTIONS",
        global = true,
        value_name = "N"
    )]
    #[arg(hide_short_help = true)]
    pub database_max_connections: Option<NonZero<u16>>,

    /// Whether `serve` brings the schema up to date before it listens.
    #[arg(
        long,
        env = "RUN_MIGRATIONS",
        global = true,
        value_name = "BOOL",
        default_value = "true"
    )]
    #[arg(action = ArgAction::Set, value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub run_migrations: bool,
}

/// The database.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is, in the form the driver reads; may hold a password.
    pub url: SecretString,
    /// How many connections are open at most.
    pub max_connections: u32,
    /// Whether `serve` brings the schema up to date.
    pub run_migrations: bool,
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file of this process.
    Sqlite,
    /// A server.
    Postgres,
}

impl Database {
    /// Which database it is.
    pub fn kind(&self) -> DatabaseKind {
        if self.url.expose_secret().starts_with("sqlite:") {
            DatabaseKind::Sqlite
        } else {
            DatabaseKind::Postgres
        }
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<PathBuf> {
        sqlite_file(self.url.expose_secret())
    }

    /// What a person may read about where it is: never the password.
    pub fn describe(&self) -> String {
        match self.file() {
            Some(file) => format!("SQLite, {}", file.display()),
            None => match Url::parse(self.url.expose_secret()) {
                Ok(url) => format!(
                    "PostgreSQL, {}:{}{}",
                    url.host_str().unwrap_or("local socket"),
                    url.port().unwrap_or(5432),
                    url.path(),
                ),
                Err(_) => "PostgreSQL".into(),
            },
        }
    }
}

impl DatabaseSettings {
    /// Checks and completes.
    pub(super) fn resolve(
        self,
        environment: Environment,
        data_dir: &Path,
        problems: &mut Problems,
    ) -> Database {
        let given = self.database_url.filter(|url| !url.trim().is_empty());
        let url = match given.as_deref().map(|url| normalize(url.trim())) {
            None => sqlite_url(&data_dir.join("erpmax.db")),
            Some(Ok(url)) => url,
            Some(Err(advice)) => {
                problems.add("DATABASE_URL", advice);
                // Stands in until the problems are reported; nothing is opened.
                "postgres://localhost/".into()
            }
        };
        let mut database = Database {
            url: url.into(),
            max_connections: 0,
            run_migrations: self.run_migrations,
        };
        let default = match database.kind() {
            DatabaseKind::Sqlite => 8,
            DatabaseKind::Postgres => 16,
        };
        database.max_connections = self
            .database_max_connections
            .map_or(default, |n| u32::from(n.get()));
        if environment.is_production() && database.kind() == DatabaseKind::Sqlite {
            problems.add(
                "DATABASE_URL",
                "SQLite serves one process on one machine; set it to postgres://USER:PASSWORD@HOST/NAME",
            );
        }
        database
    }
}

/// Brings every accepted form into the one that the driver reads.
fn normalize(url: &str) -> Result<String, &'static str> {
    const FORMS: &str = "must start with postgres:// or sqlite://";
    let (scheme, rest) = url.split_once(':').ok_or(FORMS)?;
    // `+asyncpg` and the like name a Python driver (ruling 34).
    let scheme = scheme
        .split('+')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match scheme.as_str() {
        "postgres" | "postgresql" => {
            let url = format!("postgres:{rest}");
            Url::parse(&url).map_err(|_| "is not a URL; is a special character not %-encoded?")?;
            Ok(url
                .replacen("?ssl=", "?sslmode=", 1)
                .replacen("&ssl=", "&sslmode=", 1))
        }
        "sqlite" => {
            let url = format!("sqlite:{rest}");
            match sqlite_file(&url) {
                Some(_) => Ok(url),
                None => Err("a database in memory is another one for each connection; name a file"),
            }
        }
        _ => Err(FORMS),
    }
}

/// The address of a file, with the characters encoded that a URL gives a meaning to.
fn sqlite_url(file: &Path) -> String {
    let path = file
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite://{path}")
}

/// The file in an address of ours or of a person, read the way the driver does.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let decoded = percent_decode(path);
    (!decoded.is_empty() && decoded != ":memory:" && !query.contains("mode=memory"))
        .then(|| decoded.into())
}

pub(super) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_legacy_system_are_understood() {
        for (given, expected) in [
            (
                "postgresql+asyncpg://u:p@db:5432/erp",
                "postgres://u:p@db:5432/erp",
            ),
            (
                "postgresql://db/erp?ssl=require",
                "postgres://db/erp?sslmode=require",
            ),
            ("postgres://db/erp", "postgres://db/erp"),
            ("sqlite+aiosqlite:///tmp/a.db", "sqlite:///tmp/a.db"),
        ] {
            assert_eq!(normalize(given).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for given in [
            "mysql://db/erp",
            "erp",
            "sqlite::memory:",
            "sqlite://",
            "postgres://[::",
        ] {
            assert!(normalize(given).is_err(), "{given}");
        }
    }

    #[test]
    fn any_path_survives_being_an_address() {
        let path = Path::new("/tmp/a b%2F/who?/#1/ü.db");
        assert_eq!(sqlite_file(&sqlite_url(path)).as_deref(), Some(path));
    }

    #[test]
    fn a_description_holds_no_password() {
        let url = SecretString::from("postgres://user:hunter2@db.example/erp");
        let database = Database {
            url,
            max_connections: 1,
            run_migrations: true,
        };
        assert_eq!(database.describe(), "PostgreSQL, db.example:5432/erp");
        assert!(!format!("{database:?}").contains("hunter2"));
    }
}
