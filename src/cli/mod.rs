//! What a person types. Each command is a file; what it does is done elsewhere.

mod banner;
mod config;
mod descriptors;
mod doctor;
mod healthcheck;
mod jobs;
mod lifecycle;
mod migrate;
mod queue;
mod schema;
mod seed;
mod serve;
mod signals;
pub mod terminal;
mod user;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    config::{Config, Settings, Told, told, without_blanks},
    error::{BoxError, Error},
    telemetry,
};

/// The control plane of ERPMax: accounts, companies and their members, plans and subscriptions,
/// over GraphQL and REST.
///
/// Without a command it serves everything, on the embedded stack unless told otherwise: an SQLite
/// file under ./data, cache, events and jobs within the process. With `DATABASE_URL`, `REDIS_URL` and
/// `RABBITMQ_URL` it runs on PostgreSQL, Redis and RabbitMQ, and workers do the jobs.
///
/// Every setting is a flag and an environment variable; `.env` in the working directory is read, the
/// environment wins over it, and flags win over both.
#[derive(Debug, Parser)]
#[command(name = "erpmax", version, after_long_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_help_heading = "Commands", disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// On what to do it.
    #[command(flatten)]
    pub settings: Settings,
    /// Where the settings came from.
    #[arg(skip)]
    pub told: Vec<Told>,
}

const EXAMPLES: &str = "\
Examples:
  erpmax                                  serve on http://127.0.0.1:8000, database ./data/erpmax.db
  erpmax seed demo                        make test@example.com and admin@example.com
  erpmax user create ann@example.com --superuser
                                          make the first operator
  erpmax doctor                           see whether everything it needs is there
  erpmax migrate status                   see what the database has and lacks
  erpmax schema > schema.graphql          write the GraphQL schema
  erpmax queue dead list                  see which jobs were given up, and why
  DATABASE_URL=postgres://localhost/erpmax REDIS_URL=redis://localhost erpmax serve
                                          serve on PostgreSQL and Redis
  DATABASE_URL=… REDIS_URL=… RABBITMQ_URL=amqp://localhost erpmax worker
                                          do jobs in a process of their own";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve GraphQL and REST, and without RabbitMQ do jobs, too (the default).
    ///
    /// Brings the schema up to date and seeds the plans first. Stops on SIGTERM or Ctrl-C: requests
    /// and jobs in hand are finished, a second signal stops at once.
    Serve,

    /// Do jobs, as many as come, and serve nothing: any number of workers share the work.
    ///
    /// Brings the schema up to date first. With RabbitMQ, `serve` leaves the jobs to workers (see
    /// `WORKER_IN_PROCESS`). Metrics are served where `METRICS_ADDR` says. Stops on SIGTERM or Ctrl-C:
    /// jobs in hand are finished, a second signal stops at once.
    Worker,

    /// See how jobs stand, and have those done that were given up.
    ///
    /// Works on the configured database; servers and workers may run meanwhile. Exits with 0 when it is
    /// as was asked, with 1 when it was refused or has failed, with 2 when a flag cannot be read.
    #[command(subcommand)]
    Queue(queue::Command),

    /// Change the database schema, or see where it stands.
    ///
    /// Processes that do this at the same time wait for each other.
    #[command(subcommand)]
    Migrate(migrate::Command),

    /// Write the plans into the database, and with `demo` accounts to try things with.
    ///
    /// Plans are recognised by their slug: those that are there are brought up to date. The list is
    /// built in, or that of `PLANS_FILE`.
    Seed(seed::Args),

    /// Make and change accounts: operators, forgotten passwords, people who must not come in any more.
    ///
    /// For whoever may read the settings, which is why it asks for no password. Every change is
    /// written to the audit log. Exits with 0 when it is as was asked (or was so already), with 1 when
    /// it was refused or has failed, with 2 when a flag cannot be read.
    User(user::Args),

    /// See what is done to companies' sites: jobs, their steps and logs, also while they go on.
    Jobs(jobs::Args),

    /// Print the GraphQL schema (SDL).
    Schema,

    /// Print the description of the REST API (OpenAPI, JSON).
    Openapi,

    /// Try everything the service needs, and say what is wrong and what to do about it.
    ///
    /// Looks at settings, database, clock, migrations, queue, broker, cache, bus, mail, provisioner,
    /// secrets, files and addresses; changes nothing, and may be run beside a server. Exits with 0 when nothing has
    /// failed (there may be warnings), with 1 when something has, with 2 when a flag cannot be read.
    Doctor(doctor::Args),

    /// Print every setting, its value and where that came from.
    ///
    /// Secrets are not shown. Fails, and says why, when the program could not start with these.
    Config,

    /// Ask the server on this machine whether it is ready; the exit status answers.
    ///
    /// For containers, which often have no other HTTP client. Uses HOST and PORT.
    Healthcheck,
}

impl Cli {
    /// Reads flags and environment; ends the process with advice when they cannot be read. `dotenv`
    /// names what in the environment was taken from `.env`.
    pub fn read(dotenv: &[String]) -> Self {
        let matches = without_blanks(Self::command()).get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.told = told(&matches, dotenv);
        cli
    }
}

/// Does what was asked and tells how it ended.
pub async fn run(cli: Cli) -> ExitCode {
    let Cli {
        command,
        settings,
        told,
    } = cli;
    let done = match command.unwrap_or(Command::Serve) {
        Command::Serve => Box::pin(serve::serve(settings)).await,
        Command::Worker => Box::pin(worker::work(settings)).await,
        Command::Queue(command) => Box::pin(queue::run(command, settings)).await,
        Command::Migrate(command) => migrate::run(command, settings).await,
        Command::Seed(args) => Box::pin(seed::run(args, settings)).await,
        Command::User(args) => Box::pin(user::run(args, settings)).await,
        Command::Jobs(args) => Box::pin(jobs::run(args, settings)).await,
        Command::Schema => {
            schema::graphql();
            Ok(())
        }
        Command::Openapi => schema::openapi(),
        Command::Doctor(args) => Box::pin(doctor::run(&args, settings)).await,
        Command::Config => config::run(settings, &told),
        Command::Healthcheck => healthcheck::run(&settings.server).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// A refusal is told as to any client; of our own failures a person here may know the cause.
fn complain(error: &BoxError) {
    match error.downcast_ref::<Error>() {
        None | Some(Error::Internal(_) | Error::Upstream { .. }) => terminal::complain(error),
        Some(refusal) => {
            let reason = refusal.reason().map_or("", |reason| reason.as_str());
            let words = [refusal.code().as_str(), reason];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
            terminal::complain(format_args!("{} ({})", refusal.message(), words.join(", ")));
        }
    }
}

/// Checks the settings and starts logging.
fn configure(settings: Settings) -> Result<Config, BoxError> {
    let config = settings.resolve()?;
    telemetry::init(&config.log, config.environment);
    Ok(config)
}
