//! `seed`: the plans, and accounts to try things with.

use clap::Subcommand;

use super::{configure, lifecycle::prepare_schema, terminal};
use crate::{
    app::App,
    boot,
    config::Settings,
    domain::{
        auth,
        billing::{self, seed::PlansSource},
        cx::Cx,
    },
    error::{BoxError, Result},
};

/// What to seed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What more than the plans.
    #[command(subcommand)]
    pub what: Option<What>,
}

/// What more than the plans.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum What {
    /// Also make test@example.com / password and admin@example.com / admin123, each the owner of a
    /// company; refused in production.
    Demo,
}

/// Seeds.
pub(super) async fn run(args: Args, settings: Settings) -> Result<(), BoxError> {
    let config = configure(settings)?;
    if config.environment.is_production() && matches!(args.what, Some(What::Demo)) {
        return Err("demo accounts are refused in production: their passwords are known".into());
    }
    prepare_schema(&config.database).await?;
    let app = boot::boot(config).await?;
    let seeded = seed(&app, args.what).await;
    app.shutdown.cancel();
    app.tasks.close();
    app.tasks.wait().await;
    Ok(seeded?)
}

async fn seed(app: &App, what: Option<What>) -> Result<()> {
    let cx = Cx::system(app.clone(), "cli", app.ids.next().to_string());
    for plan in billing::seed::plans(&cx, &source(app)).await? {
        terminal::say(format_args!("plan     {}", plan.slug));
    }
    if let Some(What::Demo) = what {
        for account in auth::seed::demo(&cx).await? {
            let auth::seed::Seeded {
                email,
                password,
                company,
                created,
            } = account;
            let made = if created { "made" } else { "was there" };
            terminal::say(format_args!(
                "account  {email} / {password}, {company} ({made})"
            ));
        }
    }
    Ok(())
}

/// The offer of a fresh system; an existing one is left as it is.
pub(super) async fn plans_if_none(app: &App) -> Result<()> {
    let cx = Cx::system(app.clone(), "start-up", app.ids.next().to_string());
    billing::seed::plans_if_none(&cx, &source(app)).await
}

fn source(app: &App) -> PlansSource {
    app.config
        .plans_file
        .clone()
        .map_or(PlansSource::BuiltIn, PlansSource::File)
}
