//! A driver whose world is in the test's hands: it counts what it does, fails as it is told, and waits
//! at points that the test names. Replicas share it, as workers share the real world.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use entity::provisioning_job::JobType;
use erpmax::{
    config::Config,
    ports::provisioner::{
        Call, Facts, Failure, InstalledApp, MadeBackup, Provisioner, Seen, Standing, Step,
    },
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::TestApp;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The world and what happened in it. Cloning it copies a handle.
#[derive(Clone, Default)]
pub struct Stage(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    /// What is there, by host, or by job where it is not about the site itself.
    things: BTreeMap<String, Standing>,
    /// What was really done, in order.
    effects: Vec<String>,
    faults: HashMap<String, Vec<Fault>>,
    gates: HashMap<String, Gate>,
    blind: bool,
    said: Vec<String>,
    plans: HashMap<JobType, Vec<Step>>,
}

/// What happens to a call instead of what should.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It fails, for a reason that may pass.
    Fail,
    /// It fails, for a reason that stays.
    Refuse,
    /// It begins, and fails.
    Half,
    /// It is done, and the answer is lost.
    Lose,
    /// It panics.
    Panic,
    /// It says that it is done.
    Lie,
    /// It never ends, and does not stop when it is told to.
    Hang,
    /// It says these lines first.
    Say(Vec<String>),
    /// It says so many lines as fast as it can.
    Flood(u32),
    /// Whoever looks sees this.
    Find(Box<Facts>),
}

/// A point at which a call waits.
#[derive(Clone)]
pub struct Gate {
    reached: watch::Sender<u32>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// Waits until somebody waits here.
    pub async fn reached(&self) {
        let mut reached = self.reached.subscribe();
        let there = timeout(PATIENCE, reached.wait_for(|count| *count > 0));
        there
            .await
            .expect("it comes there in time")
            .expect("it lives");
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl TestApp {
    /// With a stage for work on sites.
    pub async fn staged() -> (Self, Stage) {
        Self::staged_with(|_| {}).await
    }

    /// The same, with changed settings.
    pub async fn staged_with(change: impl FnOnce(&mut Config)) -> (Self, Stage) {
        let stage = Stage::default();
        let app = Self::provisioned(change, Some(Arc::new(stage.clone()))).await;
        (app, stage)
    }
}

impl Stage {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// What was really done, e.g. `create.make`; `-create.make` was taken back.
    pub fn effects(&self) -> Vec<String> {
        self.world().effects.clone()
    }

    /// What drivers were asked, in order, e.g. `check create.make`.
    pub fn said(&self) -> Vec<String> {
        self.world().said.clone()
    }

    /// What is there and was not taken back.
    pub fn things(&self) -> Vec<String> {
        let world = self.world();
        let there = world.things.iter();
        there
            .map(|(name, standing)| format!("{name} {standing:?}"))
            .collect()
    }

    /// Puts something there that nobody of ours has made.
    pub fn put(&self, thing: &str, standing: Standing) {
        self.world().things.insert(thing.to_owned(), standing);
    }

    /// Loses everything.
    pub fn lose_everything(&self) {
        self.world().things.clear();
    }

    /// From now on nobody can look.
    pub fn blind(&self) {
        self.world().blind = true;
    }

    /// Plans these steps for jobs of a type.
    pub fn plan(&self, job_type: JobType, steps: Vec<Step>) {
        self.world().plans.insert(job_type, steps);
    }

    /// Lets calls go wrong, one after the other, e.g. `perform create.make`.
    pub fn fault(&self, call: &str, faults: impl IntoIterator<Item = Fault>) {
        let mut faults: Vec<_> = faults.into_iter().collect();
        faults.reverse();
        self.world().faults.insert(call.to_owned(), faults);
    }

    /// Lets calls wait at a point: `before`, `in` or `after` what a call does, e.g.
    /// `in perform create.make`.
    pub fn gate(&self, point: &str) -> Gate {
        let gate = Gate {
            reached: watch::Sender::new(0),
            open: watch::Sender::new(false),
        };
        self.world().gates.insert(point.to_owned(), gate.clone());
        gate
    }

    /// Waits where the test says so, unless it is to stop.
    async fn pass(&self, place: &str, named: &str, call: Call<'_>) -> Result<(), Failure> {
        let gate = self.world().gates.get(&format!("{place} {named}")).cloned();
        let Some(gate) = gate else {
            return Ok(());
        };
        gate.reached.send_modify(|count| *count += 1);
        let mut open = gate.open.subscribe();
        tokio::select! {
            _ = open.wait_for(|open| *open) => Ok(()),
            () = call.stop.cancelled() => Err(Failure::retryable("it was stopped")),
        }
    }

    async fn befall(&self, named: &str, call: Call<'_>) -> Result<Option<Fault>, Failure> {
        let fault = self.world().faults.get_mut(named).and_then(Vec::pop);
        match &fault {
            Some(Fault::Fail) => return Err(Failure::retryable("the weather is bad")),
            Some(Fault::Refuse) => {
                return Err(Failure::lasting("the ground is too soft").advice("Build elsewhere."));
            }
            Some(Fault::Panic) => panic!("the stage breaks down"),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Say(lines)) => lines.iter().for_each(|line| call.output.info(line)),
            Some(Fault::Flood(lines)) => {
                for line in 0..*lines {
                    call.output.info(format!("line {line}"));
                    if line % 100 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            Some(Fault::Half | Fault::Lose | Fault::Lie | Fault::Find(_)) | None => {}
        }
        Ok(fault)
    }

    /// The name of a call, and of the thing it is about.
    fn name(&self, asked: &str, step: &str, call: Call<'_>) -> (String, String) {
        let verb = call.order.job_type.verb();
        let named = format!("{asked} {verb}.{step}");
        self.world().said.push(named.clone());
        let order = call.order;
        let owner = match order.job_type {
            JobType::Create => order.site.host.clone(),
            _ => format!("{}/{}", order.job_id, order.attempt),
        };
        (named, format!("{owner} {step}"))
    }

    async fn look(&self, asked: &str, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        let (named, thing) = self.name(asked, step, call);
        self.pass("before", &named, call).await?;
        let fault = self.befall(&named, call).await?;
        let world = self.world();
        let standing = world.things.get(&thing).copied();
        let standing = standing.unwrap_or(Standing::Absent);
        let exists = standing == Standing::Done && asked == "check" && step == "make";
        let told = match (fault, standing, step) {
            (Some(Fault::Find(found)), ..) => *found,
            // What it is called is seen where it lies.
            (_, Standing::Done, "save") => facts(step, call),
            _ => Facts::default(),
        };
        let facts = Facts {
            already_exists: exists,
            ..told
        };
        Ok(Seen {
            standing: if world.blind {
                Standing::Unknown
            } else {
                standing
            },
            facts,
        })
    }
}

/// The steps of each type: name, title, usual milliseconds, undoable.
fn steps(job_type: JobType) -> Vec<Step> {
    let steps: &[(&str, &str, u64, bool)] = match job_type {
        JobType::Create => &[
            ("name", "Taking the name", 100, true),
            ("make", "Making the site", 600, true),
            ("look", "Looking at it", 300, false),
        ],
        JobType::Update => &[
            ("close", "Closing the site", 100, true),
            ("migrate", "Bringing it up to date", 800, false),
            ("open", "Opening the site", 100, false),
        ],
        JobType::Delete => &[("drop", "Removing the site", 100, false)],
        JobType::Backup => &[("save", "Backing it up", 100, false)],
        JobType::Restore => &[("load", "Putting it back", 100, false)],
        JobType::Suspend => &[("close", "Closing the site", 100, false)],
        JobType::Resume => &[("open", "Opening the site", 100, false)],
    };
    let steps = steps.iter();
    steps
        .map(|(name, title, usual, undoable)| Step {
            usual: Duration::from_millis(*usual),
            ..step(name, title, *undoable)
        })
        .collect()
}

/// A step of a plan; a look and a backup change nothing.
pub fn step(name: &str, title: &str, undoable: bool) -> Step {
    Step {
        name: name.to_owned(),
        title: title.to_owned(),
        usual: Duration::from_millis(100),
        limit: Duration::from_mins(1),
        undoable,
        harmless: matches!(name, "look" | "save"),
    }
}

/// What a step finds out.
fn facts(step: &str, call: Call<'_>) -> Facts {
    let mut facts = Facts::default();
    match step {
        "look" => facts.url = Some(format!("https://{}", call.order.site.host)),
        "make" | "migrate" => {
            let (name, version) = ("erpnext".to_owned(), Some("15.41.0".to_owned()));
            facts.apps = vec![InstalledApp { name, version }];
        }
        "save" => {
            facts.backup = Some(MadeBackup {
                reference: format!("shelf/{}", call.order.attempt),
                size_bytes: Some(4096),
                files: vec!["database.sql.gz".to_owned()],
            });
        }
        "load" => {
            let backup = call.order.backup.as_ref();
            let from = backup.map(|backup| backup.reference.clone().into());
            facts
                .other
                .extend(from.map(|from| ("from".to_owned(), from)));
        }
        "close" => facts.serving = Some(false),
        "open" => facts.serving = Some(true),
        _ => {}
    }
    facts
}

#[async_trait]
impl Provisioner for Stage {
    fn name(&self) -> &'static str {
        "stage"
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn plan(&self, call: Call<'_>) -> Result<Vec<Step>, Failure> {
        let named = format!("plan {}", call.order.job_type.verb());
        self.world().said.push(named.clone());
        self.pass("before", &named, call).await?;
        self.befall(&named, call).await?;
        let planned = self.world().plans.get(&call.order.job_type).cloned();
        Ok(planned.unwrap_or_else(|| steps(call.order.job_type)))
    }

    async fn check(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        self.look("check", step, call).await
    }

    async fn perform(&self, step: &str, call: Call<'_>) -> Result<Facts, Failure> {
        let (named, thing) = self.name("perform", step, call);
        self.pass("before", &named, call).await?;
        let fault = self.befall(&named, call).await?;
        if matches!(fault, Some(Fault::Lie)) {
            return Ok(Facts::default());
        }
        self.put(&thing, Standing::Partial);
        call.output.progress(50, None);
        self.pass("in", &named, call).await?;
        if matches!(fault, Some(Fault::Half)) {
            return Err(Failure::retryable("it stopped half way"));
        }
        self.put(&thing, Standing::Done);
        if call.order.job_type == JobType::Delete {
            let gone = |thing: &String, _: &mut _| !thing.starts_with(&call.order.site.host);
            self.world().things.retain(gone);
        }
        let effect = named.trim_start_matches("perform ").to_owned();
        self.world().effects.push(effect);
        self.pass("after", &named, call).await?;
        if matches!(fault, Some(Fault::Lose)) {
            return Err(Failure::retryable("the answer was lost"));
        }
        Ok(facts(step, call))
    }

    async fn verify(&self, step: &str, call: Call<'_>) -> Result<Seen, Failure> {
        self.look("verify", step, call).await
    }

    async fn undo(&self, step: &str, call: Call<'_>) -> Result<(), Failure> {
        let (named, thing) = self.name("undo", step, call);
        self.pass("before", &named, call).await?;
        self.befall(&named, call).await?;
        let mut world = self.world();
        if world.things.remove(&thing).is_some() {
            let verb = call.order.job_type.verb();
            world.effects.push(format!("-{verb}.{step}"));
        }
        Ok(())
    }
}

/// Waits until something is so; real time passes, because real tasks do it.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut holds: F) {
    let waiting = async {
        while !holds().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("{what}: not in time"));
}
