//! Typed settings, one file per concern. The only reader of the environment; nothing here opens a
//! connection or starts anything.
//!
//! [`Settings`] is what a person wrote (flags, environment, `.env`), [`Config`] is what the program
//! runs on: checked, completed, and free of strings that still need reading.

mod auth;
mod catalogue;
mod connections;
mod database;
mod dotenv;
mod environment;
mod graphql;
mod idempotency;
mod limits;
mod log;
mod mail;
mod members;
mod metrics;
mod notifications;
mod problem;
mod provisioning;
mod proxies;
mod rabbitmq;
mod realtime;
mod redis;
mod secret;
mod server;
mod worker;

use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches, builder::Resettable};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::{
    auth::{Auth, AuthSettings},
    catalogue::{Setting, Source, Told, catalogue, masked, told},
    connections::{ConnectionSettings, Connections},
    database::{Database, DatabaseKind, DatabaseSettings},
    dotenv::load_dotenv,
    environment::{Environment, GeneralSettings},
    graphql::{Graphql, GraphqlSettings},
    idempotency::{Idempotency, IdempotencySettings},
    limits::{Limits, LimitsSettings, Scale},
    log::{Log, LogFormat, LogSettings},
    mail::{Mail, MailSettings},
    members::{InviteUnknown, Members, MembersSettings},
    metrics::{Metrics, MetricsSettings},
    notifications::{NotificationSettings, Notifications},
    problem::{Problem, Problems},
    provisioning::{ProvisionerKind, Provisioning, ProvisioningSettings},
    proxies::Proxies,
    rabbitmq::{RabbitMq, RabbitMqSettings},
    realtime::{Realtime, RealtimeSettings},
    redis::RedisSettings,
    secret::{file as secret_key_file, weakness},
    server::{Origins, Server, ServerSettings},
    worker::{InProcess, Worker, WorkerSettings},
};

/// What a person wrote. Every field is a flag and an environment variable.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Where and as what the program runs.
    #[command(flatten)]
    pub general: GeneralSettings,
    /// The HTTP server.
    #[command(flatten)]
    pub server: ServerSettings,
    /// Connections.
    #[command(flatten)]
    pub connections: ConnectionSettings,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Redis.
    #[command(flatten)]
    pub redis: RedisSettings,
    /// RabbitMQ.
    #[command(flatten)]
    pub rabbitmq: RabbitMqSettings,
    /// Accounts and tokens.
    #[command(flatten)]
    pub auth: AuthSettings,
    /// Invitations.
    #[command(flatten)]
    pub members: MembersSettings,
    /// The GraphQL door.
    #[command(flatten)]
    pub graphql: GraphqlSettings,
    /// Idempotency keys.
    #[command(flatten)]
    pub idempotency: IdempotencySettings,
    /// What one client may ask for.
    #[command(flatten)]
    pub limits: LimitsSettings,
    /// Letters.
    #[command(flatten)]
    pub mail: MailSettings,
    /// Notifications.
    #[command(flatten)]
    pub notifications: NotificationSettings,
    /// Background work.
    #[command(flatten)]
    pub worker: WorkerSettings,
    /// Sites.
    #[command(flatten)]
    pub provisioning: ProvisioningSettings,
    /// Real time.
    #[command(flatten)]
    pub realtime: RealtimeSettings,
    /// Logs.
    #[command(flatten)]
    pub log: LogSettings,
    /// Metrics.
    #[command(flatten)]
    pub metrics: MetricsSettings,
}

impl Settings {
    /// Reads flags only, as if the environment were empty: for tests and other programs.
    pub fn from_flags<I, T>(flags: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<std::ffi::OsString> + Clone,
    {
        let command = Self::augment_args(Command::new("erpmax").no_binary_name(true))
            .mut_args(|arg| arg.env(Resettable::Reset));
        Self::from_arg_matches(&command.try_get_matches_from(flags)?)
    }

    /// Checks and completes the settings; lists everything that is wrong with them at once.
    ///
    /// In development this makes the data directory and the secret key when they are missing.
    pub fn resolve(self) -> Result<Config, Problems> {
        // Production keeps nothing in files, and may run where none can be written.
        let mut problems = Problems::default();
        if !self.general.environment.is_production() {
            environment::prepare(&self.general.data_dir, &mut problems);
        }
        let config = self.check(&mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }

    /// The same without making anything, and with as much of the result as there is: for those who
    /// want to know what would be.
    pub fn examine(mut self) -> (Config, Problems) {
        let GeneralSettings {
            environment,
            data_dir,
            ..
        } = &self.general;
        let given = self.auth.secret_key.as_deref().unwrap_or_default();
        if !environment.is_production()
            && given.trim().is_empty()
            && !secret::file(data_dir).exists()
        {
            // It would be made.
            self.auth.secret_key = Some(secret::STAND_IN.to_owned());
        }
        let mut problems = Problems::default();
        (self.check(&mut problems), problems)
    }

    fn check(self, problems: &mut Problems) -> Config {
        let Self {
            general,
            server,
            connections,
            database,
            redis,
            rabbitmq,
            auth,
            members,
            graphql,
            idempotency,
            limits,
            mail,
            notifications,
            worker,
            provisioning,
            realtime,
            log,
            metrics,
        } = self;
        let (environment, data_dir) = (general.environment, general.data_dir);
        let server = server.resolve(environment, problems);
        let (redis_url, redis_prefix) = redis.resolve(environment, problems);
        let rabbitmq = rabbitmq.resolve(environment, problems);
        Config {
            environment,
            database: database.resolve(environment, &data_dir, problems),
            connections: connections.resolve(problems),
            redis_url,
            redis_prefix,
            worker: worker.resolve(rabbitmq.is_some(), problems),
            rabbitmq,
            auth: auth.resolve(environment, &data_dir, problems),
            members: members.resolve(&server.public_url, problems),
            graphql: graphql.resolve(environment, server.playground),
            idempotency: idempotency.resolve(),
            limits: limits.resolve(),
            mail: mail.resolve(&data_dir),
            notifications: notifications.resolve(),
            provisioning: provisioning.resolve(environment, problems),
            realtime: realtime.resolve(),
            log: log.resolve(problems),
            metrics: metrics.resolve(server.address(), environment, problems),
            plans_file: environment::existing(general.plans_file, problems),
            server,
            data_dir,
        }
    }
}

/// Lets a variable that is set to nothing count as not set, as people expect of `NAME=` in `.env`.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
pub fn without_blanks(command: Command) -> Command {
    command.mut_args(|arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        if value.is_some_and(|value| value.is_empty()) {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    })
}

/// What the program runs on.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether people depend on it.
    pub environment: Environment,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// The HTTP server.
    pub server: Server,
    /// Connections.
    pub connections: Connections,
    /// The database.
    pub database: Database,
    /// Where Redis is; without it, cache and events stay within the process.
    pub redis_url: Option<SecretString>,
    /// What every key and channel in Redis starts with.
    pub redis_prefix: String,
    /// Where jobs wait for workers; without it, they stay within the process.
    pub rabbitmq: Option<RabbitMq>,
    /// Accounts and tokens.
    pub auth: Auth,
    /// Invitations.
    pub members: Members,
    /// The GraphQL door.
    pub graphql: Graphql,
    /// Idempotency keys.
    pub idempotency: Idempotency,
    /// What one client may ask for.
    pub limits: Limits,
    /// Letters.
    pub mail: Mail,
    /// Inboxes.
    pub notifications: Notifications,
    /// Background work.
    pub worker: Worker,
    /// Sites.
    pub provisioning: Provisioning,
    /// Real time.
    pub realtime: Realtime,
    /// Logs.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// A list of plans that replaces the built-in one when plans are seeded.
    pub plans_file: Option<PathBuf>,
}

impl Config {
    /// What must not be told to anybody, for those who repeat what others say.
    pub fn secrets(&self) -> Vec<String> {
        let rabbitmq = self.rabbitmq.as_ref().map(|rabbitmq| &rabbitmq.url);
        let urls = [Some(&self.database.url), self.redis_url.as_ref(), rabbitmq];
        let passwords = urls.into_iter().flatten().filter_map(|url| {
            let url = Url::parse(url.expose_secret()).ok()?;
            url.password().map(str::to_owned)
        });
        let mut secrets: Vec<_> = passwords.collect();
        // As the driver reads them.
        let decoded = secrets
            .iter()
            .map(|password| database::percent_decode(password));
        secrets.extend(decoded.collect::<Vec<_>>());
        let keys = std::iter::once(&self.auth.secret_key).chain(&self.auth.previous_keys);
        secrets.extend(keys.map(|key| key.expose_secret().to_owned()));
        let token = self.metrics.token.as_ref();
        secrets.extend(token.map(|token| token.expose_secret().to_owned()));
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn resolve(flags: &[&str]) -> Result<Config, Problems> {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let dir = dir.path().to_str().expect("its name is text");
        let flags = ["--data-dir", dir].into_iter().chain(flags.iter().copied());
        Settings::from_flags(flags)
            .expect("the flags can be read")
            .resolve()
    }

    fn refused(flags: &[&str]) -> Vec<&'static str> {
        resolve(flags)
            .unwrap_err()
            .iter()
            .map(|problem| problem.setting)
            .collect()
    }

    #[test]
    fn development_needs_no_settings() {
        let config = resolve(&[]).unwrap();
        assert_eq!(config.database.kind(), DatabaseKind::Sqlite);
        assert_eq!(
            config.members.invitation_url.as_str(),
            "http://127.0.0.1:8000/join"
        );
        assert!(config.server.playground && config.redis_url.is_none());
    }

    #[test]
    fn production_refuses_everything_unsafe_at_once() {
        let flags = ["--environment", "production", "--allowed-origins", "*"];
        let expected = [
            "ALLOWED_ORIGINS",
            "REDIS_URL",
            "RABBITMQ_URL",
            "DATABASE_URL",
            "SECRET_KEY",
        ];
        assert_eq!(refused(&flags), expected);
    }

    #[test]
    fn production_refuses_each_previous_key_that_is_weak() {
        let strong = "6f1c0d2ab34e5f60718293a4b5c6d7e8f90a1b2c";
        let flags = [
            "--environment=production",
            "--database-url=postgres://erpmax:pw@db/erpmax",
            "--redis-url=redis://cache",
            "--rabbitmq-url=amqp://erpmax:pw@queue",
            &format!("--secret-key={strong}"),
            &format!("--secret-keys-previous=short,{strong},your-secret-key-of-the-legacy-system"),
        ];
        assert_eq!(refused(&flags), ["SECRET_KEYS_PREVIOUS"; 2]);
        let told = resolve(&flags).unwrap_err().to_string();
        assert!(told.contains("number 1 of 3 is shorter") && told.contains("number 3 of 3"));
        assert!(!told.contains("legacy"), "a secret is told: {told}");
    }

    #[test]
    fn production_starts_with_what_it_needs() {
        let config = resolve(&[
            "--environment=production",
            "--database-url=postgresql+asyncpg://erpmax:pw@db/erpmax",
            "--redis-url=redis://cache",
            "--rabbitmq-url=amqp://erpmax:pw@queue",
            "--secret-key=6f1c0d2ab34e5f60718293a4b5c6d7e8f90a1b2c",
        ])
        .unwrap();
        assert_eq!(config.server.allowed_origins, Origins::List(Vec::new()));
        assert!(!config.server.playground && !config.graphql.suggestions);
    }

    #[test]
    fn settings_that_contradict_each_other_or_make_no_sense_are_refused() {
        assert_eq!(refused(&["--job-lease-seconds=15"]), ["JOB_LEASE_SECONDS"]);
        let flags = ["--trusted-proxies=nginx, 10.0.0.0/8, 0.0.0.0/0"];
        assert_eq!(refused(&flags), ["TRUSTED_PROXIES", "TRUSTED_PROXIES"]);
        let flags = [
            "--refresh-reuse-window-seconds=60",
            "--access-token-expire-minutes=1",
        ];
        assert_eq!(refused(&flags), ["REFRESH_REUSE_WINDOW_SECONDS"]);
    }

    #[test]
    fn the_example_file_names_every_setting() {
        let settings: BTreeSet<_> = catalogue()
            .into_iter()
            .map(|setting| setting.name)
            .collect();
        let example = include_str!("../../.env.example");
        let named: BTreeSet<_> = example
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(settings, named);
    }
}
