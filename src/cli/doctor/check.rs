//! What a check says.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How it stands with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but somebody should look at it.
    Warning,
    /// It does not work.
    Failed,
    /// It is not configured, and what needs it waits or is absent.
    Off,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it stands with it.
    pub verdict: Verdict,
    /// What was seen.
    pub reason: String,
    /// What to do, where something is to be done.
    pub advice: Option<String>,
}

impl Check {
    /// As it should be.
    pub fn ok(name: &'static str, reason: impl Into<String>) -> Self {
        Self::new(name, Verdict::Ok, reason.into(), None)
    }

    /// Not configured.
    pub fn off(name: &'static str, reason: impl Into<String>) -> Self {
        Self::new(name, Verdict::Off, reason.into(), None)
    }

    /// To be looked at.
    pub fn warning(
        name: &'static str,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(name, Verdict::Warning, reason.into(), Some(advice.into()))
    }

    /// To be mended.
    pub fn failed(
        name: &'static str,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(name, Verdict::Failed, reason.into(), Some(advice.into()))
    }

    fn new(name: &'static str, verdict: Verdict, reason: String, advice: Option<String>) -> Self {
        Self {
            name,
            verdict,
            reason,
            advice,
        }
    }
}

/// Waits for a check, but not for long.
pub async fn bounded(name: &'static str, check: impl Future<Output = Check>) -> Check {
    timeout(PATIENCE, check).await.unwrap_or_else(|_| {
        let reason = format!("no answer within {} s", PATIENCE.as_secs());
        Check::failed(
            name,
            reason,
            "see whether the machine or the network is overloaded",
        )
    })
}
