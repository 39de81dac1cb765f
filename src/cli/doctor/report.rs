//! Tells what was found: to a person as lines, to a program as JSON.

use serde::Serialize;

use super::check::{Check, Verdict};
use crate::{cli::terminal, config::Config};

/// The whole answer.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    environment: String,
    /// The worst of the verdicts, `off` aside.
    verdict: Verdict,
    checks: &'a [Check],
}

/// Tells it.
pub(super) fn tell(json: bool, config: &Config, checks: &[Check]) {
    let environment = config.environment.to_string();
    let version = env!("CARGO_PKG_VERSION");
    if json {
        let report = Report {
            version,
            environment,
            verdict: worst(checks),
            checks,
        };
        let text = serde_json::to_string_pretty(&report);
        return terminal::say(text.expect("words and lists can be written"));
    }
    terminal::say(format_args!(
        "\nERPMax Orchestrator {version} ({environment})\n"
    ));
    let width = checks.iter().map(|check| check.name.len()).max();
    let width = width.unwrap_or_default();
    for check in checks {
        let Check {
            name,
            verdict,
            reason,
            advice,
        } = check;
        let (style, word) = (style(*verdict), verdict.word());
        terminal::say(format_args!(
            "  {style}{word:7}\x1b[0m  {name:width$}  {reason}"
        ));
        if let Some(advice) = advice {
            terminal::say(format_args!("{:1$}→ {advice}", "", width + 13));
        }
    }
    let count = |verdict| checks.iter().filter(|it| it.verdict == verdict).count();
    terminal::say(format_args!(
        "\n{} checks: {} ok, {} off, {} to be looked at, {} failed",
        checks.len(),
        count(Verdict::Ok),
        count(Verdict::Off),
        count(Verdict::Warning),
        count(Verdict::Failed),
    ));
}

fn worst(checks: &[Check]) -> Verdict {
    let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
    if any(Verdict::Failed) {
        Verdict::Failed
    } else if any(Verdict::Warning) {
        Verdict::Warning
    } else {
        Verdict::Ok
    }
}

fn style(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "\x1b[32m",
        Verdict::Warning => "\x1b[33m",
        Verdict::Failed => "\x1b[1;31m",
        Verdict::Off => "\x1b[2m",
    }
}
