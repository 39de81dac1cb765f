//! `jobs watch`: shows a job until it has ended.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use entity::{
    ids::ProvisioningStepId,
    provisioning_job::JobStatus,
    provisioning_step::{Model as Step, StepStatus},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    json,
    screen::{Screen, block},
    words,
};
use crate::{
    cli::terminal,
    domain::{
        cx::Cx,
        provisioning::operate::{self, Lines, View},
    },
    error::BoxError,
};

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// How many lines of the log are fetched at once.
const LINES: u64 = 500;
/// How many of the lines are shown that were said before.
const BEFORE: u64 = 20;

/// Which job.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Its id.
    #[arg(value_name = "JOB")]
    pub job: String,
}

impl Watch {
    /// Shows it until it has ended.
    pub(super) async fn perform(self, cx: &Cx, as_json: bool) -> Result<(), BoxError> {
        let id = super::id(&self.job)?;
        let mut viewer = if as_json {
            Viewer::Program(Told::default())
        } else if io::stdout().is_terminal() {
            Viewer::Terminal(Screen::default())
        } else {
            Viewer::Reader(Told::default())
        };
        let mut view = operate::view(cx, id, Lines::Last(BEFORE)).await?;
        let mut seen = 0;
        loop {
            seen = view.lines.last().map_or(seen, |line| line.seq);
            viewer.show(cx, &view)?;
            let full = view.lines.len() as u64 == LINES;
            if has_ended(&view) && !full {
                return ended(&view, as_json);
            }
            if !full {
                sleep(EVERY).await;
            }
            view = operate::view(cx, id, Lines::Behind(seen, LINES)).await?;
        }
    }
}

/// Whether nothing more happens to it by itself.
fn has_ended(view: &View) -> bool {
    let job = &view.shown.job;
    job.status.is_finished() && job.undo_attempt.is_none()
}

/// How it has ended; of one that is not done, why.
fn ended(view: &View, as_json: bool) -> Result<(), BoxError> {
    let job = &view.shown.job;
    match job.status {
        JobStatus::Completed => {
            if !as_json && let Some(result) = &job.result {
                let url = result.pointer("/site/url").and_then(Value::as_str);
                let simulated = result["simulated"] == true;
                let note = if simulated { " (simulated)" } else { "" };
                terminal::say(format_args!("completed{note} {}", url.unwrap_or_default()));
            }
            Ok(())
        }
        JobStatus::Cancelled => Err("the job was cancelled".into()),
        JobStatus::Failed | JobStatus::Pending | JobStatus::InProgress => {
            let why = words::failure(job).unwrap_or_else(|| "the job failed".to_owned());
            Err(why.into())
        }
    }
}

/// Who looks.
enum Viewer {
    /// Somebody at a terminal.
    Terminal(Screen),
    /// Somebody who reads it later.
    Reader(Told),
    /// A program.
    Program(Told),
}

impl Viewer {
    fn show(&mut self, cx: &Cx, view: &View) -> Result<(), BoxError> {
        match self {
            Self::Terminal(screen) => {
                let log: Vec<_> = view.lines.iter().map(words::line).collect();
                let text = screen.draw(&log, &block(view, cx.now()), width());
                let mut out = anstream::stdout();
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
            Self::Reader(told) => told.tell_reader(view),
            Self::Program(told) => told.tell_program(view),
        }
        Ok(())
    }
}

/// What has been told already.
#[derive(Default)]
struct Told {
    job: Option<Value>,
    steps: HashMap<ProvisioningStepId, (StepStatus, i32, i32)>,
}

impl Told {
    /// Whether a step is not as it was told.
    fn is_news(&mut self, step: &Step, with_progress: bool) -> bool {
        let progress = if with_progress { step.progress } else { 0 };
        let now = (step.status, step.tries, progress);
        self.steps.insert(step.id, now) != Some(now)
    }

    fn tell_reader(&mut self, view: &View) {
        let job = &view.shown.job;
        let now = json!([job.status, job.attempt, job.undo_attempt]);
        if self.job.as_ref() != Some(&now) {
            let (title, status) = (words::title(&view.shown), words::status(job));
            terminal::say(format_args!("{title}: {status}"));
            self.job = Some(now);
        }
        for line in &view.lines {
            terminal::say(format_args!("{:3} %  {}", job.progress, words::line(line)));
        }
    }

    fn tell_program(&mut self, view: &View) {
        for line in &view.lines {
            terminal::say(json!({ "line": json::line(line) }));
        }
        for step in &view.steps {
            if self.is_news(step, true) {
                terminal::say(json!({ "step": json::step(step) }));
            }
        }
        let mut now = json::job(&view.shown);
        if let Some(fields) = now.as_object_mut() {
            // It is renewed all the time, and tells nobody anything.
            fields.remove("lease_until");
        }
        if self.job.as_ref() != Some(&now) {
            terminal::say(json!({ "job": now }));
            self.job = Some(now);
        }
    }
}

/// How wide the terminal is.
fn width() -> usize {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
    {
        return size.ws_col.into();
    }
    80
}
