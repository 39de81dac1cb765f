//! The real application behind a real socket, on storage of its own and with a clock that stands
//! still. Nothing runs in the background: `settle` does what is due.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use erpmax::{
    app::App,
    boot,
    config::Config,
    domain::{cx::Cx, outbox},
    ports::{
        clock::{Clock, Ids},
        provisioner::Provisioner,
    },
    server, worker,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Actor, settings, storage::Storage};

/// A running application. It must be finished; dropping it otherwise fails the test.
pub struct TestApp {
    /// The application itself, for what no door shows.
    pub app: App,
    base: Arc<str>,
    http: reqwest::Client,
    server: Option<JoinHandle<()>>,
    config: Box<Config>,
    house: Arc<House>,
    finished: bool,
}

/// What outlives a restart.
struct House {
    storage: Mutex<Option<Storage>>,
    _data_dir: TempDir,
    clock: Clock,
    ids: Ids,
    numbers: AtomicU32,
    provisioner: Option<Arc<dyn Provisioner>>,
}

impl TestApp {
    /// With the settings of a developer's machine.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With changed settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::provisioned(change, None).await
    }

    /// With changed settings, and somebody else who does things to sites; on every replica.
    pub async fn provisioned(
        change: impl FnOnce(&mut Config),
        provisioner: Option<Arc<dyn Provisioner>>,
    ) -> Self {
        let data_dir = tempfile::tempdir().expect("a temporary directory");
        let storage = Storage::seeded(data_dir.path()).await;
        let mut config = Box::new(settings::config(data_dir.path(), &storage));
        change(&mut config);
        let house = House {
            storage: Mutex::new(Some(storage)),
            _data_dir: data_dir,
            clock: settings::clock(),
            ids: Ids::seeded(1),
            numbers: AtomicU32::new(0),
            provisioner,
        };
        Box::pin(Self::open(Arc::new(house), config)).await
    }

    async fn open(house: Arc<House>, config: Box<Config>) -> Self {
        let app = boot(&house, &config).await;
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address")).into();
        let server = Some(tokio::spawn(server::serve(app.clone(), listener)));
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        Self {
            app,
            base,
            http,
            server,
            config,
            house,
            finished: false,
        }
    }

    /// Another process on the same storage, without a door.
    pub(super) fn another(&self) -> impl Future<Output = App> + use<> {
        let (house, config) = (self.house.clone(), self.config.clone());
        async move { boot(&house, &config).await }
    }

    /// Somebody without an account.
    pub fn visitor(&self) -> Actor {
        Actor {
            base: self.base.clone(),
            http: self.http.clone(),
            email: String::new(),
            id: String::new(),
            access: None,
            refresh: String::new(),
        }
    }

    /// Somebody who knew the application before it was restarted, or another replica of it.
    pub fn moved(&self, who: &Actor) -> Actor {
        Actor {
            base: self.base.clone(),
            http: self.http.clone(),
            ..who.clone()
        }
    }

    /// A number that was not used before in this test.
    pub fn next_number(&self) -> u32 {
        self.house.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Moves time forward.
    pub fn advance(&self, duration: Duration) {
        self.app.clock.advance(duration);
    }

    /// Moves time forward.
    pub fn advance_secs(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// Does everything that is due; returns how many jobs were tried.
    pub async fn settle(&self) -> usize {
        worker::settle(&self.app)
            .await
            .expect("the outbox can be read")
    }

    /// Looks for jobs that were left alone, and goes on with them; returns how many those are.
    pub async fn rescue(&self) -> usize {
        worker::rescue(&self.app).await.expect("jobs can be read")
    }

    /// Sweeps what is over; returns how many rows that were.
    pub async fn sweep(&self) -> u64 {
        worker::sweep(&self.app).await.expect("it can sweep")
    }

    /// How many SQL statements the application sends while something happens.
    pub async fn sql(&self, happens: impl AsyncFnOnce()) -> u64 {
        let before = self.app.metrics.sql.count();
        happens().await;
        self.app.metrics.sql.count() - before
    }

    /// The context of the system itself.
    pub fn system(&self) -> Cx {
        Cx::system(self.app.clone(), "test", "test")
    }

    /// Another replica: the same storage, files, keys and time, a process of its own.
    pub async fn replica(&self) -> Self {
        self.replica_with(|_| {}).await
    }

    /// Another replica, with other settings.
    pub async fn replica_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        Self::open(self.house.clone(), config).await
    }

    /// Stops and starts again, as after a deployment.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// Stops and starts again with other settings.
    pub async fn restart_with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        self.stop().await;
        self.replica_with(change).await
    }

    /// Ends a replica; what is left to do is left to the others.
    pub async fn leave(mut self) {
        self.stop().await;
    }

    /// Asserts that nothing is left to do and nothing was given up, and tidies away.
    pub async fn finish(self) {
        self.finish_with_dead(0).await;
    }

    /// The same, where so many jobs were to be given up.
    pub async fn finish_with_dead(mut self, given_up: u64) {
        self.settle().await;
        let cx = self.system();
        assert_eq!(
            outbox::pending(&cx).await.unwrap(),
            0,
            "jobs wait in the outbox"
        );
        assert_eq!(
            outbox::dead(&cx).await.unwrap(),
            given_up,
            "jobs that were given up"
        );
        drop(cx);
        self.stop().await;
        self.remove_storage().await;
    }

    /// Ends without looking at what is left: for a test that took the database away.
    pub async fn abandon(mut self) {
        self.stop().await;
        self.remove_storage().await;
    }

    async fn remove_storage(&self) {
        let storage = self.house.storage.lock().unwrap().take();
        if let Some(storage) = storage {
            storage.remove().await;
        }
    }

    async fn stop(&mut self) {
        self.finished = true;
        self.http = reqwest::Client::new();
        self.app.shutdown.cancel();
        if let Some(server) = self.server.take() {
            server.await.expect("the server does not panic");
        }
        self.app.tasks.close();
        tokio::time::timeout(Duration::from_secs(10), self.app.tasks.wait())
            .await
            .expect("all tasks end on shutdown");
        self.app.db.close().await.expect("the pool closes");
    }
}

async fn boot(house: &House, config: &Config) -> App {
    let House {
        clock,
        ids,
        provisioner,
        ..
    } = house;
    let (config, clock, ids) = (config.clone(), clock.clone(), ids.clone());
    let app = match provisioner {
        None => Box::pin(boot::with(config, clock, ids)).await,
        some => Box::pin(boot::with_provisioner(config, clock, ids, some.clone())).await,
    };
    app.expect("it boots")
}

impl Drop for TestApp {
    fn drop(&mut self) {
        assert!(
            self.finished || std::thread::panicking(),
            "the TestApp was not finished: call `app.finish().await`"
        );
    }
}
