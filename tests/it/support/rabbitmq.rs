//! RabbitMQ with queues of a test's own, and a wire to it that can be cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use erpmax::{
    config::RabbitMq,
    ports::queue::{self, Look},
};
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeleteOptions},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use url::Url;

use super::storage;

/// Where RabbitMQ is, on the full stack.
pub fn url() -> String {
    std::env::var("TEST_RABBITMQ_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned())
}

/// RabbitMQ, as one test sees it.
pub struct Broker {
    /// Leads over the wire.
    pub settings: RabbitMq,
    direct: RabbitMq,
    /// What can be cut.
    pub wire: Wire,
}

impl Broker {
    /// With no queues yet.
    pub async fn new() -> Self {
        let direct = RabbitMq {
            url: SecretString::from(url()),
            prefix: storage::next_name(),
            prefetch: 8,
            delivery_limit: 10,
        };
        let wire = Wire::to(&url()).await;
        let settings = RabbitMq {
            url: SecretString::from(wire.url.clone()),
            ..direct.clone()
        };
        Self {
            settings,
            direct,
            wire,
        }
    }

    /// The address, for `RABBITMQ_URL`.
    pub fn url(&self) -> &str {
        self.settings.url.expose_secret()
    }

    /// What a queue is called.
    pub fn queue(&self, name: &str) -> String {
        format!("{}.{name}", self.settings.prefix)
    }

    /// How the queues stand.
    pub async fn look(&self) -> Look {
        queue::look(&self.direct).await.expect("RabbitMQ answers")
    }

    /// Puts a message into a queue, as anybody could.
    pub async fn put(&self, name: &str, body: &[u8]) {
        let connection = connect().await;
        let channel = connection.create_channel().await.expect("a channel");
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        confirms.await.expect("confirms");
        let (queue, options) = (self.queue(name), BasicPublishOptions::default());
        let properties = BasicProperties::default().with_delivery_mode(2);
        let sent = channel.basic_publish("".into(), queue.into(), options, body, properties);
        let confirmed = sent.await.expect("it is sent").await.expect("an answer");
        assert!(confirmed.is_ack());
        connection.close(200, "sent".into()).await.expect("closed");
    }

    /// Deletes a queue, as an operator could.
    pub async fn delete(&self, name: &str) {
        let connection = connect().await;
        let channel = connection.create_channel().await.expect("a channel");
        let options = QueueDeleteOptions::default();
        let deleted = channel.queue_delete(self.queue(name).into(), options);
        deleted.await.expect("it is deleted");
        connection
            .close(200, "deleted".into())
            .await
            .expect("closed");
    }

    /// Deletes the queues.
    pub async fn remove(self) {
        queue::remove(&self.direct).await.expect("RabbitMQ answers");
    }
}

async fn connect() -> Connection {
    Connection::connect(&url(), ConnectionProperties::default())
        .await
        .expect("TEST_STACK=full needs RabbitMQ: TEST_RABBITMQ_URL (or its default) leads nowhere")
}

/// A way to a server that can be cut, and mended.
pub struct Wire {
    url: String,
    whole: Arc<AtomicBool>,
    cut: watch::Sender<u32>,
}

impl Wire {
    async fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("an address");
        let server = (
            url.host_str().expect("a host").to_owned(),
            url.port().unwrap_or(5672),
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let own: SocketAddr = listener.local_addr().expect("an address");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(own.port())).expect("a port");
        let wire = Self {
            url: url.to_string(),
            whole: Arc::new(AtomicBool::new(true)),
            cut: watch::Sender::new(0),
        };
        let (whole, cut) = (wire.whole.clone(), wire.cut.subscribe());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                // Before the look, so that no cut is missed.
                let mut cut = cut.clone();
                cut.mark_unchanged();
                if !whole.load(Ordering::SeqCst) {
                    continue;
                }
                let server = server.clone();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(server).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        // Dropping both ends it without a word.
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        wire
    }

    /// Ends all connections; the next may begin at once.
    pub fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Ends all connections, and lets none begin.
    pub fn take_away(&self) {
        self.whole.store(false, Ordering::SeqCst);
        self.cut();
    }

    /// Lets connections begin again.
    pub fn give_back(&self) {
        self.whole.store(true, Ordering::SeqCst);
    }
}
