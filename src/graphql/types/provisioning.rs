//! What is done to a tenant's site: jobs, their steps and logs.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};
use entity::{
    provisioning_job::{self, JobStatus},
    provisioning_log_line, provisioning_step,
};

use super::{
    connection::Connection,
    id,
    scalars::{DateTime, Long},
    tenant::Tenant,
    user::User,
};
use crate::{
    domain::{
        provisioning::{self, LogWindow},
        tenants,
    },
    graphql::{context::Scope, error::Result, in_place::InPlace},
};

/// What is to be done to a site.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "provisioning_job::JobType")]
pub enum ProvisioningJobType {
    /// Make the site. Where there is one already, the job completes and its result says so.
    #[graphql(name = "CREATE_INSTANCE")]
    Create,
    /// Bring the site to the current release.
    #[graphql(name = "UPDATE_INSTANCE")]
    Update,
    /// Remove the site. Its name is free again afterwards.
    #[graphql(name = "DELETE_INSTANCE")]
    Delete,
    /// Back the site up.
    #[graphql(name = "BACKUP_INSTANCE")]
    Backup,
    /// Put the site back to a backup.
    #[graphql(name = "RESTORE_INSTANCE")]
    Restore,
    /// Stop serving the site.
    #[graphql(name = "SUSPEND_INSTANCE")]
    Suspend,
    /// Serve the site again.
    #[graphql(name = "RESUME_INSTANCE")]
    Resume,
}

/// Where a job stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "provisioning_job::JobStatus")]
pub enum ProvisioningJobStatus {
    /// Waits its turn: a tenant's jobs run one at a time, in the order in which they were asked for.
    Pending,
    /// Being worked on.
    InProgress,
    /// Done, and seen to be.
    Completed,
    /// Given up: see `error`, `errorClass` and `errorAdvice`.
    Failed,
    /// Called off by a person.
    Cancelled,
}

/// Whether it may help to try again.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "provisioning_job::ErrorClass")]
pub enum ProvisioningErrorClass {
    /// It may go better next time: offer `retryProvisioningJob`.
    Retryable,
    /// Something must be changed first.
    Final,
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "provisioning_step::StepStatus")]
pub enum ProvisioningStepStatus {
    /// Not begun.
    Pending,
    /// Being done.
    Running,
    /// Its effect was observed.
    Completed,
    /// Given up.
    Failed,
    /// Being taken back, after the job was cancelled or a later step has failed.
    Undoing,
    /// Nothing of it is there: it was taken back, or stopped before it had an effect.
    Undone,
}

/// How much a log line matters.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "provisioning_log_line::LogLevel")]
pub enum LogLevel {
    /// What happens.
    Info,
    /// What may be wrong.
    Warning,
    /// What went wrong.
    Error,
}

/// Something that is done to a site.
#[derive(Clone)]
pub struct ProvisioningJob {
    scope: Scope,
    model: Arc<provisioning_job::Model>,
    tenant: Option<Tenant>,
}

impl ProvisioningJob {
    /// Wraps a row; the tenant is loaded when it is asked for, unless it is known.
    pub fn new(
        scope: &Scope,
        model: impl Into<Arc<provisioning_job::Model>>,
        tenant: Option<Tenant>,
    ) -> Self {
        let model = model.into();
        scope.announce_job(&model);
        Self {
            scope: scope.clone(),
            model,
            tenant,
        }
    }

    /// When the job will probably be done, and how many seconds that are from now.
    async fn estimate(&self) -> Result<Option<(entity::Timestamp, u64)>> {
        if self.model.status != JobStatus::InProgress {
            return Ok(None);
        }
        let steps = self.scope.steps(self.model.id).await?;
        let now = self.scope.cx().now();
        let left = provisioning::time_left(&steps, now);
        Ok(left.map(|left| {
            (
                now + left,
                left.as_secs() + u64::from(left.subsec_nanos() > 0),
            )
        }))
    }
}

/// Something that is done to a tenant's site. Ask again, or listen, while `status` is `PENDING` or
/// `IN_PROGRESS`.
#[Object]
impl ProvisioningJob {
    /// The job's id; it stays the same when the job is retried.
    async fn id(&self) -> ID {
        id(self.model.id)
    }

    /// What is done.
    #[graphql(name = "type")]
    async fn job_type(&self) -> ProvisioningJobType {
        self.model.job_type.into()
    }

    /// Where it stands.
    async fn status(&self) -> ProvisioningJobStatus {
        self.model.status.into()
    }

    /// How far it is, in percent; never falls within one attempt.
    async fn progress(&self) -> i32 {
        self.model.progress
    }

    /// What is happening, in words.
    async fn message(&self) -> &str {
        &self.model.message
    }

    /// Why it failed, or that it was cancelled.
    async fn error(&self) -> Option<&str> {
        self.model.error.as_deref()
    }

    /// Whether trying again may help; null unless it failed.
    async fn error_class(&self) -> Option<ProvisioningErrorClass> {
        self.model.error_class.map(Into::into)
    }

    /// What to do about the failure, in words; also how a job that was cancelled has left the site, where
    /// people have to do something about that.
    async fn error_advice(&self) -> Option<&str> {
        self.model.error_advice.as_deref()
    }

    /// What was observed when it completed, e.g. the site's address, or that there was one already
    /// (`already_exists`). `simulated` says that nothing was really done, `site.url_observed` whether a
    /// step has reported the site's address; otherwise `site.url` is where it was found before, or else
    /// where it is expected.
    async fn result(&self) -> Option<&serde_json::Value> {
        self.model.result.as_ref()
    }

    /// Which attempt this is, from 1.
    async fn attempt(&self) -> i32 {
        self.model.attempt
    }

    /// The steps of the present attempt, in their order; none before a worker has planned them.
    async fn steps(&self) -> Result<Vec<InPlace<ProvisioningStep>>> {
        let steps = self.scope.steps(self.model.id).await?;
        Ok(steps
            .iter()
            .map(|step| InPlace(ProvisioningStep(step.clone())))
            .collect())
    }

    /// What was said while it was worked on, in all attempts, oldest first. To follow a running job,
    /// pass the last `endCursor` as `after`; keep the one you have while a page is empty. A long log
    /// loses its oldest lines.
    #[expect(
        clippy::too_many_arguments,
        reason = "four of them are what every connection takes"
    )]
    async fn logs(
        &self,
        #[graphql(desc = "So many from the start; 20 unless said otherwise, at most 100.")]
        first: Option<i64>,
        #[graphql(desc = "Only behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; not together with `first`.")] last: Option<i64>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<InPlace<Connection<LogLine>>> {
        let window = LogWindow::new(first, after.as_deref(), last, before.as_deref())?;
        let (scope, job) = (self.scope.clone(), self.model.id);
        let log = Box::pin(scope.log_page(job, &window)).await?;
        Ok(InPlace(Connection::new(log, LogLine, move || {
            let scope = scope.clone();
            async move { scope.log_count(job).await }
        })))
    }

    /// When it was first asked for.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// Since when the present attempt waits or waited; a tenant's jobs run in this order.
    async fn queued_at(&self) -> DateTime {
        self.model.queued_at.into()
    }

    /// When the present attempt began.
    async fn started_at(&self) -> Option<DateTime> {
        self.model.started_at.map(DateTime)
    }

    /// When the present attempt ended.
    async fn completed_at(&self) -> Option<DateTime> {
        self.model.completed_at.map(DateTime)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.model.updated_at.into()
    }

    /// How many seconds it will probably still take, from what its steps usually take; null unless it
    /// is being worked on.
    async fn estimated_seconds_left(&self) -> Result<Option<u64>> {
        Ok(self.estimate().await?.map(|(_, seconds)| seconds))
    }

    /// When it will probably be done; null unless it is being worked on.
    async fn estimated_completion_at(&self) -> Result<Option<DateTime>> {
        Ok(self.estimate().await?.map(|(at, _)| DateTime(at)))
    }

    /// Whose site it is.
    async fn tenant(&self) -> Result<InPlace<Tenant>> {
        if let Some(tenant) = &self.tenant {
            return Ok(InPlace(tenant.clone()));
        }
        let place = tenants::get(self.scope.cx(), self.model.tenant_id).await?;
        Ok(InPlace(Tenant::of_viewer(&self.scope, place)))
    }

    /// The id of the person who asked for it, as long as that account exists; null where the system
    /// did.
    async fn requested_by_id(&self) -> Option<ID> {
        self.model.requested_by.map(id)
    }

    /// The person who asked for it: yourself, or somebody who is still in the tenant if you may see
    /// its members; else null.
    async fn requested_by(&self) -> Result<Option<InPlace<User>>> {
        let Some(person) = self.model.requested_by else {
            return Ok(None);
        };
        let found = self.scope.requester(self.model.tenant_id, person).await?;
        Ok(found.map(|user| InPlace(User::new(self.scope.clone(), user))))
    }
}

/// A step of a job's present attempt.
pub struct ProvisioningStep(provisioning_step::Model);

/// A step of a job's present attempt.
#[Object]
impl ProvisioningStep {
    /// The step's name in the driver's plan, e.g. `new-site`; unique within the job.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it does, for people.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Where it stands.
    async fn status(&self) -> ProvisioningStepStatus {
        self.0.status.into()
    }

    /// How far it is by itself, in percent.
    async fn progress(&self) -> i32 {
        self.0.progress
    }

    /// Whether its effect was there already, so that nothing was done.
    async fn found(&self) -> bool {
        self.0.found
    }

    /// How often it was begun.
    async fn tries(&self) -> i32 {
        self.0.tries
    }

    /// How many milliseconds it usually takes: its share of the job's progress.
    async fn usual_milliseconds(&self) -> Long {
        Long(self.0.weight_ms)
    }

    /// When it first began.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// Why it failed last.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

/// A line of a job's log.
pub struct LogLine(provisioning_log_line::Model);

impl LogLine {
    /// Wraps a row.
    pub fn new(model: provisioning_log_line::Model) -> Self {
        Self(model)
    }
}

/// A line of a job's log.
#[Object]
impl LogLine {
    /// Its number in the job's log; rises, and skips those of lines that were dropped.
    async fn seq(&self) -> Long {
        Long(self.0.seq)
    }

    /// In which attempt it was said.
    async fn attempt(&self) -> i32 {
        self.0.attempt
    }

    /// The name of the step in which it was said.
    async fn step(&self) -> Option<&str> {
        self.0.step.as_deref()
    }

    /// How much it matters.
    async fn level(&self) -> LogLevel {
        self.0.level.into()
    }

    /// The line. Show it as text, never as markup: others wrote it.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// When it was heard.
    async fn at(&self) -> DateTime {
        self.0.at.into()
    }
}
