//! What is counted and measured while the service runs. Each group is a file of typed handles that
//! are made once, so that counting is an atomic addition and formats nothing. The registry belongs
//! to the application: two of them in one process do not count for each other.
//!
//! No label's value comes from outside unless the number of values is bounded. Who may read the
//! numbers, and what is looked up only then, is `server/metrics.rs`.

mod cache;
mod graphql;
mod hashing;
mod http;
mod jobs;
mod process;
mod provisioning;
mod queue;
mod realtime;
mod shelf;
mod sql;
mod state;
mod tokens;

use std::fmt;

use entity::Timestamp;
pub use prometheus_client::metrics::counter::Counter;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};

pub use self::{
    cache::{Cache, CacheCommand},
    graphql::Graphql,
    hashing::Hashing,
    http::{Counted, Http, method_name},
    jobs::Jobs,
    provisioning::Provisioning,
    queue::Queue,
    realtime::Realtime,
    shelf::Described,
    sql::Sql,
    state::{LaneJobs, State},
    tokens::Tokens,
};
use self::{process::Process, shelf::Shelf};

/// What every name of ours begins with.
const PREFIX: &str = "erpmax";
/// Bounds of the histograms of whole requests and operations, in seconds.
const ANSWER_SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    catalogue: Vec<Described>,
    /// Requests of every door.
    pub http: Http,
    /// Operations of the GraphQL door.
    pub graphql: Graphql,
    /// Statements sent to the database.
    pub sql: Sql,
    /// Password hashing.
    pub hashing: Hashing,
    /// Tokens of previous keys.
    pub tokens: Tokens,
    /// Background work and events.
    pub jobs: Jobs,
    /// Messages to and from the broker.
    pub queue: Queue,
    /// Work on sites.
    pub provisioning: Provisioning,
    /// Commands of the cache.
    pub cache: Cache,
    /// Live connections.
    pub realtime: Realtime,
    /// What is looked up when somebody reads the metrics.
    pub state: State,
    limited: Family<Limited, Counter>,
}

/// What a refusal for coming too often is told apart by.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Limited {
    class: &'static str,
    axis: &'static str,
}

impl Metrics {
    /// Of a process that started at this time, and that tells so many names of GraphQL operations
    /// apart.
    pub fn new(started_at: Timestamp, operation_names: usize) -> Self {
        let mut registry = Registry::default();
        let mut catalogue = Vec::new();
        let mut shelf = Shelf::new(&mut registry, &mut catalogue);
        let http = Http::new(&mut shelf);
        let graphql = Graphql::new(&mut shelf, operation_names);
        let sql = Sql::new(&mut shelf);
        let hashing = Hashing::new(&mut shelf);
        let tokens = Tokens::new(&mut shelf);
        let jobs = Jobs::new(&mut shelf);
        let queue = Queue::new(&mut shelf);
        let provisioning = Provisioning::new(&mut shelf);
        let cache = Cache::new(&mut shelf);
        let realtime = Realtime::new(&mut shelf);
        let limited = Family::default();
        shelf.put(
            "rate_limited",
            &["class", "axis"],
            "Requests refused because they came too often, by class of use case (`request`: the \
             general limit of a client) and by what was counted (docs/RATE_LIMITS.md)",
            limited.clone(),
        );
        let state = State::new(&mut shelf);
        shelf.collect(Process::started(started_at), process::FAMILIES);
        Self {
            registry,
            catalogue,
            http,
            graphql,
            sql,
            hashing,
            tokens,
            jobs,
            queue,
            provisioning,
            cache,
            realtime,
            state,
            limited,
        }
    }

    /// Somebody came too often. Both words come from a table of ours.
    pub fn rate_limited(&self, class: &'static str, axis: &'static str) {
        self.limited.get_or_create(&Limited { class, axis }).inc();
    }

    /// Everything as `OpenMetrics` text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 * 1024);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// What there is, for the documentation.
    pub fn catalogue(&self) -> &[Described] {
        &self.catalogue
    }
}

fn answer_seconds() -> Histogram {
    Histogram::new(ANSWER_SECONDS)
}
