//! What is shown of a job that goes on: a block of lines that is drawn again in place. Pure, but for
//! what it is told of the terminal.

use std::fmt::Write;

use entity::{
    Timestamp,
    provisioning_job::JobStatus,
    provisioning_step::{Model as Step, StepStatus},
};

use super::words;
use crate::domain::provisioning::{operate::View, time_left};

/// How wide the bar is at most.
const BAR: usize = 32;

/// A place in a terminal that is drawn again and again.
#[derive(Debug, Default)]
pub(super) struct Screen {
    height: usize,
}

impl Screen {
    /// What to send to the terminal so that these lines of the log scroll away above the block, and the
    /// block is this one.
    pub(super) fn draw(&mut self, log: &[String], block: &[String], width: usize) -> String {
        let mut text = String::new();
        if self.height > 0 {
            // Up to the first line of the block, and everything from there on is gone.
            let _ = write!(text, "\u{1b}[{}A\u{1b}[J", self.height);
        }
        for line in log {
            let _ = writeln!(text, "{line}");
        }
        for line in block {
            // A line that is broken by the terminal would be two.
            let cut: String = line.chars().take(width.saturating_sub(1)).collect();
            let _ = writeln!(text, "{cut}");
        }
        self.height = block.len();
        text
    }
}

/// How a job stands: a title, its steps, a bar.
pub(super) fn block(view: &View, now: Timestamp) -> Vec<String> {
    let job = &view.shown.job;
    let mut lines = vec![format!(
        "{}: {}",
        words::title(&view.shown),
        words::status(job)
    )];
    let width = view
        .steps
        .iter()
        .map(|step| step.title.chars().count())
        .max();
    let width = width.unwrap_or_default();
    lines.extend(view.steps.iter().map(|step| step_line(step, width, now)));
    if matches!(job.status, JobStatus::Pending) {
        lines.push(job.message.clone());
    } else {
        let left = match (job.status, time_left(&view.steps, now)) {
            (JobStatus::InProgress, Some(left)) => {
                let seconds = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
                format!("  about {} left", words::span(seconds))
            }
            _ => String::new(),
        };
        lines.push(format!("{} {:3} %{left}", bar(job.progress), job.progress));
    }
    lines
}

fn step_line(step: &Step, width: usize, now: Timestamp) -> String {
    let (sign, word) = words::step(step);
    let lasted = words::lasted(step, now).unwrap_or_default();
    let more = match step.status {
        StepStatus::Running if step.progress > 0 => format!("{word}, {} %", step.progress),
        StepStatus::Pending => String::new(),
        _ => word.to_owned(),
    };
    let again = if step.tries > 1 {
        format!(", try {}", step.tries)
    } else {
        String::new()
    };
    let title = &step.title;
    format!("  {sign} {title:width$}  {lasted:>7}  {more}{again}")
        .trim_end()
        .to_owned()
}

fn bar(percent: i32) -> String {
    let percent = usize::try_from(percent.clamp(0, 100)).unwrap_or(0);
    let done = BAR * percent / 100;
    format!("[{}{}]", "#".repeat(done), "-".repeat(BAR - done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_drawn_over_the_last_one() {
        let mut screen = Screen::default();
        let lines = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let first = screen.draw(&lines(&["said"]), &lines(&["one", "two"]), 80);
        assert_eq!(first, "said\none\ntwo\n");
        let second = screen.draw(&[], &lines(&["three is long"]), 6);
        assert_eq!(second, "\u{1b}[2A\u{1b}[Jthree\n");
        assert_eq!(screen.draw(&[], &[], 80), "\u{1b}[1A\u{1b}[J");
    }

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0), format!("[{}]", "-".repeat(32)));
        assert_eq!(bar(50), format!("[{}{}]", "#".repeat(16), "-".repeat(16)));
        assert_eq!(bar(1000), format!("[{}]", "#".repeat(32)));
    }
}
