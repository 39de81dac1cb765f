//! A tenant's site and its backups.

use entity::{backup, site};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;
use crate::domain::provisioning;

/// Where a site stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteState {
    /// Its name is taken, nothing was begun.
    Reserved,
    /// Being made, or left half-made by an attempt that failed.
    Creating,
    /// It was seen to work.
    Active,
    /// It is there and not served.
    Suspended,
    /// It is gone.
    Deleted,
}

impl From<site::SiteStatus> for SiteState {
    fn from(status: site::SiteStatus) -> Self {
        match status {
            site::SiteStatus::Reserved => Self::Reserved,
            site::SiteStatus::Creating => Self::Creating,
            site::SiteStatus::Active => Self::Active,
            site::SiteStatus::Suspended => Self::Suspended,
            site::SiteStatus::Deleted => Self::Deleted,
        }
    }
}

/// An app on a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstalledApp {
    #[schema(example = "erpnext")]
    name: String,
    #[schema(required)]
    version: Option<String>,
}

/// A company's ERPNext site.
#[derive(Debug, Serialize, ToSchema)]
pub struct Site {
    id: Uuid,
    /// Its name below the domain of sites.
    #[schema(example = "acme")]
    name: String,
    #[schema(example = "acme.example.com")]
    host: String,
    /// Its address, as reported or else as expected, once it was made.
    #[schema(required)]
    url: Option<String>,
    #[schema(inline)]
    status: SiteState,
    /// What made it.
    #[schema(required)]
    provisioner: Option<String>,
    /// Whether it only pretends to be there.
    simulated: bool,
    /// What is installed on it, as it was last observed.
    apps: Vec<InstalledApp>,
    created_at: Time,
    updated_at: Time,
}

impl From<&site::Model> for Site {
    fn from(site: &site::Model) -> Self {
        let app = |provisioning::App { name, version }| InstalledApp { name, version };
        Self {
            id: site.id.0,
            name: site.name.clone(),
            host: site.host.clone(),
            url: site.url.clone(),
            status: site.status.into(),
            provisioner: site.provisioner.clone(),
            simulated: site.simulated,
            apps: provisioning::apps(site).into_iter().map(app).collect(),
            created_at: site.created_at.into(),
            updated_at: site.updated_at.into(),
        }
    }
}

/// A backup of a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct Backup {
    id: Uuid,
    /// What it is called where it is kept.
    reference: String,
    /// How large it is, in bytes, if that is known.
    #[schema(required)]
    size_bytes: Option<i64>,
    /// The names of the files of which it consists.
    #[schema(value_type = Vec<String>)]
    files: Value,
    /// Whether it only pretends to be there.
    simulated: bool,
    /// Whether it can be put back now: the company has a site that works, the one that was backed up or the
    /// one that came after it.
    restorable: bool,
    /// The job that made it, as long as that is known.
    #[schema(required)]
    job_id: Option<Uuid>,
    created_at: Time,
}

impl Backup {
    /// A backup of a company that has this site.
    pub fn new(backup: backup::Model, site: Option<&site::Model>) -> Self {
        Self {
            restorable: provisioning::is_restorable(&backup, site),
            id: backup.id.0,
            reference: backup.reference,
            size_bytes: backup.size_bytes,
            files: backup.files,
            simulated: backup.simulated,
            job_id: backup.job_id.map(|job| job.0),
            created_at: backup.created_at.into(),
        }
    }
}
