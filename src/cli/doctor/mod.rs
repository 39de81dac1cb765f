//! `doctor`: tries everything that the service needs, changes nothing, and says what is wrong and what
//! to do. Each file looks at one side; a check that takes too long has failed, and keeps nobody
//! waiting.

mod broker;
mod check;
mod database;
mod files;
mod ports;
mod provisioner;
mod redis;
mod report;
mod settings;

use self::check::{Check, Verdict, bounded};
use crate::{
    boot,
    config::{Config, Problem, Problems, Settings},
    error::BoxError,
};

/// How to answer.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Answer as one JSON object, for programs.
    #[arg(long)]
    pub json: bool,
}

/// What is known before anything is tried.
struct Facts {
    config: Config,
    problems: Problems,
    /// Whether the key is not one that is made.
    key_given: bool,
}

impl Facts {
    /// What is wrong with a setting; whatever depends on it is not tried.
    fn problem(&self, setting: &str) -> Option<&Problem> {
        self.problems
            .iter()
            .find(|problem| problem.setting == setting)
    }
}

/// Tries everything at once; fails when a check has failed.
pub(super) async fn run(args: &Args, settings: Settings) -> Result<(), BoxError> {
    boot::install_tls();
    let key = settings.auth.secret_key.as_deref().unwrap_or_default();
    let key_given = !key.trim().is_empty();
    let (config, problems) = settings.examine();
    let facts = Facts {
        config,
        problems,
        key_given,
    };
    let (database, broker, cache, bus, provisioner, files, ports) = tokio::join!(
        database::look(&facts),
        bounded("broker", broker::look(&facts)),
        bounded("cache", redis::cache(&facts)),
        bounded("bus", redis::bus(&facts)),
        bounded("provisioner", provisioner::look(&facts)),
        bounded("files", files::look(&facts)),
        ports::look(&facts),
    );
    let mut checks = settings::look(&facts);
    checks.extend(database);
    let mail = settings::mail(&facts);
    checks.extend([broker, cache, bus, mail, provisioner, files]);
    checks.extend(ports);
    hide_secrets(&facts.config, &mut checks);
    report::tell(args.json, &facts.config, &checks);
    match checks
        .iter()
        .filter(|it| it.verdict == Verdict::Failed)
        .count()
    {
        0 => Ok(()),
        1 => Err("1 check has failed".into()),
        count => Err(format!("{count} checks have failed").into()),
    }
}

/// What others say of an error may repeat what they were given.
fn hide_secrets(config: &Config, checks: &mut [Check]) {
    let secrets = config.secrets();
    for check in checks.iter_mut().filter(|it| it.verdict == Verdict::Failed) {
        for secret in &secrets {
            check.reason = check.reason.replace(secret, "***");
        }
    }
}
