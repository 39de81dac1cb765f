//! Who does things to sites: whether they are there, and answer when they are asked for a plan.

use std::path::Path;

use entity::{
    ids::{ProvisioningJobId, SiteId, TenantId},
    provisioning_job::JobType,
};
use tokio_util::sync::CancellationToken;

use super::{Facts, check::Check};
use crate::{
    boot,
    config::{ProvisionerKind, Provisioning},
    ports::{
        clock::Ids,
        provisioner::{
            Call, Failure, Lease, Order, OrderSite, OrderTenant, Output, Provisioner, Step,
        },
    },
};

const NAME: &str = "provisioner";

/// Asks for a plan, which changes nothing.
pub(super) async fn look(facts: &Facts) -> Check {
    for setting in [
        "PROVISIONER",
        "PROVISION_COMMAND",
        "PROVISION_COMMAND_ENV",
        "PROVISION_DRY_RUN_SCRIPT",
    ] {
        if facts.problem(setting).is_some() {
            let reason = format!("not tried: {setting} cannot be used");
            return Check::failed(NAME, reason, "see configuration above");
        }
    }
    let settings = &facts.config.provisioning;
    match settings.provisioner {
        ProvisionerKind::Off => Check::off(NAME, "jobs wait: PROVISIONER chooses who does them"),
        ProvisionerKind::DryRun => Check::ok(
            NAME,
            "dry-run: jobs are simulated, nothing real is made; every result says so",
        ),
        ProvisionerKind::Command => command(settings).await,
    }
}

async fn command(settings: &Provisioning) -> Check {
    let path = settings.command.as_deref().unwrap_or(Path::new(""));
    let shown = path.display();
    let verbs = verbs(path);
    if let Err((reason, advice)) = verbs {
        return Check::failed(NAME, reason, advice);
    }
    let (present, missing): (Vec<_>, Vec<_>) = verbs.into_iter().flatten().partition(|it| it.1);
    let Some((job_type, _)) = present.first() else {
        let reason = format!("{shown} has no executable for any type of jobs");
        return Check::failed(NAME, reason, "put one there: create, update, delete, …");
    };
    let driver = match boot::provisioner(settings) {
        Ok(Some(driver)) => driver,
        Ok(None) => return Check::off(NAME, "nobody is chosen"),
        Err(error) => return Check::failed(NAME, error.to_string(), "see the log"),
    };
    let steps = match plan(driver.as_ref(), *job_type, &settings.site_domain).await {
        Ok(steps) => steps.len(),
        Err(Failure {
            message, advice, ..
        }) => {
            let reason = format!("{shown} does not answer with a plan: {message}");
            let advice = advice.unwrap_or_else(|| "run it by hand: `<executable> plan`".to_owned());
            return Check::failed(NAME, reason, advice);
        }
    };
    let verb = job_type.verb();
    let answered = format!("{shown} answers; to {verb} a site takes {steps} steps");
    let unset: Vec<_> = settings.missing_environment().collect();
    if !unset.is_empty() {
        let reason = format!("{answered}; not set: {}", unset.join(", "));
        let advice = "set what PROVISION_COMMAND_ENV names, or leave it out there";
        return Check::warning(NAME, reason, advice);
    }
    if !missing.is_empty() {
        let missing: Vec<_> = missing
            .iter()
            .map(|(job_type, _)| job_type.verb())
            .collect();
        let reason = format!("{answered}; there is none to {}", missing.join(", "));
        return Check::warning(NAME, reason, "jobs of these types will fail");
    }
    Check::ok(NAME, answered)
}

type Refused = (String, String);

/// For which types of jobs there is an executable.
fn verbs(path: &Path) -> Result<Vec<(JobType, bool)>, Refused> {
    let advice = || "put the executable there, or change PROVISION_COMMAND".to_owned();
    let shown = path.display();
    if !path.exists() {
        return Err((format!("{shown} does not exist"), advice()));
    }
    let mut verbs = Vec::new();
    for &job_type in JobType::ALL {
        let file = if path.is_dir() {
            path.join(job_type.verb())
        } else {
            path.to_owned()
        };
        if file.is_file() && !is_executable(&file) {
            let file = file.display();
            let advice = format!("`chmod +x {file}`");
            return Err((format!("{file} may not be executed"), advice));
        }
        verbs.push((job_type, file.is_file()));
    }
    Ok(verbs)
}

/// Asks for the plan of a job that will never be.
async fn plan(
    driver: &dyn Provisioner,
    job_type: JobType,
    domain: &str,
) -> Result<Vec<Step>, Failure> {
    let ids = Ids::system();
    let host = format!("doctor.{domain}");
    let order = Order {
        job_id: ProvisioningJobId(ids.next()),
        attempt: 1,
        fence: 1,
        job_type,
        tenant: OrderTenant {
            id: TenantId(ids.next()),
            name: "Doctor".to_owned(),
            slug: "doctor".to_owned(),
        },
        site: OrderSite {
            id: SiteId(ids.next()),
            name: "doctor".to_owned(),
            url: format!("http://{host}"),
            host,
        },
        owner: None,
        backup: None,
    };
    let (output, _heard) = Output::channel(1);
    let call = Call {
        order: &order,
        output: &output,
        stop: &CancellationToken::new(),
        lease: &Lease::endless(),
    };
    driver.plan(call).await
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}
