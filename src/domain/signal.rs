//! What goes over the event bus: it wakes listeners, and carries what they would have to read otherwise.
//! Pure data.

use entity::ids::{ProvisioningJobId, TenantId};
use serde::{Deserialize, Serialize};

use super::event::Recorded;

/// Something that listeners of any process may want to know at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// An event that is in the log.
    Event(Recorded),
    /// A job has said something; its tables tell what.
    Job(JobSignal),
}

/// A job that has new lines or progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSignal {
    /// Whose site.
    pub tenant_id: TenantId,
    /// Which job.
    pub job_id: ProvisioningJobId,
    /// The number of the first new line, if there are any.
    pub first_line: Option<i64>,
}

impl From<Recorded> for Signal {
    fn from(event: Recorded) -> Self {
        Self::Event(event)
    }
}
