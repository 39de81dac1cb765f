//! The workers' side of provisioning. A message says only "look"; what is done is decided here, from the
//! rows, and every write proves that the job is still in this worker's hands.
//!
//! - `claim` takes a job under the tenant's lock, by compare-and-set, with a number that rises;
//! - `run` brings it to its end: `order` says what there is to do, `plan` writes the ledger, `step` does
//!   what is in it, `setback` brings the site back when that fails, `undo` takes back what was called off,
//!   `remains` looks at what cannot be taken back, `finish` writes what came of it;
//! - `control` renews the lease and notices that the job was called off or lost;
//! - `journal` keeps what is said and how far it is, and writes it in batches;
//! - `rescue` finds what was left alone.

mod begun;
mod claim;
mod claim_store;
mod control;
mod finish;
mod finish_store;
mod hold;
mod journal;
mod journal_store;
mod ledger;
mod ledger_store;
mod lines;
mod order;
mod outcome;
mod plan;
mod progress;
mod remains;
mod rescue;
mod run;
mod setback;
mod site_store;
mod step;
mod take_back;
mod tries;
mod undo;
mod wire;

use entity::ids::ProvisioningJobId;

pub use self::rescue::stranded;
use crate::{domain::cx::Cx, error::Result, ports::queue::Slot};

/// Sees what can be done now in the tenant of this job, and does it: returns when a job was claimed, or
/// there is none to claim, and goes on in a task of its own that keeps the slot.
pub async fn wake(cx: &Cx, woken: ProvisioningJobId, mut slot: Slot) -> Result<()> {
    cx.system_access()?;
    let Some(driver) = cx.app().provisioner.clone() else {
        // It waits; whoever has a provisioner finds it.
        return Ok(());
    };
    let by = outcome::Performer {
        name: driver.name(),
        simulated: driver.is_simulated(),
    };
    if let Some(claimed) = Box::pin(claim::claim(cx, woken, by)).await? {
        if claimed.taken_over {
            cx.app().metrics.provisioning.taken_over();
        }
        slot.begin();
        let run = run::run(cx.clone(), claimed, driver, slot);
        cx.app().spawn("provisioning", Box::pin(run));
    }
    Ok(())
}

/// How much of a host's name is kept, in characters.
const HOST_MAX: usize = 100;

/// Who has claimed a job, for people: the host, and the process on it.
fn worker_name() -> String {
    let process = format!("process {}", std::process::id());
    match host() {
        Some(host) => format!("{host}, {process}"),
        None => process,
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    let system = rustix::system::uname();
    let name = lines::plain(&system.nodename().to_string_lossy());
    let name: String = name.chars().take(HOST_MAX).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}
