//! Settings of provisioning: who makes sites, under which names, and how patiently.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, value_parser};

use super::{Environment, Problems};
use crate::ports::provisioner::Script;

/// Who does things to sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProvisionerKind {
    /// Nobody: jobs wait.
    Off,
    /// A simulation, which says so in every result.
    DryRun,
    /// An executable of the operator's.
    Command,
}

/// What a person wrote about provisioning.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Provisioning")]
pub struct ProvisioningSettings {
    /// Who makes sites: `dry-run` only pretends, `command` runs `PROVISION_COMMAND`, with `off` jobs
    /// wait [default: dry-run, in production off].
    #[arg(long, env = "PROVISIONER", global = true, value_name = "WHO")]
    pub provisioner: Option<ProvisionerKind>,

    /// The executable of the `command` provisioner, or a directory that has one per job type
    /// (`create`, `update`, `delete`, `backup`, `restore`, `suspend`, `resume`).
    #[arg(long, env = "PROVISION_COMMAND", global = true, value_name = "PATH")]
    #[arg(hide_short_help = true)]
    pub provision_command: Option<PathBuf>,

    /// Which environment variables the executable gets beside PATH, HOME and LANG, by name.
    #[arg(
        long,
        env = "PROVISION_COMMAND_ENV",
        global = true,
        value_name = "NAMES"
    )]
    #[arg(value_delimiter = ',', hide_short_help = true)]
    pub provision_command_env: Vec<String>,

    /// Whether a new company's site is asked for when it signs up.
    #[arg(long, env = "PROVISION_ON_SIGNUP", global = true, value_name = "BOOL")]
    #[arg(default_value_t = false, action = clap::ArgAction::Set)]
    pub provision_on_signup: bool,

    /// The domain below which sites get their names.
    #[arg(
        long,
        env = "PROVISION_SITE_DOMAIN",
        global = true,
        value_name = "DOMAIN"
    )]
    #[arg(default_value = "sites.localhost")]
    pub provision_site_domain: String,

    /// How many jobs of one tenant may wait.
    #[arg(long, env = "PROVISION_MAX_PENDING", global = true, value_name = "N")]
    #[arg(default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    #[arg(hide_short_help = true)]
    pub provision_max_pending: u32,

    /// For how many seconds a job belongs to the worker that took it, unless renewed; so long it
    /// rests when that worker is killed.
    #[arg(long, env = "PROVISION_LEASE_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u64).range(1..))]
    #[arg(hide_short_help = true)]
    pub provision_lease_seconds: u64,

    /// How often a worker renews its lease, and looks whether the job was cancelled, in milliseconds.
    #[arg(
        long,
        env = "PROVISION_HEARTBEAT_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 2000, value_parser = value_parser!(u64).range(10..))]
    #[arg(hide_short_help = true)]
    pub provision_heartbeat_milliseconds: u64,

    /// How often a worker looks for jobs that nobody works on though somebody should, in
    /// milliseconds.
    #[arg(
        long,
        env = "PROVISION_RESCUE_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 5000, value_parser = value_parser!(u64).range(10..))]
    #[arg(hide_short_help = true)]
    pub provision_rescue_milliseconds: u64,

    /// How often a step is tried that fails for a reason that may pass.
    #[arg(long, env = "PROVISION_STEP_TRIES", global = true, value_name = "N")]
    #[arg(default_value_t = 3, value_parser = value_parser!(i32).range(1..=100))]
    #[arg(hide_short_help = true)]
    pub provision_step_tries: i32,

    /// How long a step that failed rests before its second try, in milliseconds; doubled for each
    /// further one.
    #[arg(
        long,
        env = "PROVISION_STEP_BACKOFF_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 5000, value_parser = value_parser!(u64).range(0..=3_600_000))]
    #[arg(hide_short_help = true)]
    pub provision_step_backoff_milliseconds: u64,

    /// The longest that any step may take, in seconds, whatever its plan says.
    #[arg(
        long,
        env = "PROVISION_STEP_TIMEOUT_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 3600, value_parser = value_parser!(u64).range(1..))]
    #[arg(hide_short_help = true)]
    pub provision_step_timeout_seconds: u64,

    /// For how long a command that should stop is asked to before it is killed, in milliseconds.
    #[arg(
        long,
        env = "PROVISION_STOP_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 5000, value_parser = value_parser!(u64).range(0..))]
    #[arg(hide_short_help = true)]
    pub provision_stop_milliseconds: u64,

    /// For how many minutes a job that was called off is tried to be undone, with growing pauses,
    /// before its site is left as it is.
    #[arg(long, env = "PROVISION_UNDO_MINUTES", global = true, value_name = "N")]
    #[arg(default_value_t = 60, value_parser = value_parser!(u64).range(0..=10_080))]
    #[arg(hide_short_help = true)]
    pub provision_undo_minutes: u64,

    /// How many lines of a job's log are kept; the oldest go first.
    #[arg(long, env = "PROVISION_LOG_LINES", global = true, value_name = "N")]
    #[arg(default_value_t = 5000, value_parser = value_parser!(u32).range(10..))]
    #[arg(hide_short_help = true)]
    pub provision_log_lines: u32,

    /// How many lines of a job's log are taken per second; the rest is counted.
    #[arg(
        long,
        env = "PROVISION_LOG_LINES_PER_SECOND",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 200, value_parser = value_parser!(u32).range(1..))]
    #[arg(hide_short_help = true)]
    pub provision_log_lines_per_second: u32,

    /// How long a simulated job takes in all, in milliseconds.
    #[arg(
        long,
        env = "PROVISION_DRY_RUN_MILLISECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 6000, hide_short_help = true)]
    pub provision_dry_run_milliseconds: u64,

    /// What goes wrong in simulations, e.g. `create.new-site=fail:2` (see docs/PROVISIONING.md).
    #[arg(
        long,
        env = "PROVISION_DRY_RUN_SCRIPT",
        global = true,
        value_name = "SCRIPT"
    )]
    #[arg(hide_short_help = true)]
    pub provision_dry_run_script: Option<String>,
}

/// Provisioning.
#[derive(Clone, Debug)]
pub struct Provisioning {
    /// Who makes sites.
    pub provisioner: ProvisionerKind,
    /// The operator's executable, or a directory of them.
    pub command: Option<PathBuf>,
    /// The environment variables it gets beside the usual ones.
    pub command_env: Vec<String>,
    /// Whether a new company's site is asked for at once.
    pub on_signup: bool,
    /// The domain of sites.
    pub site_domain: String,
    /// How many jobs of one tenant may wait.
    pub max_pending: u64,
    /// For how long a job belongs to a worker.
    pub lease: Duration,
    /// How often the lease is renewed.
    pub heartbeat: Duration,
    /// How often jobs are looked for that were left alone.
    pub rescue_interval: Duration,
    /// How often a step is tried.
    pub step_tries: i32,
    /// How long a step rests before its second try.
    pub step_backoff: Duration,
    /// The longest that any step may take.
    pub step_timeout: Duration,
    /// How long a command has to stop by itself.
    pub stop_grace: Duration,
    /// For how long a job that was called off is tried to be undone.
    pub undo_patience: Duration,
    /// How many lines of a job's log are kept.
    pub log_lines: u32,
    /// How many lines of a job's log are taken per second.
    pub log_lines_per_second: u32,
    /// How long a simulated job takes.
    pub dry_run_duration: Duration,
    /// What goes wrong in simulations.
    pub dry_run_script: Script,
}

/// What every executable gets of our environment.
const USUAL_ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];

impl Provisioning {
    /// The whole environment of the operator's executable. Read when it is needed: what an operator
    /// hands on may be secret, and is not kept here.
    pub fn command_environment(&self) -> Vec<(String, OsString)> {
        let more = self.command_env.iter().map(String::as_str);
        let names = USUAL_ENVIRONMENT.into_iter().chain(more);
        names
            .filter_map(|name| Some((name.to_owned(), variable(name)?)))
            .collect()
    }

    /// What the executable is to get and is not there.
    pub fn missing_environment(&self) -> impl Iterator<Item = &str> {
        let names = self.command_env.iter().map(String::as_str);
        names.filter(|name| variable(name).is_none())
    }
}

impl ProvisioningSettings {
    /// Checks and completes.
    pub(super) fn resolve(self, environment: Environment, problems: &mut Problems) -> Provisioning {
        let production = environment.is_production();
        if production && self.provisioner == Some(ProvisionerKind::DryRun) {
            problems.add(
                "PROVISIONER",
                "production does not pretend: choose command, or off, with which jobs wait",
            );
        }
        let default = if production {
            ProvisionerKind::Off
        } else {
            ProvisionerKind::DryRun
        };
        let provisioner = self.provisioner.unwrap_or(default);
        if provisioner == ProvisionerKind::Command && self.provision_command.is_none() {
            problems.add("PROVISION_COMMAND", "names the executable to run");
        }
        if provisioner == ProvisionerKind::Command && !cfg!(unix) {
            problems.add("PROVISIONER", "command needs a Unix system");
        }
        for name in &self.provision_command_env {
            if name.is_empty() || name.contains(['=', '\0', ' ']) {
                let advice = format!("{name:?} is not the name of an environment variable");
                problems.add("PROVISION_COMMAND_ENV", advice);
            }
        }
        let script = self.provision_dry_run_script.as_deref().unwrap_or_default();
        let script = Script::parse(script).unwrap_or_else(|why| {
            problems.add("PROVISION_DRY_RUN_SCRIPT", why);
            Script::default()
        });
        if !is_domain(&self.provision_site_domain) {
            problems.add("PROVISION_SITE_DOMAIN", "is not the name of a domain");
        }
        let heartbeat = Duration::from_millis(self.provision_heartbeat_milliseconds);
        let lease = Duration::from_secs(self.provision_lease_seconds);
        let stop_grace = Duration::from_millis(self.provision_stop_milliseconds);
        // A worker that cannot renew has to have stopped its command before another one begins.
        if heartbeat * 3 + stop_grace >= lease {
            problems.add(
                "PROVISION_LEASE_SECONDS",
                "must be longer than three times PROVISION_HEARTBEAT_MILLISECONDS and \
                 PROVISION_STOP_MILLISECONDS together",
            );
        }
        Provisioning {
            provisioner,
            command: self.provision_command,
            command_env: self.provision_command_env,
            on_signup: self.provision_on_signup,
            site_domain: self.provision_site_domain,
            max_pending: self.provision_max_pending.into(),
            lease,
            heartbeat,
            rescue_interval: Duration::from_millis(self.provision_rescue_milliseconds),
            step_tries: self.provision_step_tries,
            step_backoff: Duration::from_millis(self.provision_step_backoff_milliseconds),
            step_timeout: Duration::from_secs(self.provision_step_timeout_seconds),
            stop_grace,
            undo_patience: Duration::from_mins(self.provision_undo_minutes),
            log_lines: self.provision_log_lines,
            log_lines_per_second: self.provision_log_lines_per_second,
            dry_run_duration: Duration::from_millis(self.provision_dry_run_milliseconds),
            dry_run_script: script,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Labels of letters, digits and inner hyphens, in lower case (RFC 1123 section 2.1).
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // With the longest name of a site before it, it is still the name of a host.
    text.len() <= 189 && text.split('.').all(label)
}
