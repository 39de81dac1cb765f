//! What a driver says while it works: lines, and how far it is. Nobody waits for a listener: lines that
//! come faster than they are taken are dropped and counted, and of progress only the last word counts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use entity::provisioning_log_line::LogLevel;
use tokio::sync::{mpsc, watch};

/// Where a driver says things. Cloning it copies a handle.
#[derive(Clone)]
pub struct Output {
    lines: mpsc::Sender<Line>,
    progress: Arc<watch::Sender<Option<Progress>>>,
    dropped: Arc<AtomicU64>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: LogLevel,
    /// One line; the listener cuts it to size and takes control characters out.
    pub text: String,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// In percent of the step.
    pub percent: u8,
    /// What is happening, for people.
    pub message: Option<String>,
}

/// What a driver has said, for who listens.
pub struct Heard {
    /// Lines, in order.
    pub lines: mpsc::Receiver<Line>,
    /// How far it is by its own account.
    pub progress: watch::Receiver<Option<Progress>>,
    dropped: Arc<AtomicU64>,
}

impl Output {
    /// An output of which at most `capacity` lines wait to be heard.
    pub fn channel(capacity: usize) -> (Self, Heard) {
        let (sender, lines) = mpsc::channel(capacity.max(1));
        let (said, progress) = watch::channel(None);
        let dropped = Arc::new(AtomicU64::new(0));
        let output = Self {
            lines: sender,
            progress: Arc::new(said),
            dropped: Arc::clone(&dropped),
        };
        let heard = Heard {
            lines,
            progress,
            dropped,
        };
        (output, heard)
    }

    /// Says a line.
    pub fn line(&self, level: LogLevel, text: impl Into<String>) {
        let line = Line {
            level,
            text: text.into(),
        };
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says what happens.
    pub fn info(&self, text: impl Into<String>) {
        self.line(LogLevel::Info, text);
    }

    /// Says how far it is.
    pub fn progress(&self, percent: u8, message: Option<String>) {
        let percent = percent.min(100);
        self.progress
            .send_replace(Some(Progress { percent, message }));
    }
}

impl Heard {
    /// How many lines were dropped since this was last asked.
    pub fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
