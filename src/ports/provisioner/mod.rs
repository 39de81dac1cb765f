//! Does things to sites. A driver knows how, step by step; when, in what order, how often and what it
//! means is decided in `domain/provisioning`.
//!
//! A driver is asked for a plan once per attempt, then for each step whether its effect is there
//! (`check`), to bring it about (`perform`), what can be seen afterwards (`verify`), and, when the job is
//! called off, to take it back (`undo`). Every call may come twice, after a crash in the middle of the
//! last one, or from another process. So a driver keeps nothing between calls that it cannot find again
//! by looking, and reports nothing it has not seen.
//!
//! A call ends soon after its token is cancelled, and whatever it started ends with it, also when the
//! future is dropped, or the process is killed or stands still until its lease is over.

mod command;
mod dry_run;
mod lease;
mod output;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use entity::{
    ids::{BackupId, ProvisioningJobId, SiteId, TenantId},
    provisioning_job::{ErrorClass, JobType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::{
    command::{Executable, GUARD, guard},
    dry_run::{DryRun, Script},
    lease::{Lease, Moment},
    output::{Heard, Line, Output, Progress},
};

/// A way to do things to sites.
#[async_trait]
pub trait Provisioner: Send + Sync + 'static {
    /// Its name in results and records, e.g. `dry-run`.
    fn name(&self) -> &'static str;

    /// Whether it only pretends; people are told so wherever its results are shown.
    fn is_simulated(&self) -> bool;

    /// The steps of a job, in order; at least one.
    async fn plan(&self, call: Call<'_>) -> Result<Vec<Step>, Failure>;

    /// Looks whether the step's effect is there.
    async fn check(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure>;

    /// Brings the step's effect about.
    async fn perform(&self, step: &str, call: Call<'_>) -> Result<Facts, Failure>;

    /// Looks whether the step had its effect.
    async fn verify(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure>;

    /// Takes the step's effect back, whole or half; that there is nothing to take back is success.
    async fn undo(&self, step: &str, call: Call<'_>) -> Result<(), Failure>;
}

/// What comes with every call.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What is to be done to which site.
    pub order: &'a Order,
    /// Where to tell what happens.
    pub output: &'a Output,
    /// Cancelled when it should stop.
    pub stop: &'a CancellationToken,
    /// How long the job is the caller's. What it has started ends with it, whoever else begins then.
    pub lease: &'a Lease,
}

/// A job as a driver knows it. Its form in JSON is the protocol of the `command` driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The job; the same for every attempt.
    pub job_id: ProvisioningJobId,
    /// Which attempt, from 1. What was done in one does not count as done in the next, unless it is seen at
    /// the site: a backup that is tried again is another backup.
    pub attempt: i32,
    /// Rises whenever another worker takes over; whoever keeps records refuses lower numbers.
    pub fence: i64,
    /// What is to be done.
    pub job_type: JobType,
    /// For whom.
    pub tenant: OrderTenant,
    /// To what.
    pub site: OrderSite,
    /// Who is to own the site: the first owner of the tenant, if it has one.
    pub owner: Option<OrderOwner>,
    /// Which backup it is put back to.
    pub backup: Option<OrderBackup>,
}

/// A tenant as a driver knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTenant {
    /// The tenant.
    pub id: TenantId,
    /// The company's name; any text.
    pub name: String,
    /// `[a-z0-9]+(-[a-z0-9]+)*`.
    pub slug: String,
}

/// A site as a driver knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSite {
    /// The site.
    pub id: SiteId,
    /// Its label, `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, at most 63 characters.
    pub name: String,
    /// Its host name: the label and the domain of sites.
    pub host: String,
    /// Where it is expected to be found.
    pub url: String,
}

/// A person as a driver knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderOwner {
    /// Their address.
    pub email: String,
    /// Their name; any text.
    pub full_name: String,
}

/// A backup as a driver knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBackup {
    /// The backup.
    pub id: BackupId,
    /// What the driver called it when it was made.
    pub reference: String,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, `[a-z0-9-]`, at most 64 characters; unique in the plan.
    pub name: String,
    /// What it does, for people, e.g. "Installing the apps".
    pub title: String,
    /// How long it usually takes.
    pub usual: Duration,
    /// After how long it is stopped.
    pub limit: Duration,
    /// Whether it is undone when the job is called off, and when it is half done, before it is performed
    /// again. One that is not is performed again over what is half there.
    pub undoable: bool,
    /// Whether it changes nothing at the site: a backup, a look. When a job fails, the site is brought
    /// back to what it was only as long as nothing but such steps and undoable ones was begun. Of those that
    /// are neither, the last is to open the site again that was closed first: a site is opened by undoing,
    /// when the job is called off, where all others are done, or none.
    pub harmless: bool,
}

/// How much of a step's effect is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing.
    Absent,
    /// Some of it: something was begun and not finished.
    Partial,
    /// All of it.
    Done,
    /// Nobody can look. A step that nobody has begun may then be performed, and is believed when it
    /// says that it went well; one that was interrupted needs a person to look.
    Unknown,
}

/// What was seen when looking.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// How much is there.
    pub standing: Standing,
    /// What else was seen.
    pub facts: Facts,
}

/// What a step found out that others need to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Where the site is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<InstalledApp>,
    /// The backup that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<MadeBackup>,
    /// Whether people can use the site after this step: false where it was closed, true where it was
    /// opened, nothing where that is not what the step is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serving: Option<bool>,
    /// The site was there before anybody began.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub already_exists: bool,
    /// There was nothing to remove.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub already_absent: bool,
    /// Whatever else belongs into the job's result; at most 16 KiB, no secrets.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Facts {
    /// Nothing was found out.
    pub const NONE: Self = Self {
        url: None,
        apps: Vec::new(),
        backup: None,
        serving: None,
        already_exists: false,
        already_absent: false,
        other: BTreeMap::new(),
    };
}

/// An app on a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledApp {
    /// Its name, e.g. `erpnext`.
    pub name: String,
    /// Its version, if known.
    #[serde(default)]
    pub version: Option<String>,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBackup {
    /// By what the driver finds it again.
    pub reference: String,
    /// How large it is.
    #[serde(default)]
    pub size_bytes: Option<i64>,
    /// What it consists of.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether trying again may help.
    pub class: ErrorClass,
    /// What went wrong, for people; no secrets, at most 500 characters are kept.
    pub message: String,
    /// What to do about it, if the driver knows.
    pub advice: Option<String>,
}

impl Failure {
    /// It may go better next time.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            class: ErrorClass::Retryable,
            message: message.into(),
            advice: None,
        }
    }

    /// Something must be changed first.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self {
            class: ErrorClass::Final,
            message: message.into(),
            advice: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}
