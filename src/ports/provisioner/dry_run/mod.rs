//! Only pretends: takes time, says what it would do, fails as the script says, and remembers what it
//! pretended in a [`world`] that lives as long as the process.

mod plan;
mod script;
mod world;

use std::time::Duration;

use async_trait::async_trait;
use entity::provisioning_log_line::LogLevel;
use tokio::time::sleep;

pub use self::script::Script;
use self::{
    script::{Action, Fault},
    world::World,
};
use super::{Call, Facts, Failure, InstalledApp, MadeBackup, Provisioner, Seen, Standing, Step};

/// In how many parts a step is done, each with a word about progress.
const PARTS: u32 = 10;

/// The simulation. Clones share a world.
#[derive(Clone, Default)]
pub struct DryRun {
    total: Duration,
    script: Script,
    world: World,
}

impl DryRun {
    /// A simulation in which a whole job takes `total`, if nothing goes wrong.
    pub fn new(total: Duration, script: Script) -> Self {
        Self {
            total,
            script,
            world: World::default(),
        }
    }

    /// Lets happen what the script has for a call that only looks or takes back.
    async fn befall(&self, action: Action, step: &str, call: Call<'_>) -> Result<(), Failure> {
        match self.script.fault(call.order, action, step) {
            Some(Fault::Fail(tries)) if self.world.tried(call.order, action, step) < tries => {
                Err(failed())
            }
            Some(Fault::Refuse) => Err(refused()),
            Some(Fault::Slow(time)) => pass(time, call).await,
            Some(Fault::Hang) => hang(call).await,
            _ => Ok(()),
        }
    }

    fn look(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        let (standing, before) = self.world.look(call.order, step)?;
        let mut facts = match standing {
            Standing::Done if !before => facts(step, call),
            _ => Facts::default(),
        };
        match call.order.job_type.verb() {
            "create" => facts.already_exists = before,
            "delete" => facts.already_absent = before,
            _ => {}
        }
        Ok(Seen { standing, facts })
    }

    /// Takes the time of a step, and says how far it is.
    async fn work(&self, step: &str, time: Duration, call: Call<'_>) -> Result<(), Failure> {
        self.world.begin(call.order, step);
        for part in 1..=PARTS {
            pass(time / PARTS, call).await?;
            let percent = u8::try_from(part * 100 / PARTS).unwrap_or(100);
            call.output.progress(percent, None);
        }
        Ok(())
    }
}

#[async_trait]
impl Provisioner for DryRun {
    fn name(&self) -> &'static str {
        "dry-run"
    }

    fn is_simulated(&self) -> bool {
        true
    }

    async fn plan(&self, call: Call<'_>) -> Result<Vec<Step>, Failure> {
        Ok(plan::steps(call.order.job_type, self.total))
    }

    async fn check(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        self.befall(Action::Check, step, call).await?;
        self.look(step, call)
    }

    async fn perform(&self, step: &str, call: Call<'_>) -> Result<Facts, Failure> {
        let order = call.order;
        let Some(title) = plan::title(order.job_type, step) else {
            let verb = order.job_type.verb();
            return Err(Failure::lasting(format!("{verb} has no step {step}")));
        };
        self.world.permits(order, step)?;
        if self.world.look(order, step)?.0 == Standing::Done {
            say(call, format_args!("{step} is done already"));
            return Ok(facts(step, call));
        }
        let host = &order.site.host;
        say(call, format_args!("{title}: {host}; nothing real happens"));
        let fault = self.script.fault(order, Action::Perform, step);
        let before = self.world.tried(order, Action::Perform, step);
        let mut time = plan::share(order.job_type, step, self.total);
        match fault {
            Some(Fault::Fail(tries)) if before < tries => return Err(failed()),
            Some(Fault::Half(tries)) if before < tries => {
                self.world.begin(order, step);
                call.output.progress(50, None);
                return Err(Failure::retryable(
                    "[dry-run] it stopped half way, as the script says",
                ));
            }
            Some(Fault::Refuse) => return Err(refused()),
            Some(Fault::Hang) => {
                self.world.begin(order, step);
                return hang(call).await.map(|()| Facts::default());
            }
            Some(Fault::Lie) => return Ok(facts(step, call)),
            Some(Fault::Slow(slow)) => time = slow,
            Some(Fault::Flood(lines)) => flood(lines, call).await?,
            Some(Fault::Fail(_) | Fault::Half(_) | Fault::Lose(_)) | None => {}
        }
        self.work(step, time, call).await?;
        self.world.finish(order, step);
        if matches!(fault, Some(Fault::Lose(tries)) if before < tries) {
            return Err(Failure::retryable(
                "[dry-run] the answer was lost, as the script says",
            ));
        }
        Ok(facts(step, call))
    }

    async fn verify(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        self.befall(Action::Verify, step, call).await?;
        self.look(step, call)
    }

    async fn undo(&self, step: &str, call: Call<'_>) -> Result<(), Failure> {
        self.befall(Action::Undo, step, call).await?;
        if self.world.undo(call.order, step) {
            say(call, format_args!("{step} is taken back"));
        } else {
            say(
                call,
                format_args!("of {step} there is nothing to take back"),
            );
        }
        Ok(())
    }
}

/// What a step finds out.
fn facts(step: &str, call: Call<'_>) -> Facts {
    let app = |name: &str| InstalledApp {
        name: name.to_owned(),
        version: None,
    };
    let mut facts = Facts::default();
    match step {
        "new-site" => facts.apps = vec![app("frappe")],
        "install-apps" | "migrate" => facts.apps = vec![app("frappe"), app("erpnext")],
        "backup" => {
            facts.backup = Some(MadeBackup {
                reference: world::reference(call.order),
                size_bytes: None,
                files: Vec::new(),
            });
        }
        "maintenance-on" => facts.serving = Some(false),
        "maintenance-off" => facts.serving = Some(true),
        "health-check" => facts.url = Some(call.order.site.url.clone()),
        _ => {}
    }
    facts
}

fn say(call: Call<'_>, text: std::fmt::Arguments<'_>) {
    call.output.info(format!("[dry-run] {text}"));
}

fn failed() -> Failure {
    Failure::retryable("[dry-run] it failed for a reason that may pass, as the script says")
}

fn refused() -> Failure {
    Failure::lasting("[dry-run] it failed for a reason that stays, as the script says")
        .advice("Change PROVISION_DRY_RUN_SCRIPT.")
}

/// Waits, unless it is to stop.
async fn pass(time: Duration, call: Call<'_>) -> Result<(), Failure> {
    let stopped = || Failure::retryable("[dry-run] it was stopped");
    if time.is_zero() {
        return if call.stop.is_cancelled() {
            Err(stopped())
        } else {
            Ok(())
        };
    }
    tokio::select! {
        () = sleep(time) => Ok(()),
        () = call.stop.cancelled() => Err(stopped()),
    }
}

async fn hang(call: Call<'_>) -> Result<(), Failure> {
    say(call, format_args!("it hangs, as the script says"));
    call.stop.cancelled().await;
    Err(Failure::retryable("[dry-run] it was stopped"))
}

/// Says many lines, and lets others work in between.
async fn flood(lines: u64, call: Call<'_>) -> Result<(), Failure> {
    for number in 1..=lines {
        let text = format!("[dry-run] line {number} of {lines}, as the script says");
        call.output.line(LogLevel::Info, text);
        if number % 1000 == 0 {
            pass(Duration::ZERO, call).await?;
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
