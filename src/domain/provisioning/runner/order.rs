//! A job as the driver is told of it, and what speaks against beginning at all.

use entity::{
    provisioning_job::JobType,
    site::{self, SiteStatus},
};

use super::{hold::Claimed, outcome::Performer, site_store as store};
use crate::{
    domain::{
        cx::Cx,
        provisioning::{Parameters, sites::works},
    },
    error::Result,
    ports::provisioner::{Failure, Order, OrderBackup, OrderOwner, OrderSite, OrderTenant},
};

/// What is to be done about a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// The steps of this order.
    Steps(Box<Order>),
    /// To see that the site of this order is there, as we believe.
    See(Box<Order>),
    /// Nothing: the site that is to be made was simulated, and so is there.
    Exists,
    /// Nothing: there is no site to remove.
    Absent,
    /// Nothing can be done.
    Refuse(Failure),
}

/// What is to be done, now that it is the job's turn.
pub(super) async fn task(cx: &Cx, claimed: &Claimed, by: Performer) -> Result<Task> {
    let job_type = claimed.job.job_type;
    let site = match (job_type, &claimed.site) {
        (JobType::Delete, None) => return Ok(Task::Absent),
        (JobType::Delete, Some(site)) if site.status == SiteStatus::Reserved => {
            return Ok(Task::Absent);
        }
        (JobType::Create, None) => return Ok(Task::Refuse(name_gone())),
        (JobType::Create | JobType::Delete, Some(site)) => site,
        (
            JobType::Update
            | JobType::Backup
            | JobType::Restore
            | JobType::Suspend
            | JobType::Resume,
            site,
        ) => match site.as_ref().filter(|site| works(site)) {
            Some(site) => site,
            None => return Ok(Task::Refuse(no_site(job_type))),
        },
    };
    if let Some(refusal) = other_world(job_type, site, by) {
        return Ok(Task::Refuse(refusal));
    }
    if job_type == JobType::Create && works(site) && site.simulated {
        return Ok(Task::Exists);
    }
    let order = match compose(cx, claimed, site).await? {
        Ok(order) => Box::new(order),
        Err(refusal) => return Ok(Task::Refuse(refusal)),
    };
    if job_type == JobType::Create && works(site) {
        return Ok(Task::See(order));
    }
    Ok(Task::Steps(order))
}

/// The order, as it is also undone by.
pub(super) async fn compose(
    cx: &Cx,
    claimed: &Claimed,
    site: &site::Model,
) -> Result<Result<Order, Failure>> {
    let job = &claimed.job;
    let hold = claimed.hold();
    let owner = store::owner(cx.db(), hold).await?;
    let backup = if job.job_type == JobType::Restore {
        let id = Parameters::of(job).backup_id;
        let known = match id {
            Some(id) => store::backup(cx.db(), hold, id).await?,
            None => None,
        };
        match known {
            Some(backup) if backup.simulated == site.simulated => Some(OrderBackup {
                id: backup.id,
                reference: backup.reference,
            }),
            Some(backup) => return Ok(Err(backup_of_other_world(backup.simulated))),
            None => return Ok(Err(no_backup())),
        }
    } else {
        None
    };
    let owner = owner.map(|user| OrderOwner {
        email: user.email,
        full_name: user.full_name,
    });
    Ok(Ok(Order {
        owner,
        backup,
        ..bare(cx, claimed, site)
    }))
}

/// The order with no more than the job, the tenant and the site.
pub(super) fn bare(cx: &Cx, claimed: &Claimed, site: &site::Model) -> Order {
    let Claimed { job, tenant, .. } = claimed;
    let scheme = cx.app().config.server.public_url.scheme();
    let expected = || format!("{scheme}://{}", site.host);
    Order {
        job_id: job.id,
        attempt: job.attempt,
        fence: job.fence,
        job_type: job.job_type,
        tenant: OrderTenant {
            id: tenant.id,
            name: tenant.name.clone(),
            slug: tenant.slug.clone(),
        },
        site: OrderSite {
            id: site.id,
            name: site.name.clone(),
            host: site.host.clone(),
            url: site.url.clone().unwrap_or_else(expected),
        },
        owner: None,
        backup: None,
    }
}

/// A simulation must not say of a real site that it did something to it, nor a real provisioner look for
/// a site that was only simulated.
pub(super) fn other_world(job_type: JobType, site: &site::Model, by: Performer) -> Option<Failure> {
    let made_by = site.provisioner.as_deref()?;
    match (site.simulated, by.simulated) {
        (false, true) => {
            let why = format!(
                "The site was made by the provisioner `{made_by}`; this server only simulates."
            );
            Some(Failure::lasting(why).advice(
                "The operator has to choose the provisioner again that made it (PROVISIONER).",
            ))
        }
        (true, false) if works(site) && job_type != JobType::Delete => {
            let why = format!("The site was only simulated by `{made_by}`; there is no real one.");
            Some(Failure::lasting(why).advice("Remove it, then have it made anew."))
        }
        _ => None,
    }
}

fn no_site(job_type: JobType) -> Failure {
    let verb = job_type.verb();
    Failure::lasting(format!("There is no site to {verb}."))
        .advice("Have a site made first (CREATE_INSTANCE); a job that makes one may have failed.")
}

fn no_backup() -> Failure {
    Failure::lasting("The backup that was to be put back is not known any more.")
        .advice("Choose another backup.")
}

fn backup_of_other_world(simulated: bool) -> Failure {
    let why = if simulated {
        "The backup was only simulated; there is nothing to put back."
    } else {
        "The backup is a real one, and the site is only simulated."
    };
    Failure::lasting(why).advice("Choose another backup.")
}

fn name_gone() -> Failure {
    Failure::lasting("The name that was asked for is not free.")
        .advice("Ask for a site with another name.")
}
