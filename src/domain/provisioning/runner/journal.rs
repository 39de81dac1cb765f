//! What a run tells while it goes on: lines and progress. It is kept in memory and written in batches,
//! at most twice a second; a flood costs what it says, not more.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use entity::{
    ids::ProvisioningStepId,
    provisioning_log_line::{self as log_line, LogLevel},
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    control::{Control, Phase},
    journal_store as store,
    lines::plain,
};
use crate::{
    domain::{
        cx::Cx,
        db,
        signal::{JobSignal, Signal},
    },
    error::Result,
    ports::provisioner::Line,
};

/// How often it is written at most.
const EVERY: Duration = Duration::from_millis(500);
/// How many lines wait to be written, beside those of a second; the oldest go first.
const WAITING: usize = 1000;

/// What a run tells. Cloning it copies a handle.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    control: Control,
    attempt: i32,
    state: Mutex<State>,
    /// One batch at a time, so that lines are written in order.
    writing: tokio::sync::Mutex<()>,
}

struct State {
    phase: Phase,
    next_seq: i64,
    waiting: VecDeque<log_line::Model>,
    /// Lines that were dropped since that was last said.
    dropped: u64,
    /// When the present second began, and how many lines it has had.
    second: (Instant, u32),
    step: Option<At>,
    /// The job's progress, which never goes back within an attempt.
    progress: i32,
    changed: bool,
}

/// A step that is under way.
#[derive(Clone)]
pub struct At {
    /// Which.
    pub id: ProvisioningStepId,
    /// Its name.
    pub name: String,
    /// The job's progress at its beginning and at its end.
    pub share: (i32, i32),
    /// Its own progress.
    pub percent: i32,
}

/// What is written at once.
pub struct Batch {
    /// The lines.
    pub lines: Vec<log_line::Model>,
    /// Up to which number lines are forgotten.
    pub forget: Option<i64>,
    /// The job's progress, and that of the step under way, where they have changed.
    pub progress: Option<(i32, Option<(ProvisioningStepId, i32)>)>,
}

impl Journal {
    /// Goes on with the log of a job. It is written every now and then until the guard is dropped.
    pub async fn open(control: &Control, attempt: i32, progress: i32) -> Result<(Self, DropGuard)> {
        let last = store::last(control.cx().db(), control.hold()).await?;
        let journal = Self(Arc::new(Inner {
            control: control.clone(),
            attempt,
            state: Mutex::new(State {
                phase: Phase::Doing,
                next_seq: last + 1,
                waiting: VecDeque::new(),
                dropped: 0,
                second: (Instant::now(), 0),
                step: None,
                progress,
                changed: false,
            }),
            writing: tokio::sync::Mutex::new(()),
        }));
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let writer = journal.clone();
        control.cx().app().spawn("journal", async move {
            let mut interval = interval(EVERY);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = ended.cancelled() => return,
                    _ = interval.tick() => {}
                }
                if let Err(error) = writer.flush().await {
                    tracing::warn!(%error, "the log of a provisioning job is written later");
                }
            }
        });
        Ok((journal, guard))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cx(&self) -> &Cx {
        self.0.control.cx()
    }

    /// Says something of our own.
    pub fn say(&self, level: LogLevel, text: &str) {
        self.keep(&mut self.state(), level, text);
    }

    /// Takes what a driver says, as far as there is room in this second.
    pub fn hear(&self, line: &Line) {
        let most = self.cx().app().config.provisioning.log_lines_per_second;
        let mut state = self.state();
        let now = Instant::now();
        if now - state.second.0 >= Duration::from_secs(1) {
            state.second = (now, 0);
        }
        if state.second.1 >= most {
            state.dropped += 1;
            return;
        }
        state.second.1 += 1;
        self.keep(&mut state, line.level, &line.text);
    }

    /// So many lines were dropped before they came here.
    pub fn missed(&self, lines: u64) {
        self.state().dropped += lines;
    }

    fn keep(&self, state: &mut State, level: LogLevel, text: &str) {
        self.own_up(state);
        self.push(state, level, plain(text));
    }

    /// Says how many lines are missing here.
    fn own_up(&self, state: &mut State) {
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let text = format!("… {dropped} lines dropped");
            self.push(state, LogLevel::Warning, text);
        }
    }

    fn push(&self, state: &mut State, level: LogLevel, text: String) {
        let settings = &self.cx().app().config.provisioning;
        let room = WAITING + usize::try_from(settings.log_lines_per_second).unwrap_or(WAITING);
        while state.waiting.len() >= room.min(WAITING * 10) {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        let seq = state.next_seq;
        state.next_seq += 1;
        let step = state.step.as_ref().map(|step| step.name.clone());
        state.waiting.push_back(log_line::Model {
            id: self.cx().new_id(),
            job_id: self.0.control.hold().job_id,
            seq,
            attempt: self.0.attempt,
            step,
            level,
            text,
            at: self.cx().now(),
        });
    }

    /// From now on lines are said in this step, and progress is its.
    pub fn enter(&self, step: Option<At>) {
        let mut state = self.state();
        self.own_up(&mut state);
        state.step = step;
    }

    /// From now on the job is undone: its progress is what it was.
    pub fn undoing(&self) {
        let mut state = self.state();
        state.phase = Phase::Undoing;
        state.changed = false;
    }

    /// How far the step under way is, in percent; a lower one than before is not heard.
    pub fn progress(&self, percent: i32) {
        let mut state = self.state();
        let Some(step) = &mut state.step else {
            return;
        };
        if percent <= step.percent {
            return;
        }
        step.percent = percent.min(100);
        let (from, to) = step.share;
        let progress = from + (to - from) * step.percent / 100;
        state.progress = state.progress.max(progress);
        state.changed = true;
    }

    /// Sees that the job's progress is at least so much, and tells how much it is.
    pub fn reach(&self, progress: i32) -> i32 {
        let mut state = self.state();
        state.progress = state.progress.max(progress);
        state.progress
    }

    /// Writes what has come together. What cannot be written waits for the next time; what the database
    /// does not take is dropped and counted.
    pub async fn flush(&self) -> Result<()> {
        let _one_at_a_time = self.0.writing.lock().await;
        if let Err(error) = self.write().await {
            let Some(cause) = db::refusal(&error) else {
                return Err(error);
            };
            let lines = std::mem::take(&mut self.state().waiting);
            self.missed(lines.len() as u64);
            // Never the lines.
            tracing::error!(
                provisioning.job = %self.0.control.hold().job_id, %cause, lines = lines.len(),
                "the database refuses lines of a provisioning job's log"
            );
            return self.write().await;
        }
        Ok(())
    }

    async fn write(&self) -> Result<()> {
        let (batch, phase) = {
            let mut state = self.state();
            self.own_up(&mut state);
            (self.batch(&mut state), state.phase)
        };
        if batch.lines.is_empty() && batch.progress.is_none() {
            return Ok(());
        }
        let control = &self.0.control;
        let unit = self.cx().begin().await;
        let written = match unit {
            Ok(unit) => {
                match store::write(self.cx(), &*unit, control.hold(), phase, &batch).await {
                    Ok(true) => unit.commit().await.map(|()| true),
                    other => other,
                }
            }
            Err(error) => Err(error),
        };
        match written {
            Ok(true) => {
                self.knock(&batch);
                Ok(())
            }
            // Somebody else writes now, or the job was called off and says so when it is undone.
            Ok(false) => {
                self.put_back(batch);
                control.look().await.map(drop)
            }
            Err(error) => {
                self.put_back(batch);
                Err(error)
            }
        }
    }

    /// Tells those who listen that there is something new; not awaited, because it only wakes them.
    fn knock(&self, batch: &Batch) {
        let hold = self.0.control.hold();
        let signal = Signal::Job(JobSignal {
            tenant_id: hold.tenant_id,
            job_id: hold.job_id,
            first_line: batch.lines.first().map(|line| line.seq),
        });
        let app = self.cx().app().clone();
        self.cx().app().spawn("publish", async move {
            app.bus.publish(&[signal]).await;
        });
    }

    fn batch(&self, state: &mut State) -> Batch {
        let keep = i64::from(self.cx().app().config.provisioning.log_lines);
        let lines: Vec<_> = state.waiting.drain(..).collect();
        let last = lines.last().map_or(0, |line| line.seq);
        let changed = std::mem::take(&mut state.changed);
        let step = state.step.as_ref().map(|step| (step.id, step.percent));
        Batch {
            forget: Some(last - keep).filter(|first| *first > 0),
            lines,
            progress: changed.then_some((state.progress, step)),
        }
    }

    fn put_back(&self, batch: Batch) {
        let mut state = self.state();
        state.changed |= batch.progress.is_some() && state.phase == Phase::Doing;
        for line in batch.lines.into_iter().rev() {
            state.waiting.push_front(line);
        }
    }
}
