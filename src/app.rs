//! The running application as one cheap-clone bundle: storage, ports, clock, keys, configuration.
//! Holds no rules; `boot` makes it.

use std::{ops::Deref, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::Instrument;

use crate::{
    config::Config,
    domain::{
        auth::{SignIns, password::PasswordHasher, token::TokenSigner},
        billing::{PlanCache, Subscriptions},
        realtime::Hub,
        tenants::Places,
    },
    error::{Error, Result},
    metrics::Metrics,
    ports::{
        cache::Cache,
        clock::{Clock, Ids},
        events::EventBus,
        mailer::Mailer,
        provisioner::Provisioner,
        queue::{JobQueue, Slots},
    },
    storage::Storage,
};

/// Everything a use case needs. Cloning it copies a pointer.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the application is made of.
pub struct Parts {
    /// The settings it was started with.
    pub config: Config,
    /// The database.
    pub db: Storage,
    /// Short-lived values.
    pub cache: Cache,
    /// Events to live listeners, in this process and others.
    pub bus: EventBus,
    /// Who listens in this process, and to what.
    pub hub: Hub,
    /// Jobs to workers.
    pub queue: JobQueue,
    /// Places for work that goes on after its message was answered.
    pub slots: Slots,
    /// Letters.
    pub mailer: Mailer,
    /// Who does things to sites; without it, jobs wait.
    pub provisioner: Option<Arc<dyn Provisioner>>,
    /// What time it is.
    pub clock: Clock,
    /// New ids and secrets.
    pub ids: Ids,
    /// Password hashing, bounded and off the async threads.
    pub passwords: PasswordHasher,
    /// Signs and reads tokens.
    pub tokens: TokenSigner,
    /// Sessions that are being looked up.
    pub sign_ins: SignIns,
    /// People's places that are being looked up.
    pub places: Places,
    /// Subscriptions that are being looked up.
    pub subscriptions: Subscriptions,
    /// The plans as last read.
    pub plans: PlanCache,
    /// Wakes the relay when a job was written.
    pub outbox_wake: Arc<Notify>,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// Cancelled when the process should stop.
    pub shutdown: CancellationToken,
    /// The tasks to wait for before it does.
    pub tasks: TaskTracker,
}

impl App {
    /// Bundles the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Runs a task that shutdown waits for. One that panics says so in the log.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let watched = async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(name, "a task panicked");
            }
        };
        self.tasks
            .spawn(watched.instrument(tracing::info_span!("task", name)));
    }

    /// Does something in a task of its own and waits for what comes of it: it goes on while whoever waits has
    /// no time, as when a slow client must be written to, and keeps neither locks nor connections from others
    /// meanwhile. It ends when nobody waits any more.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let task = self.tasks.spawn(work.in_current_span());
        AbortOnDropHandle::new(task).await.map_err(Error::internal)
    }

    /// Runs a task that the process cannot do without: when it ends before its time, so does the
    /// process, and whoever started it starts it again.
    pub fn spawn_vital(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.spawn(name, async move {
            // Dropped however the task ends.
            let _guard = shutdown.drop_guard();
            task.await;
        });
    }
}

impl std::fmt::Debug for App {
    /// Says nothing of the parts, which hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
