//! Where everything is, said once at start: in words for a person, or as one log line.

use std::fmt::Write;

use crate::{
    config::{Config, Origins, ProvisionerKind},
    pages, telemetry,
};

/// A place and what is to be known about it.
type Fact = (&'static str, String);

/// Says it in the form the logs have.
pub(super) fn announce(config: &Config) {
    if telemetry::is_json(&config.log, config.environment) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            environment = %config.environment,
            address = %config.server.address(),
            playground = playground(config, ""),
            database = config.database.describe(),
            cache = shared(config),
            jobs = jobs(config),
            sites = sites(config),
            letters = letters(config),
            metrics = metrics(config, ""),
            links = links(config),
            browsers = browsers(config),
            "serving",
        );
    } else {
        super::terminal::say(banner(config));
    }
}

fn banner(config: &Config) -> String {
    let (version, environment) = (env!("CARGO_PKG_VERSION"), config.environment);
    let mut text = format!("\nERPMax Orchestrator {version} serves ({environment})\n\n");
    for (name, fact) in facts(config) {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {name:<12}{fact}");
    }
    text.push_str("\nCtrl-C stops it; `erpmax --help` explains every setting.\n");
    text
}

fn facts(config: &Config) -> Vec<Fact> {
    let own = format!("http://{}", config.server.reachable());
    let mut facts = vec![
        ("Playground", playground(config, &own)),
        ("GraphQL", format!("{own}/graphql")),
        ("REST", format!("{own}/api/v1")),
        ("API pages", api_pages(&own)),
        ("Health", format!("{own}/health, {own}/health/ready")),
        ("Metrics", metrics(config, &own)),
        ("Database", config.database.describe()),
        ("Cache", shared(config)),
        ("Events", shared(config)),
        ("Jobs", jobs(config)),
        ("Sites", sites(config)),
        ("Letters", letters(config)),
        ("Links", links(config)),
        ("Browsers", browsers(config)),
    ];
    if !config.environment.is_production() {
        let hint = "`erpmax seed demo` (with cargo: `cargo run -- seed demo`) makes accounts";
        facts.push(("To try it", hint.into()));
    }
    facts
}

/// Says that jobs are done, and by what.
pub(super) fn announce_worker(config: &Config) {
    let places = config.worker.slots;
    if telemetry::is_json(&config.log, config.environment) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            environment = %config.environment,
            database = config.database.describe(),
            jobs = jobs(config),
            places,
            letters = letters(config),
            metrics = metrics(config, ""),
            "working",
        );
        return;
    }
    let (version, environment) = (env!("CARGO_PKG_VERSION"), config.environment);
    super::terminal::say(format_args!(
        "\nERPMax Orchestrator {version} works ({environment})\n"
    ));
    let metrics = match config.metrics.address {
        Some(_) => metrics(config, ""),
        None => "off (METRICS_ADDR switches them on)".into(),
    };
    let facts = [
        ("Jobs", jobs(config)),
        ("Sites", format!("{places} jobs on sites at once")),
        ("Letters", letters(config)),
        ("Database", config.database.describe()),
        ("Metrics", metrics),
    ];
    for (name, fact) in facts {
        super::terminal::say(format_args!("  {name:<12}{fact}"));
    }
    super::terminal::say("\nCtrl-C stops it.");
}

/// Where jobs are done.
fn jobs(config: &Config) -> String {
    let here = config.worker.in_process;
    match (&config.rabbitmq, here) {
        (None, true) => "in this process, from the outbox in the database".into(),
        (None, false) => {
            "not in this process (WORKER_IN_PROCESS); `erpmax worker` does them".into()
        }
        (Some(rabbitmq), true) => {
            format!(
                "in this process and other workers, through RabbitMQ, queues `{}.*`",
                rabbitmq.prefix
            )
        }
        (Some(rabbitmq), false) => {
            format!(
                "by `erpmax worker`, through RabbitMQ, queues `{}.*`",
                rabbitmq.prefix
            )
        }
    }
}

/// Ruling 37: the stock page is there at once, but is not self-contained.
fn playground(config: &Config, own: &str) -> String {
    if !config.server.playground {
        "off (PLAYGROUND switches it on)".into()
    } else if pages::is_built() {
        format!("{own}/graphql in a browser")
    } else {
        format!(
            "{own}/graphql in a browser; GraphiQL's own page, which loads its scripts from the \
             internet (`web/` was not built)"
        )
    }
}

fn api_pages(own: &str) -> String {
    let redoc = if pages::is_built() {
        format!("{own}/redoc, ")
    } else {
        String::new()
    };
    format!("{own}/docs, {redoc}{own}/openapi.json")
}

fn metrics(config: &Config, own: &str) -> String {
    let settings = &config.metrics;
    let token = match settings.token {
        Some(_) => " to whoever shows METRICS_TOKEN",
        None => "",
    };
    match settings.address {
        Some(address) => format!("http://{address}/metrics{token}"),
        None if settings.token.is_some() => format!("{own}/metrics{token}"),
        None => "off (METRICS_ADDR or METRICS_TOKEN switches them on)".into(),
    }
}

fn shared(config: &Config) -> String {
    match config.redis_url {
        Some(_) => format!("Redis, names begin with `{}`", config.redis_prefix),
        None => "in this process (REDIS_URL is not configured)".into(),
    }
}

fn letters(config: &Config) -> String {
    if config.environment.is_production() {
        return "wait in the outbox (outgoing mail is not configured)".into();
    }
    let (keep, dir) = (config.mail.keep, config.mail.dir.display());
    format!("the last {keep} are kept in {dir} (outgoing mail is not configured)")
}

fn sites(config: &Config) -> String {
    let settings = &config.provisioning;
    match (settings.provisioner, &settings.command) {
        (ProvisionerKind::DryRun, _) => {
            "are simulated: nothing real is made (PROVISIONER is dry-run)".into()
        }
        (ProvisionerKind::Command, Some(path)) => format!("are made by {}", path.display()),
        (ProvisionerKind::Command | ProvisionerKind::Off, _) => {
            "are not made: jobs wait (PROVISIONER is off)".into()
        }
    }
}

fn links(config: &Config) -> String {
    let page = &config.members.invitation_url;
    let why = if config.server.public_url_given {
        ""
    } else {
        " (PUBLIC_URL is not configured)"
    };
    format!("in letters lead to {page}{why}")
}

fn browsers(config: &Config) -> String {
    match &config.server.allowed_origins {
        Origins::Any => "may call from any page".into(),
        Origins::List(origins) if origins.is_empty() => {
            "may call from no other page (ALLOWED_ORIGINS is not configured)".into()
        }
        Origins::List(origins) => format!("may call from {}", origins.join(", ")),
    }
}
