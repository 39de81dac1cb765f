//! Where everything is, said once at start: in words for a person, or as one log line.

use std::fmt::Write;

use crate::{
    config::{Config, Origins},
    telemetry,
};

/// A place and what is to be known about it.
type Fact = (&'static str, String);

/// Says it in the form the logs have.
pub(super) fn announce(config: &Config) {
    if telemetry::is_json(&config.log, config.environment) {
        let facts: serde_json::Map<_, _> = facts(config)
            .into_iter()
            .map(|(name, fact)| (name.to_lowercase(), fact.into()))
            .collect();
        let facts = serde_json::Value::from(facts);
        tracing::info!(address = %config.server.address(), %facts, "serving");
    } else {
        super::terminal::say(banner(config));
    }
}

fn banner(config: &Config) -> String {
    let mut text = String::new();
    let (version, environment) = (env!("CARGO_PKG_VERSION"), config.environment);
    let _ = writeln!(text, "\nERPMax Orchestrator {version}, {environment:?}\n");
    for (name, fact) in facts(config) {
        let _ = writeln!(text, "  {name:<11}{fact}");
    }
    text
}

fn facts(config: &Config) -> Vec<Fact> {
    let own = format!("http://{}", config.server.reachable());
    let mut facts = vec![
        ("Playground", playground(config, &own)),
        ("GraphQL", format!("{own}/graphql")),
        ("REST", format!("{own}/api/v1, explained at {own}/docs")),
        ("OpenAPI", format!("{own}/openapi.json")),
        ("Health", format!("{own}/health, {own}/health/ready")),
        ("Public", public(config)),
        ("Browsers", browsers(config)),
        ("Database", config.database.describe()),
        ("Cache", shared(config)),
        ("Events", shared(config)),
        (
            "Jobs",
            "in this process, from the outbox in the database".into(),
        ),
        ("Letters", letters(config)),
    ];
    if !config.environment.is_production() {
        facts.push((
            "Accounts",
            "`erpmax seed demo` makes some to try things with".into(),
        ));
    }
    facts
}

/// Ruling 37: the stock page is there at once, but is not self-contained.
fn playground(config: &Config, own: &str) -> String {
    if config.server.playground {
        format!("{own}/graphql in a browser (the page loads its scripts from the internet)")
    } else {
        "off (PLAYGROUND)".into()
    }
}

fn public(config: &Config) -> String {
    let url = &config.server.public_url;
    if config.server.public_url_given {
        url.to_string()
    } else {
        format!("PUBLIC_URL is not configured: links in letters begin with {url}")
    }
}

fn browsers(config: &Config) -> String {
    match &config.server.allowed_origins {
        Origins::Any => "may call from any page".into(),
        Origins::List(origins) if origins.is_empty() => {
            "may call from no other page: ALLOWED_ORIGINS is not configured".into()
        }
        Origins::List(origins) => format!("may call from {}", origins.join(", ")),
    }
}

fn shared(config: &Config) -> String {
    match config.redis_url {
        Some(_) => format!("Redis, names begin with `{}`", config.redis_prefix),
        None => "in this process: REDIS_URL is not configured".into(),
    }
}

fn letters(config: &Config) -> String {
    let (keep, dir) = (config.mail.keep, config.mail.dir.display());
    format!("outgoing mail is not configured: the last {keep} letters are kept in {dir}")
}
