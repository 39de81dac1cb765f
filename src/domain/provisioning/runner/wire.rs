//! One call of a driver: what it says is heard, its time is limited, it is stopped when the job may not
//! go on, and a panic of its is a failure like any other.

use std::{panic::AssertUnwindSafe, pin::pin, time::Duration};

use entity::provisioning_log_line::LogLevel;
use futures::FutureExt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    control::{Control, Halt, Phase},
    journal::Journal,
};
use crate::ports::provisioner::{Call, Failure, Heard, Lease, Line, Order, Output};

/// How many lines wait to be heard.
const LINES: usize = 1024;
/// How much longer than it is given a driver may take to stop, before it is dropped.
const TO_STOP: Duration = Duration::from_secs(2);

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It failed, by its own account.
    Failed(Failure),
    /// It took too long and was stopped; nobody knows how far it came.
    TimedOut(Failure),
    /// The job may not go on, and it was stopped.
    Halted(Halt),
}

/// What a driver is called with.
pub struct Wire {
    output: Output,
    stop: CancellationToken,
    lease: Lease,
}

impl Wire {
    /// Two ends: the driver's, and the listener's.
    pub fn new(control: &Control) -> (Self, Heard) {
        let (output, heard) = Output::channel(LINES);
        let wire = Self {
            output,
            stop: CancellationToken::new(),
            lease: control.lease().clone(),
        };
        (wire, heard)
    }

    /// What a driver is called with.
    pub fn call<'a>(&'a self, order: &'a Order) -> Call<'a> {
        Call {
            order,
            output: &self.output,
            stop: &self.stop,
            lease: &self.lease,
        }
    }
}

/// Who listens to a call, and until when.
pub struct Attendant<'a> {
    /// Whether the run may go on.
    pub control: &'a Control,
    /// What the run is about.
    pub phase: Phase,
    /// Where what is said is written.
    pub journal: &'a Journal,
    /// When it has taken too long.
    pub until: Instant,
}

impl Attendant<'_> {
    /// Attends a call to its end.
    pub async fn attend<T>(
        &self,
        wire: &Wire,
        mut heard: Heard,
        call: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Ended> {
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        let mut lines = Vec::new();
        let mut said = None;
        let mut stopped: Option<(Ended, Instant)> = None;
        let began = Instant::now();
        let ended = loop {
            let deadline = stopped.as_ref().map_or(self.until, |(_, until)| *until);
            tokio::select! {
                biased;
                ended = &mut call => break Some(ended),
                _ = heard.lines.recv_many(&mut lines, LINES) => {
                    self.take(&mut lines, &heard);
                }
                Ok(()) = heard.progress.changed() => self.note(&heard, &mut said),
                halt = self.control.halted(self.phase), if stopped.is_none() => {
                    stopped = Some((Ended::Halted(halt), self.stop(wire)));
                }
                () = sleep_until(deadline) => {
                    if stopped.is_some() {
                        break None;
                    }
                    let failure = timed_out(self.until - began);
                    stopped = Some((Ended::TimedOut(failure), self.stop(wire)));
                }
            }
        };
        while let Ok(line) = heard.lines.try_recv() {
            lines.push(line);
        }
        self.take(&mut lines, &heard);
        self.note(&heard, &mut said);
        if let Some((why, _)) = stopped {
            // An answer that came all the same is dropped: nobody has the time to look whether it is true.
            // Whoever goes on looks at the step first, as after a crash in this moment.
            return Err(why);
        }
        let failure = match ended {
            Some(Ok(Ok(answer))) => return Ok(answer),
            Some(Ok(Err(failure))) => failure,
            Some(Err(_panic)) => Failure::retryable("The provisioner broke down."),
            // It was neither stopped nor has it ended.
            None => std::future::pending().await,
        };
        // What was ended for us while we stood still has not failed.
        Err(match self.control.halt(self.phase) {
            Some(halt) => Ended::Halted(halt),
            None => Ended::Failed(failure),
        })
    }

    /// Asks the driver to stop; until when it may take.
    fn stop(&self, wire: &Wire) -> Instant {
        wire.stop.cancel();
        let grace = self.control.cx().app().config.provisioning.stop_grace;
        Instant::now() + grace + TO_STOP
    }

    fn take(&self, lines: &mut Vec<Line>, heard: &Heard) {
        for line in lines.drain(..) {
            self.journal.hear(&line);
        }
        self.journal.missed(heard.take_dropped());
    }

    fn note(&self, heard: &Heard, said: &mut Option<String>) {
        let progress = heard.progress.borrow().clone();
        let Some(progress) = progress else {
            return;
        };
        self.journal.progress(progress.percent.into());
        if progress.message.is_some() && *said != progress.message {
            let text = progress.message.clone().unwrap_or_default();
            let level = LogLevel::Info;
            self.journal.hear(&Line { level, text });
            *said = progress.message;
        }
    }
}

fn timed_out(limit: Duration) -> Failure {
    let limit = limit.as_secs_f64().ceil();
    Failure::retryable(format!("It took longer than {limit} s and was stopped."))
}
