//! A driver in a world of its own, with what goes wrong there written as a script that all drivers
//! understand: `<verb>.<step>=<fault>`.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use entity::{
    ids::{BackupId, ProvisioningJobId, SiteId, TenantId},
    provisioning_job::JobType,
};
use erpmax::ports::{
    clock::Ids,
    provisioner::{
        Call, DryRun, Executable, Facts, Failure, Heard, Lease, Moment, Order, OrderBackup,
        OrderOwner, OrderSite, OrderTenant, Output, Provisioner, Script, Seen, Step,
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::world::{self, World};

/// A driver that is tested.
pub struct Subject {
    pub driver: Arc<dyn Provisioner>,
    /// Where that of the command driver is.
    pub world: Option<World>,
    tenant: TenantId,
    site: OrderSite,
}

/// A simulation that takes no time.
pub fn dry_run(script: &[&str]) -> Subject {
    let script = Script::parse(&script.join(",")).expect("the script can be read");
    Subject::new(Arc::new(DryRun::new(Duration::ZERO, script)), None)
}

/// The executable of the tests.
pub fn command(script: &[&str]) -> Subject {
    let world = World::new();
    world.script(script);
    let driver = executable(Path::new(world::EXECUTABLE), "WORLD", world.path().to_str());
    Subject::new(Arc::new(driver), Some(world))
}

/// An executable with one variable beside PATH.
pub fn executable(path: &Path, name: &str, value: Option<&str>) -> Executable {
    let path_variable = std::env::var_os("PATH").expect("PATH is set");
    let value = value.expect("it is text").into();
    Executable {
        path: path.to_owned(),
        environment: vec![("PATH".to_owned(), path_variable), (name.to_owned(), value)],
        grace: Duration::from_millis(200),
        guard: guard(),
    }
}

/// The program, which is the guard too.
pub fn guard() -> PathBuf {
    env!("CARGO_BIN_EXE_erpmax").into()
}

impl Subject {
    pub fn new(driver: Arc<dyn Provisioner>, world: Option<World>) -> Self {
        let site = OrderSite {
            id: SiteId(next()),
            name: "acme".to_owned(),
            host: "acme.sites.localhost".to_owned(),
            url: "http://acme.sites.localhost".to_owned(),
        };
        Self {
            driver,
            world,
            tenant: TenantId(next()),
            site,
        }
    }

    /// A job of the subject's site.
    pub fn order(&self, job_type: JobType) -> Order {
        Order {
            job_id: ProvisioningJobId(next()),
            attempt: 1,
            fence: 1,
            job_type,
            tenant: OrderTenant {
                id: self.tenant,
                name: "Acme".to_owned(),
                slug: "acme".to_owned(),
            },
            site: self.site.clone(),
            owner: Some(OrderOwner {
                email: "ann@example.com".to_owned(),
                full_name: "Ann".to_owned(),
            }),
            backup: None,
        }
    }

    /// The steps of a job.
    pub async fn plan(&self, order: &Order) -> Vec<Step> {
        let talk = Talk::new(order);
        self.driver.plan(talk.call()).await.expect("a plan")
    }

    pub async fn check(&self, order: &Order, step: &str) -> Result<Seen, Failure> {
        self.driver.check(step, Talk::new(order).call()).await
    }

    pub async fn perform(&self, order: &Order, step: &str) -> Result<Facts, Failure> {
        self.driver.perform(step, Talk::new(order).call()).await
    }

    pub async fn verify(&self, order: &Order, step: &str) -> Result<Seen, Failure> {
        self.driver.verify(step, Talk::new(order).call()).await
    }

    pub async fn undo(&self, order: &Order, step: &str) -> Result<(), Failure> {
        self.driver.undo(step, Talk::new(order).call()).await
    }

    /// Does a job from its first step to its last; all that was found out.
    pub async fn run(&self, order: &Order) -> Vec<Facts> {
        let mut facts = Vec::new();
        for Step { name, .. } in self.plan(order).await {
            facts.push(self.perform(order, &name).await.expect("it goes well"));
        }
        facts
    }
}

/// A call and who hears it.
pub struct Talk<'a> {
    pub order: &'a Order,
    pub output: Output,
    pub heard: Heard,
    pub stop: CancellationToken,
    pub lease: Lease,
}

impl<'a> Talk<'a> {
    pub fn new(order: &'a Order) -> Self {
        let (output, heard) = Output::channel(100);
        Self {
            order,
            output,
            heard,
            stop: CancellationToken::new(),
            lease: Lease::endless(),
        }
    }

    /// The same, by somebody who has the job until then, and who renews that.
    pub fn until(order: &'a Order, moment: Moment) -> (Self, watch::Sender<Moment>) {
        let (renewals, lease) = Lease::until(moment);
        let talk = Self::new(order);
        (Self { lease, ..talk }, renewals)
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            order: self.order,
            output: &self.output,
            stop: &self.stop,
            lease: &self.lease,
        }
    }

    /// Everything that was said and not heard yet.
    pub fn said(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.lines.try_recv().ok())
            .map(|line| line.text)
            .collect()
    }
}

/// A backup as an order names it.
pub fn backup(reference: &str) -> OrderBackup {
    OrderBackup {
        id: BackupId(next()),
        reference: reference.to_owned(),
    }
}

fn next() -> uuid::Uuid {
    static SEED: AtomicU64 = AtomicU64::new(0);
    Ids::seeded(SEED.fetch_add(1, Ordering::Relaxed)).next()
}
