//! Asks an executable of the operator's, one process per call: the action is its only argument, the
//! rest comes as one line of JSON on standard input (docs/PROVISIONING.md describes the protocol).
//! Nothing that people have typed is ever on a command line, and there is no shell.
//!
//! - [`process`] runs it, bounded, and leaves nothing of it behind;
//! - [`mod@guard`] stands between, and ends it when this process dies or its lease is over; [`family`] is all
//!   that it ends;
//! - [`lines`] cuts what it prints into lines, [`answer`] understands them, [`clean`] of control characters;
//! - [`plan`] checks the steps that it names.

mod answer;
mod clean;
#[cfg(unix)]
mod family;
mod guard;
mod lines;
mod plan;
mod process;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde::Serialize;

pub use self::guard::{GUARD, guard};
use self::{
    answer::{Answer, How},
    process::Ended,
};
use super::{Call, Facts, Failure, Order, Provisioner, Seen, Standing, Step};

/// The number of the protocol; raised when executables would have to change.
const PROTOCOL: u32 = 1;

/// The executable, and how it is run.
#[derive(Clone, Debug)]
pub struct Executable {
    /// The file, or a directory that has one per type of jobs, named by its verb.
    pub path: PathBuf,
    /// Its whole environment.
    pub environment: Vec<(String, OsString)>,
    /// For how long it is asked to stop before it is killed.
    pub grace: Duration,
    /// The program that is the guard when its first argument is [`GUARD`].
    pub guard: PathBuf,
}

/// What an executable is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Plan,
    Check,
    Perform,
    Verify,
    Undo,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Check => "check",
            Self::Perform => "perform",
            Self::Verify => "verify",
            Self::Undo => "undo",
        }
    }
}

/// What it reads.
#[derive(Serialize)]
struct Request<'a> {
    protocol: u32,
    action: &'static str,
    step: Option<&'a str>,
    order: &'a Order,
}

impl Executable {
    /// The file that does jobs of a type.
    fn file(&self, order: &Order) -> Result<PathBuf, Failure> {
        let verb = order.job_type.verb();
        let file = if self.path.is_dir() {
            self.path.join(verb)
        } else {
            self.path.clone()
        };
        if !file.is_file() {
            // Tenants read the failure, and where our files are is not for them.
            let shown = file.display();
            tracing::error!(
                "there is no executable to {verb} sites: put it at {shown}, or change PROVISION_COMMAND"
            );
            return Err(Failure::lasting("The provisioner is not set up for this."));
        }
        // A bare name would be looked for on PATH.
        std::path::absolute(&file).map_err(|error| {
            tracing::error!(%error, "{} cannot be found", file.display());
            Failure::lasting("The provisioner is not set up for this.")
        })
    }

    /// Asks; nothing, where the executable does not know the action.
    async fn ask(
        &self,
        action: Action,
        step: Option<&str>,
        call: Call<'_>,
    ) -> Result<Option<Answer>, Failure> {
        if call.stop.is_cancelled() {
            return Err(answer::stopped());
        }
        let file = self.file(call.order)?;
        let request = Request {
            protocol: PROTOCOL,
            action: action.word(),
            step,
            order: call.order,
        };
        let mut request = serde_json::to_vec(&request)
            .map_err(|error| Failure::lasting(format!("the order cannot be written: {error}")))?;
        request.push(b'\n');
        let Ended { how, answer } =
            process::run(self, &file, action.word(), &request, call).await?;
        if let How::Code(code @ (126 | 127)) = how {
            tracing::error!(
                "{} cannot be run, or calls what is not there: exit code {code}",
                file.display()
            );
        }
        answer.judge(how, action)
    }
}

#[async_trait]
impl Provisioner for Executable {
    fn name(&self) -> &'static str {
        "command"
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn plan(&self, call: Call<'_>) -> Result<Vec<Step>, Failure> {
        match self.ask(Action::Plan, None, call).await? {
            Some(answer) => plan::steps(answer.steps),
            None => Ok(plan::of_one_step(call.order.job_type)),
        }
    }

    async fn check(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        let answer = self.ask(Action::Check, Some(step), call).await?;
        Ok(answer.map_or(UNSEEN, Answer::into_seen))
    }

    async fn perform(&self, step: &str, call: Call<'_>) -> Result<Facts, Failure> {
        match self.ask(Action::Perform, Some(step), call).await? {
            Some(answer) => Ok(answer.into_facts()),
            None => Err(unsupported(Action::Perform)),
        }
    }

    async fn verify(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        match self.ask(Action::Verify, Some(step), call).await? {
            Some(answer) => Ok(answer.into_seen()),
            // What is seen before is what is seen afterwards.
            None => self.check(step, call).await,
        }
    }

    async fn undo(&self, step: &str, call: Call<'_>) -> Result<(), Failure> {
        match self.ask(Action::Undo, Some(step), call).await? {
            Some(_) => Ok(()),
            None => Err(unsupported(Action::Undo)),
        }
    }
}

const UNSEEN: Seen = Seen {
    standing: Standing::Unknown,
    facts: Facts::NONE,
};

fn unsupported(action: Action) -> Failure {
    let word = action.word();
    let message = format!("the executable does not know `{word}` (exit code 82)");
    match action {
        Action::Undo => Failure::lasting(message).advice(
            "What the step has done is still there: take it back by hand, or teach the executable.",
        ),
        _ => Failure::lasting(message).advice("Teach the executable."),
    }
}
