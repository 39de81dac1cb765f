//! Turns a [`Config`] into an [`App`]: the only place that picks adapters. Serves nothing and starts
//! no work beyond what the adapters themselves need.

pub mod database;
pub mod migrations;
pub mod probe;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    app::{App, Parts},
    config::{Config, ProvisionerKind, Provisioning},
    domain::{
        auth::{self, password::PasswordHasher, token::TokenSigner},
        billing::{self, PlanCache},
        realtime::Hub,
        tenants,
    },
    error::{Error, Result},
    metrics::Metrics,
    ports::{
        cache::Cache,
        clock::{Clock, Ids},
        events::EventBus,
        mailer::Mailer,
        provisioner::{DryRun, Executable, Provisioner},
        queue::{JobQueue, Slots},
        redis::Redis,
    },
    storage::Storage,
};

/// The application on the system's clock. The schema must be there already: see [`migrations`].
pub async fn boot(config: Config) -> Result<App> {
    Box::pin(with(config, Clock::system(), Ids::system())).await
}

/// The application with a clock and ids of the caller's choice.
pub async fn with(config: Config, clock: Clock, ids: Ids) -> Result<App> {
    let provisioner = provisioner(&config.provisioning)?;
    Box::pin(with_provisioner(config, clock, ids, provisioner)).await
}

/// The same, with somebody of the caller's choice who does things to sites.
pub async fn with_provisioner(
    config: Config,
    clock: Clock,
    ids: Ids,
    provisioner: Option<Arc<dyn Provisioner>>,
) -> Result<App> {
    install_tls();
    let metrics = Metrics::new(clock.now(), config.metrics.operation_names);
    let sql = metrics.sql.clone();
    let told = move |text: &str, elapsed, failed| sql.statement(text, elapsed, failed);
    let pool = database::connect(&config.database).await?;
    let db = Storage::new(pool, Arc::new(told));

    let shutdown = CancellationToken::new();
    let redis = match &config.redis_url {
        Some(url) => Some(Redis::connect(url, config.redis_prefix.as_str()).await?),
        None => None,
    };
    let cache = match &redis {
        Some(redis) => Cache::redis(redis.clone(), clock.clone()),
        None => Cache::memory(clock.clone()),
    };
    let cache = cache.counted(metrics.cache.clone());
    let (bus, ear) = match redis {
        Some(redis) => {
            let (bus, ear) = EventBus::redis(redis, shutdown.clone()).await?;
            (bus, Some(ear))
        }
        None => (EventBus::local(), None),
    };

    let outbox_wake = Arc::new(Notify::new());
    let slots = Slots::new(config.worker.slots, outbox_wake.clone());
    let app = App::new(Parts {
        cache,
        bus,
        hub: Hub::default(),
        queue: queue(&config, &slots, &metrics),
        slots,
        provisioner,
        mailer: mailer(&config, clock.clone()),
        passwords: PasswordHasher::new(
            config.auth.hashing_permits,
            config.auth.hashing_queue,
            metrics.hashing.clone(),
        ),
        tokens: TokenSigner::new(
            &config.auth.secret_key,
            &config.auth.previous_keys,
            &metrics.tokens,
        ),
        sign_ins: auth::sign_ins(),
        places: tenants::places(),
        subscriptions: billing::gather_subscriptions(),
        plans: PlanCache::default(),
        outbox_wake,
        tasks: TaskTracker::new(),
        config,
        db,
        clock,
        ids,
        metrics,
        shutdown,
    });
    if let Some(ear) = ear {
        app.spawn("events", ear);
    }
    Ok(app)
}

/// Connects to nothing: whoever only writes rows of the outbox needs no broker.
fn queue(config: &Config, slots: &Slots, metrics: &Metrics) -> JobQueue {
    match &config.rabbitmq {
        Some(rabbitmq) => {
            let room = usize::try_from(config.worker.relay_batch).unwrap_or(usize::MAX);
            JobQueue::rabbitmq(rabbitmq, room, metrics.queue.clone())
        }
        // More room than there are workers would only let leases run out.
        None => JobQueue::local(config.worker.concurrency, slots.clone()),
    }
}

/// In production a letter that is only kept in a file would be lost without a word (ruling 40).
fn mailer(config: &Config, clock: Clock) -> Mailer {
    if config.environment.is_production() {
        Mailer::off()
    } else {
        Mailer::log(config.mail.dir.clone(), config.mail.keep, clock)
    }
}

/// Who does things to sites; nobody, where jobs are to wait.
pub fn provisioner(settings: &Provisioning) -> Result<Option<Arc<dyn Provisioner>>> {
    match (settings.provisioner, &settings.command) {
        (ProvisionerKind::Command, Some(path)) => {
            let executable = Executable {
                path: path.clone(),
                environment: settings.command_environment(),
                grace: settings.stop_grace,
                guard: std::env::current_exe().map_err(Error::internal)?,
            };
            Ok(Some(Arc::new(executable)))
        }
        (ProvisionerKind::DryRun, _) => {
            let script = settings.dry_run_script.clone();
            let simulation = DryRun::new(settings.dry_run_duration, script);
            Ok(Some(Arc::new(simulation)))
        }
        (ProvisionerKind::Command | ProvisionerKind::Off, _) => Ok(None),
    }
}

/// Every TLS client of the process uses this implementation; without it they panic or refuse.
pub fn install_tls() {
    // An error means that it was installed before.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}
