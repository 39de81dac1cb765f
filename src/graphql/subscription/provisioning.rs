//! What is done to the tenant's site, as it happens.

use async_graphql::{Context, ID, Object, Subscription, Union};
use futures::Stream;

use super::{Event, show};
use crate::{
    domain::{
        event::JobFacts,
        fields::Fields,
        provisioning,
        realtime::{Feed, Told},
    },
    error::Error,
    graphql::{
        error::Result,
        in_place::InPlace,
        input::{self, complete},
        types::{
            id,
            provisioning::{LogLine, ProvisioningJob, ProvisioningJobStatus},
        },
    },
};

/// Jobs, while they run.
#[derive(Default)]
pub struct ProvisioningSubscription;

#[Subscription]
impl ProvisioningSubscription {
    /// What happens to the jobs of the tenant that the token names, or to one of them: where they stand, how
    /// far they are, what they say. Progress and lines are told at most twice a second for each job; lines that
    /// were missed are in `ProvisioningJob.logs`. Needs `VIEW_PROVISIONING`.
    async fn provisioning(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only this job. One of another tenant is `NOT_FOUND`, as one that does not exist."
        )]
        job_id: Option<ID>,
        #[graphql(
            desc = "The cursor of the last event that was heard: what was missed since comes first."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = InPlace<ProvisioningEvent>> + use<>> {
        let mut fields = Fields::new();
        let job = fields.take("job_id", input::optional(job_id, |job| input::id(&job)));
        let job = complete(fields, job)?;
        show(ctx, Feed::Provisioning, job, after.as_deref(), |event| {
            ProvisioningEvent::of(&event)
        })
        .await
    }
}

/// Something that happened to a job. New kinds may be added: ignore those you do not know.
#[derive(Union)]
pub enum ProvisioningEvent {
    /// It stands otherwise, or is further on.
    StatusUpdate(ProvisioningStatusUpdate),
    /// It has said something.
    Log(ProvisioningLogLines),
    /// It is done.
    Completed(ProvisioningCompleted),
    /// It was given up or called off.
    Failed(ProvisioningFailed),
}

impl ProvisioningEvent {
    fn of(event: &Event) -> Option<Self> {
        let of = |job: &JobFacts| OfJob {
            event: event.clone(),
            facts: job.clone(),
        };
        Some(match event.heard.told.as_ref()? {
            Told::StatusUpdate { job, status } => Self::StatusUpdate(ProvisioningStatusUpdate {
                of: of(job),
                status: (*status).into(),
            }),
            Told::StatusLog { job, .. } => Self::Log(ProvisioningLogLines(of(job))),
            Told::StatusCompleted { job, .. } => Self::Completed(ProvisioningCompleted(of(job))),
            Told::StatusFailed { job, .. } => Self::Failed(ProvisioningFailed(of(job))),
            _ => return None,
        })
    }
}

/// An event, and the job it is about, as it stood then.
struct OfJob {
    event: Event,
    facts: JobFacts,
}

/// Part of every event of a job.
#[Object]
impl OfJob {
    #[graphql(flatten)]
    async fn event(&self) -> &Event {
        &self.event
    }

    /// The job's id.
    async fn job_id(&self) -> ID {
        id(self.facts.job_id)
    }

    /// Which attempt of the job it was, from 1.
    async fn attempt(&self) -> i32 {
        self.facts.attempt
    }

    /// The job as it is now; null once it is gone.
    async fn job(&self) -> Result<Option<InPlace<ProvisioningJob>>> {
        let scope = &self.event.scope;
        match provisioning::find(scope.cx(), self.facts.job_id).await {
            Ok(job) => Ok(Some(InPlace(ProvisioningJob::new(scope, job, None)))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// A job stands otherwise, or is further on.
pub struct ProvisioningStatusUpdate {
    of: OfJob,
    status: ProvisioningJobStatus,
}

/// A job stands otherwise than before, or is further on. Progress between two changes of `status` has the cursor
/// of the change before it, and is not told again.
#[Object]
impl ProvisioningStatusUpdate {
    #[graphql(flatten)]
    async fn of(&self) -> &OfJob {
        &self.of
    }

    /// Where it stood then.
    async fn status(&self) -> ProvisioningJobStatus {
        self.status
    }

    /// How far it was then, in percent.
    async fn progress(&self) -> i32 {
        self.of.facts.progress
    }

    /// What was happening then, in words.
    async fn message(&self) -> &str {
        &self.of.facts.message
    }
}

/// A job has said something.
pub struct ProvisioningLogLines(OfJob);

/// A job has said something. Lines have the cursor of the event before them, and are not told again to who comes
/// back: `ProvisioningJob.logs` has them.
#[Object]
impl ProvisioningLogLines {
    #[graphql(flatten)]
    async fn of(&self) -> &OfJob {
        &self.0
    }

    /// The lines, in their order.
    async fn lines(&self) -> Vec<InPlace<LogLine>> {
        let Some(Told::StatusLog { lines, .. }) = &self.0.event.heard.told else {
            return Vec::new();
        };
        lines
            .iter()
            .cloned()
            .map(LogLine::new)
            .map(InPlace)
            .collect()
    }
}

/// A job is done.
pub struct ProvisioningCompleted(OfJob);

/// A job is done, and was seen to be.
#[Object]
impl ProvisioningCompleted {
    #[graphql(flatten)]
    async fn of(&self) -> &OfJob {
        &self.0
    }

    /// What was said of it then, in words.
    async fn message(&self) -> &str {
        &self.0.facts.message
    }

    /// Where the tenant's site is, if it has one.
    async fn site_url(&self) -> Option<&str> {
        match &self.0.event.heard.told {
            Some(Told::StatusCompleted { site_url, .. }) => site_url.as_deref(),
            _ => None,
        }
    }

    /// What was observed, as in `ProvisioningJob.result`.
    async fn result(&self) -> Option<&serde_json::Value> {
        match &self.0.event.heard.told {
            Some(Told::StatusCompleted { result, .. }) => result.as_ref(),
            _ => None,
        }
    }
}

/// A job was given up, or called off.
pub struct ProvisioningFailed(OfJob);

/// A job was given up, or called off. The `errorClass` and `errorAdvice` of the job say what to do.
#[Object]
impl ProvisioningFailed {
    #[graphql(flatten)]
    async fn of(&self) -> &OfJob {
        &self.0
    }

    /// How far it had come, in percent.
    async fn progress(&self) -> i32 {
        self.0.facts.progress
    }

    /// Why, in words.
    async fn error(&self) -> &str {
        match &self.0.event.heard.told {
            Some(Told::StatusFailed { error, .. }) => error,
            _ => "",
        }
    }

    /// Whether somebody called it off.
    async fn cancelled(&self) -> bool {
        matches!(
            &self.0.event.heard.told,
            Some(Told::StatusFailed {
                cancelled: true,
                ..
            })
        )
    }
}
