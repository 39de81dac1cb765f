//! A RabbitMQ server of a test's own, which may be killed and started again with what it had on disk.

use std::{net::TcpListener, process::Stdio, time::Duration};

use lapin::{Connection, ConnectionProperties};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{interval, timeout},
};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where Debian keeps the script that does not ask who runs it.
const SCRIPT: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A server on ports of its own; gone when this is dropped.
pub struct RabbitMqServer {
    dir: TempDir,
    port: u16,
    distribution: u16,
    child: Child,
}

impl RabbitMqServer {
    /// Starts one, with nothing in it.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (port, distribution) = (free_port(), free_port());
        let child = spawn(&dir, port, distribution);
        let server = Self {
            dir,
            port,
            distribution,
            child,
        };
        server.answers().await;
        server
    }

    /// What goes into `RABBITMQ_URL`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// Sends a signal to it and all that it has started.
    pub fn signal(&self, signal: Signal) {
        if let Some(id) = self.group() {
            kill_process_group(id, signal).ok();
        }
    }

    /// Waits until it is gone, with all that it has started: its script ends before it does.
    pub async fn ended(&mut self) {
        let group = self.group();
        let gone = timeout(PATIENCE, async {
            self.child.wait().await.expect("it ends");
            let mut look = interval(Duration::from_millis(20));
            while group.is_some_and(|id| test_kill_process_group(id).is_ok()) {
                look.tick().await;
            }
        });
        gone.await.expect("rabbitmq-server ends in time");
    }

    fn group(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id()?.try_into().expect("a small number"))
    }

    /// Starts it again at the same place, with what it had written down.
    pub async fn start_again(&mut self) {
        self.child = spawn(&self.dir, self.port, self.distribution);
        self.answers().await;
    }

    async fn answers(&self) {
        let mut look = interval(Duration::from_millis(100));
        let answered = timeout(PATIENCE, async {
            loop {
                look.tick().await;
                let properties = ConnectionProperties::default();
                if let Ok(connection) = Connection::connect(&self.url(), properties).await {
                    connection.close(200, "seen".into()).await.ok();
                    return;
                }
            }
        });
        answered.await.expect("rabbitmq-server answers in time");
    }
}

impl Drop for RabbitMqServer {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    free.local_addr().expect("an address").port()
}

fn spawn(dir: &TempDir, port: u16, distribution: u16) -> Child {
    let dir = dir.path();
    Command::new(SCRIPT)
        .env("HOME", dir)
        .env("RABBITMQ_NODENAME", format!("erpmax_{port}@localhost"))
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_DIST_PORT", distribution.to_string())
        .env("RABBITMQ_MNESIA_BASE", dir.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", dir.join("log"))
        .env("RABBITMQ_PID_FILE", dir.join("pid"))
        .env("RABBITMQ_CONFIG_FILE", dir.join("none"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .expect("the full stack needs rabbitmq-server")
}
