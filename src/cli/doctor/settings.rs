//! The settings themselves: what cannot stand, what will surprise, how well the secrets are kept.

use std::path::Path;

use secrecy::ExposeSecret;

use super::{Facts, check::Check};
use crate::{
    config::{self, Auth, Config},
    domain::auth::token::TokenSigner,
    metrics::Tokens,
};

/// Looks at the settings.
pub(super) fn look(facts: &Facts) -> Vec<Check> {
    let mut checks: Vec<_> = facts
        .problems
        .iter()
        .map(|problem| {
            let (reason, advice) = problem
                .advice
                .split_once("; ")
                .unwrap_or((&problem.advice, "`erpmax --help` explains the setting"));
            Check::failed(
                "configuration",
                format!("{} {reason}", problem.setting),
                advice,
            )
        })
        .collect();
    checks.extend(surprises(&facts.config));
    if checks.is_empty() {
        let environment = facts.config.environment;
        checks.push(Check::ok(
            "configuration",
            format!("holds, for {environment}"),
        ));
    }
    checks.push(secrets(facts));
    checks
}

/// What is allowed and seldom meant.
fn surprises(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut note = |reason: &str, advice: &str| {
        checks.push(Check::warning("configuration", reason, advice));
    };
    if config.environment.is_production() {
        let server = &config.server;
        if !server.public_url_given {
            let advice = "set it to the address that people open; links in letters lead there";
            note("PUBLIC_URL is not set", advice);
        } else if server.public_url.scheme() == "http" {
            let advice = "serve it by TLS: tokens travel in the open otherwise";
            note("PUBLIC_URL is http://", advice);
        }
        if server.playground {
            let advice = "PLAYGROUND=false, unless everybody may explore the schema";
            note("the playground is open to everybody", advice);
        }
        #[cfg(unix)]
        if is_readable_by_others(Path::new(".env")) {
            let advice = "`chmod 600 .env`: it holds secrets";
            note(".env can be read by other users of this machine", advice);
        }
    }
    checks
}

fn secrets(facts: &Facts) -> Check {
    let config = &facts.config;
    if facts.problem("SECRET_KEY").is_some() || facts.problem("SECRET_KEYS_PREVIOUS").is_some() {
        return Check::failed(
            "secrets",
            "the keys cannot be used",
            "see configuration above",
        );
    }
    let keys = keys(config);
    for (number, key) in config.auth.previous_keys.iter().enumerate() {
        if let Some(why) = config::weakness(Some(key.expose_secret())) {
            return Check::warning(
                "secrets",
                format!(
                    "number {} of SECRET_KEYS_PREVIOUS {why}; production would refuse it",
                    number + 1
                ),
                "leave it out: whoever guesses it can sign tokens",
            );
        }
    }
    if facts.key_given {
        return match config::weakness(Some(config.auth.secret_key.expose_secret())) {
            None => Check::ok("secrets", format!("SECRET_KEY is given and strong; {keys}")),
            Some(why) => Check::warning(
                "secrets",
                format!("SECRET_KEY {why}; production would refuse it"),
                "make one with `openssl rand -hex 32`",
            ),
        };
    }
    let file = config::secret_key_file(&config.data_dir);
    let shown = file.display();
    if !file.exists() {
        Check::ok("secrets", format!("`erpmax serve` makes a key in {shown}"))
    } else if is_readable_by_others(&file) {
        Check::warning(
            "secrets",
            format!("{shown} can be read by other users of this machine"),
            format!("`chmod 600 {shown}`"),
        )
    } else {
        Check::ok(
            "secrets",
            format!("the key made for development, kept in {shown}; {keys}"),
        )
    }
}

/// The names of the keys, by which one sees whether all processes have the same ones.
fn keys(config: &Config) -> String {
    let Auth {
        secret_key,
        previous_keys,
        ..
    } = &config.auth;
    let signer = TokenSigner::new(secret_key, previous_keys, &Tokens::default());
    let mut names = signer.key_ids().map(|name| format!("`{name}`"));
    let signs = names.next().unwrap_or_default();
    let accepts = names.collect::<Vec<_>>().join(", ");
    if accepts.is_empty() {
        format!("tokens are signed as {signs}")
    } else {
        format!("tokens are signed as {signs}, those of {accepts} are accepted")
    }
}

/// Letters, which wait where nothing sends them (ruling 40).
pub(super) fn mail(facts: &Facts) -> Check {
    let config = &facts.config;
    if config.environment.is_production() {
        let reason = "outgoing mail is not configured: letters wait in the outbox";
        return Check::off("mail", reason);
    }
    let (keep, dir) = (config.mail.keep, config.mail.dir.display());
    let reason = format!("nothing is sent: the last {keep} letters are kept in {dir}");
    Check::off("mail", reason)
}

#[cfg(unix)]
fn is_readable_by_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|it| it.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}
