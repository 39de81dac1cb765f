//! `jobs show`.

use clap::value_parser;
use serde_json::json;

use super::{json, words};
use crate::{
    cli::terminal,
    domain::{
        cx::Cx,
        provisioning::operate::{self, Lines, View},
    },
    error::BoxError,
};

/// Which job.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Its id.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// How many of the last lines of its log.
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = value_parser!(u16).range(0..=10_000))]
    pub lines: u16,
}

impl Show {
    /// Looks it up.
    pub(super) async fn perform(self, cx: &Cx, as_json: bool) -> Result<(), BoxError> {
        let lines = Lines::Last(self.lines.into());
        let view = operate::view(cx, super::id(&self.job)?, lines).await?;
        if as_json {
            let mut told = json::job(&view.shown);
            told["steps"] = view.steps.iter().map(json::step).collect();
            told["log"] = view.lines.iter().map(json::line).collect();
            terminal::say(json!({ "job": told }));
        } else {
            say(cx, &view);
        }
        Ok(())
    }
}

fn say(cx: &Cx, view: &View) {
    let job = &view.shown.job;
    let fact = |name: &str, text: &str| {
        for (number, line) in text.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            terminal::say(format_args!("{name:10}{line}"));
        }
    };
    fact("job", &words::title(&view.shown));
    fact("id", &job.id.to_string());
    let progress = format!(
        "{}, {} %: {}",
        words::status(job),
        job.progress,
        job.message
    );
    fact("status", &progress);
    fact("asked", &words::time(job.created_at));
    let started = job.started_at.map(words::time);
    fact("started", started.as_deref().unwrap_or("not yet"));
    if let Some(at) = job.completed_at {
        fact("ended", &words::time(at));
    }
    if let Some(worker) = &job.claimed_by {
        fact("worker", worker);
    }
    if let Some(why) = words::failure(job) {
        fact("error", &why);
    }
    if let Some(result) = &job.result {
        fact("result", &format!("{result:#}"));
    }
    let width = view
        .steps
        .iter()
        .map(|step| step.title.chars().count())
        .max();
    let width = width.unwrap_or_default();
    for step in &view.steps {
        let (sign, word) = words::step(step);
        let lasted = words::lasted(step, cx.now()).unwrap_or_default();
        let (title, why) = (&step.title, step.error.as_deref().unwrap_or_default());
        let line = format!("{sign} {title:width$}  {lasted:>7}  {word}  {why}");
        fact("step", line.trim_end());
    }
    if view.cut {
        fact("log", "…");
    }
    for line in &view.lines {
        fact("log", &words::line(line));
    }
}
