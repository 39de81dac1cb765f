//! Real processes that are killed at work, brokers that go away, messages that come twice: sites are made
//! all the same, each thing is done once, and nothing is left behind.

mod broker;
mod crowd;
mod frozen;
mod kills;

use std::{collections::BTreeMap, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::support::{
    Actor, PASSWORD,
    client::text,
    process::{Place, Server},
    rabbitmq::Broker,
    storage,
    world::{self, World},
};

/// How long anything may take that involves leases and restarts.
const PATIENCE: Duration = Duration::from_mins(2);

/// The steps of the world's plan for a new site.
const CREATE: [&str; 5] = [
    "reserve-name",
    "new-site",
    "install-apps",
    "create-owner",
    "health-check",
];

/// Processes that share a database and, on the full stack, a broker, and change a world.
struct Scene {
    place: Place,
    world: World,
    broker: Option<Broker>,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new();
        let mut place = place(&world).await;
        let broker = if storage::full_stack() {
            Some(Broker::new().await)
        } else {
            None
        };
        if let Some(broker) = &broker {
            place.set("RABBITMQ_URL", broker.url());
            place.set("RABBITMQ_PREFIX", &broker.settings.prefix);
        }
        Self {
            place,
            world,
            broker,
        }
    }

    async fn remove(self) {
        if let Some(broker) = self.broker {
            broker.remove().await;
        }
        self.place.remove().await;
    }
}

/// A place whose workers change a world, are patient with nobody, and have short leases.
async fn place(world: &World) -> Place {
    let mut place = Place::new().await;
    let settings = [
        ("WORKER_IN_PROCESS", "no"),
        // Nobody reads on after the banner, and a pipe that is full would hold the process up.
        ("LOG_FILTER", "warn"),
        ("PROVISIONER", "command"),
        ("PROVISION_COMMAND", world::EXECUTABLE),
        ("PROVISION_COMMAND_ENV", "WORLD"),
        ("PROVISION_LEASE_SECONDS", "1"),
        ("PROVISION_HEARTBEAT_MILLISECONDS", "100"),
        ("PROVISION_RESCUE_MILLISECONDS", "100"),
        ("PROVISION_STOP_MILLISECONDS", "100"),
        ("PROVISION_STEP_BACKOFF_MILLISECONDS", "10"),
        ("RELAY_INTERVAL_MILLISECONDS", "50"),
        ("RATE_LIMIT_SCALE", "1000000"),
    ];
    for (name, value) in settings {
        place.set(name, value);
    }
    let path = std::env::var("PATH").expect("a shell and its commands");
    place.set("PATH", &path);
    place.set("WORLD", world.path().to_str().expect("its name is text"));
    place
}

/// Signs a company up.
async fn company(server: &Server, name: &str) -> Actor {
    let body = json!({
        "email": format!("{name}@example.com"), "password": PASSWORD,
        "full_name": "Olga", "company_name": name,
    });
    let reply = server.visitor().post("/auth/register", body).await;
    server.visitor().with_tokens(reply.expect(201))
}

/// Asks for a job; its id.
async fn ask(who: &Actor, job_type: &str) -> String {
    let body = json!({ "job_type": job_type });
    let reply = who.post("/provisioning/jobs", body).await;
    text(reply.expect(201), "/id")
}

/// Waits until a job has ended, and says how it stands.
async fn ended(who: &Actor, job: &str) -> Value {
    let mut look = interval(Duration::from_millis(20));
    let path = format!("/provisioning/jobs/{job}");
    let done = timeout(PATIENCE, async {
        loop {
            look.tick().await;
            let reply = who.rest(Method::GET, &path, None).await;
            let job = reply.expect(200).clone();
            if job["status"] == "completed" || job["status"] == "failed" {
                return job;
            }
        }
    });
    done.await.expect("the job ends in time")
}

/// Asserts that a job has completed.
async fn completed(who: &Actor, job: &str) -> Value {
    let job = ended(who, job).await;
    assert_eq!(job["status"], "completed", "{job:#}");
    job
}

/// How often each step of each job was really performed.
fn performed(world: &World) -> BTreeMap<(String, String), usize> {
    let mut times = BTreeMap::new();
    // What was half there is taken back before it is done anew.
    let performed = |effect: &world::Effect| effect.what == "perform";
    for effect in world.effects().into_iter().filter(performed) {
        *times.entry((effect.job, effect.step)).or_default() += 1;
    }
    times
}

/// Waits until no process of this number is there any more.
async fn gone(process: i32) {
    let mut look = interval(Duration::from_millis(5));
    let ended = timeout(PATIENCE, async {
        while is_there(process) {
            look.tick().await;
        }
    });
    ended.await.expect("it is gone in time");
}

/// Whether there is a process of this number.
fn is_there(process: i32) -> bool {
    // One that nobody has buried yet has no words any more.
    let words = std::fs::read(format!("/proc/{process}/cmdline"));
    words.is_ok_and(|words| !words.is_empty())
}
