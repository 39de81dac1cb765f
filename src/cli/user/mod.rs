//! `user`: accounts, as an operator makes and changes them. The rules are those of
//! `domain/auth/manage`; here is only what a person types and reads.

mod create;
mod json;
mod list;
mod password;
mod report;
mod secret;

use clap::Subcommand;

pub(super) use self::json::refusal;
use self::report::Report;
use super::configure;
use crate::{
    app::App,
    boot::{self, migrations},
    config::{Config, Settings},
    domain::{
        auth::manage::{self, Change, Who},
        cx::Cx,
        fields::{FieldProblem, Fields},
    },
    error::{BoxError, Error, Result},
};

/// What to do with accounts, and how to answer.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Answer as one JSON object, for programs; a refusal, too.
    #[arg(long, global = true)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  erpmax user create ann@example.com --name 'Ann Lee' --superuser
                                          the first operator; prints a password that is made
  erpmax user create bob@example.com --company Acme --password-stdin < password.txt
                                          somebody with a company, and a password of your choice
  erpmax user disable bob@example.com     ends his sessions at once, on every server
  erpmax user password ann@example.com    she has forgotten it; prints a new one
  erpmax user list --superusers --json    who may do everything, for a program";

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account, and with --company a company that it owns.
    ///
    /// Prints a password that is made for it, once, unless --password-stdin brings one.
    Create(create::Create),

    /// Give an account the operator permissions.
    Promote(Account),

    /// Take the operator permissions from an account.
    Demote(Power),

    /// Close an account: its sessions end at once, its tokens are refused, it cannot sign in.
    ///
    /// Its data and its places in companies stay; `enable` opens it again.
    Disable(Power),

    /// Open an account that was closed; the person has to sign in anew.
    Enable(Account),

    /// Set the password of somebody who has forgotten it, and end their sessions.
    ///
    /// Prints a password that is made, once, unless --password-stdin brings one.
    Password(password::SetPassword),

    /// Show an account, its companies and how many sessions it has.
    Show(Account),

    /// List accounts, the newest first.
    List(list::List),
}

/// Whose account.
#[derive(Debug, clap::Args)]
pub struct Account {
    /// The address or the id.
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
}

/// Whose account, where the last superuser may be at stake.
#[derive(Debug, clap::Args)]
pub struct Power {
    /// The address or the id.
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// Do it even to the only superuser who can sign in.
    #[arg(long)]
    pub force: bool,
}

/// Does it and tells what came of it.
pub(super) async fn run(args: Args, settings: Settings) -> Result<(), BoxError> {
    let Args { command, json } = args;
    let done = match configure(settings) {
        Ok(config) => Box::pin(perform(command, config)).await,
        Err(problems) => Err(problems),
    };
    report::tell(json, &done);
    done.map(drop)
}

async fn perform(command: Command, config: Config) -> Result<Report, BoxError> {
    migrations::require_current(&config.database).await?;
    let app = Box::pin(start(config)).await?;
    let cx = Cx::system(app.clone(), "cli", app.ids.next().to_string());
    let done = obey(&cx, command).await;
    // Other processes are told of sessions that have ended before this one goes.
    app.tasks.close();
    app.shutdown.cancel();
    app.tasks.wait().await;
    done
}

/// Without Redis, too: closing an account must not wait for it.
async fn start(mut config: Config) -> Result<App> {
    if config.redis_url.is_none() {
        return boot::boot(config).await;
    }
    match boot::boot(config.clone()).await {
        Ok(app) => Ok(app),
        Err(error) => {
            tracing::warn!(%error, "going on without Redis: live connections hear of it later");
            config.redis_url = None;
            boot::boot(config).await
        }
    }
}

async fn obey(cx: &Cx, command: Command) -> Result<Report, BoxError> {
    match command {
        Command::Create(create) => create.perform(cx).await,
        Command::Promote(Account { account }) => change(cx, &account, Change::Promote, false).await,
        Command::Demote(Power { account, force }) => {
            change(cx, &account, Change::Demote, force).await
        }
        Command::Disable(Power { account, force }) => {
            change(cx, &account, Change::Disable, force).await
        }
        Command::Enable(Account { account }) => change(cx, &account, Change::Enable, false).await,
        Command::Password(set) => set.perform(cx).await,
        Command::Show(Account { account }) => {
            Ok(Report::Shown(manage::show(cx, &who(&account)?).await?))
        }
        Command::List(list) => list.perform(cx).await,
    }
}

async fn change(cx: &Cx, account: &str, change: Change, force: bool) -> Result<Report, BoxError> {
    let changed = manage::change(cx, &who(account)?, change, force).await?;
    Ok(Report::Changed(change, changed))
}

fn who(account: &str) -> Result<Who> {
    Who::parse(account).map_err(|problem| Error::InvalidInput(vec![problem.at("account")]))
}

/// What was given for a flag that may be left out.
fn optional<T>(
    fields: &mut Fields,
    field: &'static str,
    given: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
) -> Option<T> {
    given.and_then(|text| fields.take(field, parse(text)))
}
