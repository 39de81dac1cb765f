//! One stream, as this process tells it: in order, each event once.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{Heard, audience::Audience, jobs::Jobs};
use crate::{
    app::App,
    domain::{
        cx::Cx,
        event::{DomainEvent, Recorded, Stream},
        realtime::{
            Told,
            log_store::{self as store, Entry},
        },
        signal::JobSignal,
    },
    error::{Error, Result},
};

/// How many knocks wait; what does not fit is found in the log.
const KNOCKS: usize = 256;
/// How many events are read at a time.
const PAGE: u64 = 200;
/// How long to wait before the log is read again that could not be read.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a room stays open that nobody is in, so that a reconnect finds it.
const LINGER: Duration = Duration::from_secs(30);
/// How long a listener waits for the database to say where a stream stands.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes what a room tells.
pub type Receiver = broadcast::Receiver<Arc<Heard>>;

/// Something a room is told.
#[derive(Debug)]
pub enum Knock {
    /// An event of its stream.
    Event(Recorded),
    /// The stream is so far.
    Head(i64),
    /// A job has said something.
    Job(JobSignal),
}

/// A stream that somebody listens to.
#[derive(Debug)]
pub struct Room {
    pub stream: Stream,
    sender: broadcast::Sender<Arc<Heard>>,
    /// Those who are told without a receiver.
    pub(super) audience: Audience,
    knocks: mpsc::Sender<Knock>,
    /// The last event that was told.
    position: AtomicI64,
    /// The furthest event that is known of.
    head: AtomicI64,
    ready: watch::Sender<bool>,
}

impl Room {
    /// With room for so many events for each listener.
    pub fn new(stream: Stream, backlog: usize) -> (Self, mpsc::Receiver<Knock>) {
        let (knocks, receiver) = mpsc::channel(KNOCKS);
        let room = Self {
            stream,
            sender: broadcast::Sender::new(backlog),
            audience: Audience::default(),
            knocks,
            position: AtomicI64::new(0),
            head: AtomicI64::new(0),
            ready: watch::Sender::new(false),
        };
        (room, receiver)
    }

    /// Begins to hear what is told from now on.
    pub fn enter(&self) -> Receiver {
        self.sender.subscribe()
    }

    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.sender.receiver_count() == 0 && self.audience.is_empty()
    }

    /// Waits until it is known where the stream stands.
    pub async fn ready(&self) -> Result<()> {
        let mut ready = self.ready.subscribe();
        let known = timeout(PATIENCE, ready.wait_for(|ready| *ready)).await;
        match known {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::internal(
                "where a stream stands is not known in time",
            )),
        }
    }

    /// The last event that was told.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::Acquire)
    }

    /// Tells the room something; what it has no time for now, it reads later.
    pub fn knock(&self, knock: Knock) {
        match &knock {
            Knock::Event(event) => self.head.fetch_max(event.seq, Ordering::AcqRel),
            Knock::Head(head) => self.head.fetch_max(*head, Ordering::AcqRel),
            Knock::Job(_) => 0,
        };
        self.knocks.try_send(knock).ok();
    }

    fn is_behind(&self) -> bool {
        self.position() < self.head.load(Ordering::Acquire)
    }

    async fn tell(&self, heard: Heard) {
        let heard = Arc::new(heard);
        let publish = || {
            // An error means that nobody listens.
            self.sender.send(Arc::clone(&heard)).ok();
        };
        self.audience.tell(&heard, publish).await;
    }
}

/// A room at work.
struct Keeper {
    cx: Cx,
    room: Arc<Room>,
    jobs: Jobs,
}

/// Tells a stream until nobody has listened for a while, or the process stops. Whatever panics on the way
/// ends neither the room nor what it tells: another keeper goes on from where the stream is by then.
pub async fn run(app: App, room: Arc<Room>, mut knocks: mpsc::Receiver<Knock>) {
    let cx = Cx::system(app.clone(), "realtime", room.stream.to_string());
    loop {
        let keeper = Keeper {
            jobs: Jobs::new(room.stream),
            room: Arc::clone(&room),
            cx: cx.clone(),
        };
        let work = AssertUnwindSafe(keeper.work(&mut knocks));
        if work.catch_unwind().await.is_ok() {
            return;
        }
        tracing::error!(stream = %room.stream, "what tells a stream panicked; it begins anew");
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = sleep(AGAIN) => {}
        }
    }
}

impl Keeper {
    async fn work(mut self, knocks: &mut mpsc::Receiver<Knock>) {
        let app = self.cx.app().clone();
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = self.begin() => {}
        }
        let mut linger = Instant::now() + LINGER;
        loop {
            let again = Instant::now() + AGAIN;
            let behind = self.room.is_behind();
            tokio::select! {
                () = app.shutdown.cancelled() => return,
                knock = knocks.recv() => match knock {
                    Some(knock) => self.open(knock).await,
                    None => return,
                },
                () = self.jobs.due() => self.tell_jobs().await,
                () = sleep_until(again), if behind => self.catch_up().await,
                () = sleep_until(linger) => {
                    if self.room.is_empty() && app.hub.close(&self.room) {
                        return;
                    }
                    linger = Instant::now() + LINGER;
                }
            }
        }
    }

    /// Finds out where the stream stands.
    async fn begin(&mut self) {
        loop {
            match self.stand().await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, stream = %self.room.stream, "a stream cannot be read; trying again");
                    sleep(AGAIN).await;
                }
            }
        }
        self.room.ready.send_replace(true);
    }

    async fn stand(&mut self) -> Result<()> {
        let extent = store::extent(self.cx.db(), self.room.stream).await?;
        self.room.position.store(extent.head, Ordering::Release);
        if *self.room.ready.borrow() {
            // Another kept the room before, and who was here then may have missed what came until now.
            let reminder = Heard::reminder(self.room.stream, extent.head, self.cx.now());
            self.room.tell(reminder).await;
        }
        self.jobs.begin(&self.cx).await
    }

    async fn open(&mut self, knock: Knock) {
        match knock {
            Knock::Event(event) if event.seq == self.room.position() + 1 => {
                self.tell(&Entry::from(event)).await;
            }
            Knock::Event(_) | Knock::Head(_) if self.room.is_behind() => self.catch_up().await,
            // Told already.
            Knock::Event(_) | Knock::Head(_) => {}
            Knock::Job(signal) => self.jobs.note(signal),
        }
    }

    /// Tells what is in the log and was not heard.
    async fn catch_up(&mut self) {
        while self.room.is_behind() {
            let position = self.room.position();
            let page = store::after(self.cx.db(), self.room.stream, position, PAGE).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let stream = self.room.stream;
                    tracing::warn!(%error, %stream, "events cannot be read; trying again");
                    return;
                }
            };
            if page.is_empty() {
                // Forgotten meanwhile; whoever waits for them finds that out from the log.
                let head = self.room.head.load(Ordering::Acquire);
                self.room.position.fetch_max(head, Ordering::AcqRel);
            }
            for entry in page {
                self.tell(&entry).await;
            }
        }
    }

    async fn tell(&mut self, entry: &Entry) {
        if let Some(event) = &entry.event {
            // Whoever hears of a job's end has heard all it said.
            if let Some(job) = ended_job(event) {
                let left = self.jobs.end(&self.cx, job).await;
                self.tell_passing(left).await;
            }
            self.jobs.hear(event);
        }
        self.room.position.store(entry.seq, Ordering::Release);
        self.room.head.fetch_max(entry.seq, Ordering::AcqRel);
        self.room.tell(Heard::from(entry)).await;
    }

    async fn tell_jobs(&mut self) {
        let told = self.jobs.look(&self.cx).await;
        self.tell_passing(told).await;
    }

    /// Tells what is not in the log.
    async fn tell_passing(&self, told: Vec<Told>) {
        for told in told {
            let heard = Heard {
                stream: self.room.stream,
                seq: self.room.position(),
                lasting: false,
                occurred_at: self.cx.now(),
                told: Some(told),
            };
            self.room.tell(heard).await;
        }
    }
}

fn ended_job(event: &DomainEvent) -> Option<entity::ids::ProvisioningJobId> {
    match event {
        DomainEvent::JobCompleted { job, .. }
        | DomainEvent::JobFailed { job, .. }
        | DomainEvent::JobCancelled(job) => Some(job.job_id),
        _ => None,
    }
}
