//! A Redis server of a test's own, which may be killed, frozen and started again.

use std::{
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server on a port of its own; gone when this is dropped.
pub struct RedisServer {
    dir: TempDir,
    port: u16,
    child: Child,
}

impl RedisServer {
    /// Starts one, with nothing in it.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let child = spawn(&dir, port);
        let server = Self { dir, port, child };
        server.answers().await;
        server
    }

    /// What goes into `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once; what it held is lost.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Starts it again at the same place, with nothing in it.
    pub async fn start_again(&mut self) {
        self.child = spawn(&self.dir, self.port);
        self.answers().await;
    }

    /// It goes on listening and says nothing more, until it is thawed.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on where it was.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it runs");
        let id = Pid::from_raw(id.try_into().expect("a small number")).expect("not zero");
        kill_process(id, signal).expect("the signal can be sent");
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url()).expect("an address");
        let started = Instant::now();
        loop {
            if let Ok(mut wire) = client.get_multiplexed_async_connection().await {
                let pong: redis::RedisResult<String> =
                    redis::cmd("PING").query_async(&mut wire).await;
                if pong.is_ok() {
                    return;
                }
            }
            assert!(started.elapsed() < PATIENCE, "redis-server does not answer");
            tokio::task::yield_now().await;
        }
    }
}

fn spawn(dir: &TempDir, port: u16) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the full stack needs redis-server")
}
