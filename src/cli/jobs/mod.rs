//! `jobs`: what is done to sites, as an operator sees it. Nothing is changed here.

mod json;
mod list;
mod screen;
mod show;
mod watch;
mod words;

use clap::Subcommand;
use entity::ids::ProvisioningJobId;

use super::{configure, terminal, user};
use crate::{
    boot::{self, migrations},
    config::{Config, Settings},
    domain::cx::Cx,
    error::{BoxError, Error, FieldError, Reason, Result},
};

/// What to see of jobs, and how.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// What to see.
    #[command(subcommand)]
    pub command: Command,
    /// Answer in JSON, for programs: one object, of `watch` one on each line.
    #[arg(long, global = true)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  erpmax jobs list --tenant acme          what was and is done to a company's site
  erpmax jobs list --status failed        what has failed, the newest first
  erpmax jobs watch 0199…                 see a job go on, to its end
  erpmax jobs watch 0199… && echo done    the exit status tells whether it has completed";

/// What to see of jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List jobs, the newest first.
    List(list::List),

    /// Show a job: its steps, the end of its log, its result or why it failed.
    Show(show::Show),

    /// See a job go on: its steps, how far it is, how long it may still take, and its log.
    ///
    /// In a terminal in place, else line by line. Ends when the job has: with 0 when it is completed,
    /// with 1 when it has failed or was cancelled.
    Watch(watch::Watch),
}

/// Does it.
pub(super) async fn run(args: Args, settings: Settings) -> Result<(), BoxError> {
    let Args { command, json } = args;
    let done = match configure(settings) {
        Ok(config) => Box::pin(perform(command, json, config)).await,
        Err(problems) => Err(problems),
    };
    if let (true, Err(error)) = (json, &done) {
        terminal::say(user::refusal(error));
    }
    done
}

async fn perform(command: Command, json: bool, mut config: Config) -> Result<(), BoxError> {
    migrations::require_current(&config.database).await?;
    // The database knows everything that is shown.
    config.redis_url = None;
    let app = boot::boot(config).await?;
    let cx = Cx::system(app.clone(), "cli", app.ids.next().to_string());
    let done = match command {
        Command::List(list) => list.perform(&cx, json).await,
        Command::Show(show) => show.perform(&cx, json).await,
        Command::Watch(watch) => Box::pin(watch.perform(&cx, json)).await,
    };
    app.tasks.close();
    app.shutdown.cancel();
    app.tasks.wait().await;
    done
}

/// Reads the id of a job.
fn id(text: &str) -> Result<ProvisioningJobId> {
    text.trim().parse().map_err(|_| {
        let mut wrong = FieldError::new("job", Reason::InvalidId);
        wrong.message = "This is not the id of a job.".into();
        Error::InvalidInput(vec![wrong])
    })
}
