//! What is looked up when somebody reads the metrics: sizes and ages, not counts.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, info::Info},
};

use super::shelf::Shelf;

/// A gauge that can say that it does not know.
type Maybe = Gauge<f64, AtomicU64>;

/// What is looked up when somebody reads the metrics.
#[derive(Debug)]
pub struct State {
    /// How many connections to the database there may be.
    pub pool_max: Gauge,
    /// How many are open and at rest.
    pub pool_idle: Gauge,
    /// How many are at work.
    pub pool_in_use: Gauge,
    /// How many hashes may run at once.
    pub hashing_permits: Gauge,
    /// How many run.
    pub hashing_running: Gauge,
    /// How many wait.
    pub hashing_waiting: Gauge,
    outbox: Family<Jobs, Maybe>,
    outbox_lag: Maybe,
    redis: Maybe,
    rabbitmq: Maybe,
}

/// How a lane of the outbox stands.
#[derive(Clone, Copy, Debug)]
pub struct LaneJobs {
    /// Which lane.
    pub lane: &'static str,
    /// Jobs that wait.
    pub waiting: f64,
    /// Jobs that are under way.
    pub sent: f64,
    /// Jobs that were given up.
    pub dead: f64,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Jobs {
    lane: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labelled {
    state: &'static str,
}

impl State {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let pool = Family::<Labelled, Gauge>::default();
        let hashing = Family::<Labelled, Gauge>::default();
        let one = |family: &Family<Labelled, Gauge>, state| {
            family.get_or_create_owned(&Labelled { state })
        };
        let state = Self {
            pool_max: Gauge::default(),
            pool_idle: one(&pool, "idle"),
            pool_in_use: one(&pool, "in_use"),
            hashing_permits: Gauge::default(),
            hashing_running: one(&hashing, "running"),
            hashing_waiting: one(&hashing, "waiting"),
            outbox: Family::default(),
            outbox_lag: Maybe::default(),
            redis: Maybe::default(),
            rabbitmq: Maybe::default(),
        };
        shelf.put(
            "database_connections",
            &["state"],
            "Connections to the database, `idle` or `in_use`",
            pool,
        );
        shelf.put(
            "database_connections_max",
            &[],
            "How many connections to the database there may be",
            state.pool_max.clone(),
        );
        shelf.put(
            "hashing",
            &["state"],
            "Password hashes in hand, `running` or `waiting`",
            hashing,
        );
        shelf.put(
            "hashing_permits",
            &[],
            "How many password hashes may run at once",
            state.hashing_permits.clone(),
        );
        shelf.put(
            "outbox_jobs",
            &["lane", "state"],
            "Jobs in the outbox by lane (`provisioning`: work on sites, `letters`: what is quick, \
             `unreadable`: messages that nobody can read): `waiting`, `sent` (RabbitMQ has them, or a worker that got them from it) or `dead` (given \
             up); NaN while the database does not answer",
            state.outbox.clone(),
        );
        shelf.put_seconds(
            "outbox_lag",
            &[],
            "Age of the oldest job that is neither done nor given up; 0 when there is none, NaN \
             while the database does not answer",
            state.outbox_lag.clone(),
        );
        shelf.put(
            "redis_up",
            &[],
            "1 while Redis answers; 0 while it does not, each process keeps rate limits for itself and \
             live events wait; NaN where it is not configured",
            state.redis.clone(),
        );
        shelf.put(
            "rabbitmq_up",
            &[],
            "1 while RabbitMQ answers this process; 0 while it does not and jobs wait in the outbox; NaN \
             where it is not configured",
            state.rabbitmq.clone(),
        );
        shelf.put(
            "build",
            &["version"],
            "The version that runs; always 1",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        state
    }

    /// Whether Redis answers, where there is one.
    pub fn redis(&self, answers: Option<bool>) {
        self.redis.set(up(answers));
    }

    /// Whether RabbitMQ answers, where there is one.
    pub fn rabbitmq(&self, answers: Option<bool>) {
        self.rabbitmq.set(up(answers));
    }

    /// The outbox, lane by lane, and seconds since the oldest job was asked for that is not done.
    pub fn outbox(&self, lanes: &[LaneJobs], lag: f64) {
        for LaneJobs {
            lane,
            waiting,
            sent,
            dead,
        } in lanes
        {
            for (state, count) in [("waiting", waiting), ("sent", sent), ("dead", dead)] {
                self.outbox.get_or_create(&Jobs { lane, state }).set(*count);
            }
        }
        self.outbox_lag.set(lag);
    }
}

fn up(answers: Option<bool>) -> f64 {
    answers.map_or(f64::NAN, |answers| f64::from(u8::from(answers)))
}
