//! What is known of the work on jobs: the steps of their present attempts, and their logs.

use std::{collections::HashMap, fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{
    Timestamp,
    ids::{ProvisioningJobId, TenantId},
    provisioning_log_line,
    provisioning_step::{self, StepStatus},
};

use super::store::ledger;
use crate::{
    domain::{
        access::Permission,
        cx::Cx,
        page::{DEFAULT_SIZE, Listing, MAX_SIZE},
    },
    error::{Error, FieldError, Reason, Result},
};

/// A place in a log: the number of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogCursor(pub i64);

impl fmt::Display for LogCursor {
    /// Opaque text for clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.to_be_bytes()))
    }
}

impl LogCursor {
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let seq = i64::from_be_bytes(bytes);
        (seq >= 0).then_some(Self(seq))
    }
}

/// Which part of a log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogWindow {
    /// How many lines, 0 to 100.
    pub limit: u64,
    /// Whether they are counted from the end.
    pub backwards: bool,
    /// Only lines behind this one.
    pub after: Option<LogCursor>,
    /// Only lines before this one.
    pub before: Option<LogCursor>,
}

impl LogWindow {
    /// The last lines, as many as one may ask for.
    pub fn latest() -> Self {
        Self {
            limit: MAX_SIZE,
            backwards: true,
            after: None,
            before: None,
        }
    }

    /// Lines behind the one of this number; sizes are clamped as those of pages are.
    pub fn behind(seq: i64, size: i64) -> Self {
        Self {
            limit: u64::try_from(size).unwrap_or(1).clamp(1, MAX_SIZE),
            backwards: false,
            after: Some(LogCursor(seq.max(0))),
            before: None,
        }
    }

    /// Reads Relay's four arguments; 20 lines when none says otherwise, at most 100.
    pub fn new(
        first: Option<i64>,
        after: Option<&str>,
        last: Option<i64>,
        before: Option<&str>,
    ) -> Result<Self> {
        let mut wrong = Vec::new();
        if first.is_some() && last.is_some() {
            wrong.push(FieldError::new("last", Reason::MutuallyExclusive));
        }
        for (field, asked) in [("first", first), ("last", last)] {
            if asked.is_some_and(|n| !u64::try_from(n).is_ok_and(|n| n <= MAX_SIZE)) {
                wrong.push(FieldError {
                    field: field.into(),
                    reason: Reason::OutOfRange,
                    message: format!("Ask for 0 to {MAX_SIZE} items."),
                });
            }
        }
        let mut place = |field: &'static str, text: Option<&str>| {
            let cursor = text.map(LogCursor::parse);
            if matches!(cursor, Some(None)) {
                wrong.push(FieldError::new(field, Reason::InvalidCursor));
            }
            cursor.flatten()
        };
        let (after, before) = (place("after", after), place("before", before));
        if !wrong.is_empty() {
            return Err(Error::InvalidInput(wrong));
        }
        let limit = first.or(last).and_then(|n| u64::try_from(n).ok());
        Ok(Self {
            limit: limit.unwrap_or(DEFAULT_SIZE),
            backwards: last.is_some(),
            after,
            before,
        })
    }
}

/// A part of a log.
pub type Log = Listing<provisioning_log_line::Model, LogCursor>;

/// The steps of the present attempts of these jobs of the tenants, in one statement: for loaders.
pub async fn steps(
    cx: &Cx,
    tenants: &[TenantId],
    jobs: &[ProvisioningJobId],
) -> Result<HashMap<ProvisioningJobId, Vec<provisioning_step::Model>>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    ledger::steps(cx.db(), &permitted, jobs).await
}

/// The same part of the log of each of these jobs of the tenants, in one statement.
pub async fn logs(
    cx: &Cx,
    tenants: &[TenantId],
    jobs: &[ProvisioningJobId],
    window: &LogWindow,
) -> Result<HashMap<ProvisioningJobId, Log>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    ledger::logs(cx.db(), &permitted, jobs, window).await
}

/// How many lines of each of these jobs' logs are kept.
pub async fn count_lines(
    cx: &Cx,
    tenants: &[TenantId],
    jobs: &[ProvisioningJobId],
) -> Result<HashMap<ProvisioningJobId, u64>> {
    let permitted = cx.permitted(tenants, Permission::ViewProvisioning).await?;
    ledger::count_lines(cx.db(), &permitted, jobs).await
}

/// How long a job still takes, if its steps take as long as they usually do; nobody knows before
/// there are any.
pub fn time_left(steps: &[provisioning_step::Model], now: Timestamp) -> Option<Duration> {
    if steps.is_empty() {
        return None;
    }
    let left: i64 = steps.iter().map(|step| step_left(step, now)).sum();
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

/// In milliseconds.
fn step_left(step: &provisioning_step::Model, now: Timestamp) -> i64 {
    match step.status {
        StepStatus::Completed | StepStatus::Undoing | StepStatus::Undone => 0,
        StepStatus::Pending | StepStatus::Failed => step.weight_ms,
        StepStatus::Running if step.progress > 0 => {
            step.weight_ms * i64::from(100 - step.progress.min(100)) / 100
        }
        StepStatus::Running => {
            let begun = step.started_at.unwrap_or(now);
            (step.weight_ms - (now - begun).num_milliseconds()).clamp(0, step.weight_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration as Span;
    use uuid::Uuid;

    use super::*;

    fn step(
        status: StepStatus,
        progress: i32,
        begun: Option<Timestamp>,
    ) -> provisioning_step::Model {
        provisioning_step::Model {
            id: Uuid::from_u128(1).into(),
            job_id: Uuid::from_u128(2).into(),
            attempt: 1,
            position: 0,
            name: "new-site".to_owned(),
            title: "Making the site".to_owned(),
            status,
            progress,
            found: false,
            undoable: true,
            harmless: false,
            tries: 1,
            weight_ms: 10_000,
            limit_ms: 60_000,
            facts: None,
            error: None,
            started_at: begun,
            completed_at: None,
        }
    }

    #[test]
    fn what_is_left_is_what_was_not_done() {
        let now = Timestamp::from_timestamp(1_767_960_000, 0).expect("a time");
        let begun = Some(now - Span::seconds(4));
        let left = |steps: &[_]| time_left(steps, now).map(|left| left.as_millis());
        assert_eq!(left(&[]), None);
        let [done, running, waiting] = [
            step(StepStatus::Completed, 100, begun),
            step(StepStatus::Running, 0, begun),
            step(StepStatus::Pending, 0, None),
        ];
        assert_eq!(left(&[done.clone(), running, waiting]), Some(16_000));
        // What the driver says counts more than the clock.
        assert_eq!(left(&[step(StepStatus::Running, 75, begun)]), Some(2_500));
        // A step that takes longer than usual is about to end for as long as it takes.
        let slow = step(StepStatus::Running, 0, Some(now - Span::seconds(60)));
        assert_eq!(left(&[done, slow]), Some(0));
    }

    #[test]
    fn a_cursor_reads_what_it_wrote() {
        let cursor = LogCursor(4_711);
        assert_eq!(LogCursor::parse(&cursor.to_string()), Some(cursor));
        for bad in ["", "garbage", "17", &LogCursor(-1).to_string()] {
            assert_eq!(LogCursor::parse(bad), None, "{bad}");
        }
    }
}
