//! `queue`: how jobs stand, and those that were given up. What holds of them is told by
//! `domain/outbox`; here is only what a person types and reads.

mod dead;
mod status;

use clap::Subcommand;

use super::{configure, terminal};
use crate::{
    app::App,
    boot::{self, migrations},
    config::{Config, Settings},
    domain::cx::Cx,
    error::{BoxError, Error, Result},
};

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show how many jobs wait, are under way and were given up, by lane; with RabbitMQ its queues, too.
    Status(status::Status),

    /// See jobs that were given up, and have them done after all.
    #[command(subcommand)]
    Dead(dead::Command),
}

/// What came of it: lines for a person, JSON for a program.
struct Report {
    lines: Vec<String>,
    json: serde_json::Value,
}

/// Does it and tells what came of it.
pub(super) async fn run(command: Command, settings: Settings) -> Result<(), BoxError> {
    let as_json = match &command {
        Command::Status(status) => status.json,
        Command::Dead(command) => command.json(),
    };
    let done = match configure(settings) {
        Ok(config) => Box::pin(perform(command, config)).await,
        Err(problems) => Err(problems),
    };
    match (as_json, &done) {
        (true, Ok(report)) => terminal::say(format_args!("{:#}", report.json)),
        (true, Err(error)) => {
            let told = serde_json::json!({ "error": { "message": told(error) } });
            terminal::say(format_args!("{told:#}"));
        }
        (false, Ok(report)) => report.lines.iter().for_each(terminal::say),
        (false, Err(_)) => {}
    }
    done.map(drop)
}

async fn perform(command: Command, mut config: Config) -> Result<Report, BoxError> {
    migrations::require_current(&config.database).await?;
    // The cache and live listeners have no part in this.
    config.redis_url = None;
    let app = boot::boot(config).await?;
    let cx = Cx::system(app.clone(), "cli", app.ids.next().to_string());
    let done = match command {
        Command::Status(status) => status.perform(&cx).await,
        Command::Dead(command) => command.perform(&cx).await,
    };
    end(&app).await;
    done
}

async fn end(app: &App) {
    app.tasks.close();
    app.shutdown.cancel();
    app.tasks.wait().await;
}

fn told(error: &BoxError) -> String {
    match error.downcast_ref::<Error>() {
        None | Some(Error::Internal(_) | Error::Upstream { .. }) => error.to_string(),
        Some(refusal) => refusal.message().into_owned(),
    }
}
