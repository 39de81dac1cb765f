//! Hears the bus for all rooms of this process, and looks at the log itself, because the bus may lose
//! anything and some of what happens is never on it.

use std::{collections::HashMap, sync::Arc};

use chrono::TimeDelta;
use entity::Timestamp;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{MissedTickBehavior, interval},
};

use super::Knock;
use crate::{
    app::App,
    domain::{
        cx::Cx,
        event::{Recorded, Stream},
        realtime::log_store as store,
        signal::Signal,
    },
    error::Result,
};

/// How far back before the last look the look for changed streams goes: clocks differ, and what is written
/// before a commit is seen after it.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);
/// After so many looks at what has changed, all streams that are listened to are looked at.
const LOOKS: u32 = 30;
/// How many streams one statement names.
const STREAMS: usize = 500;

/// Listens until the process stops.
pub async fn run(app: App, mut bus: Receiver<Arc<Signal>>) {
    let cx = Cx::system(app.clone(), "realtime", "realtime");
    let mut ear = Ear {
        looked_at: cx.now(),
        cx,
        looks: 0,
        checked: HashMap::new(),
    };
    let mut look = interval(app.config.realtime.poll);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut expiry = interval(std::time::Duration::from_secs(1));
    expiry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            signal = bus.recv() => match signal {
                Ok(signal) => ear.hear(&signal),
                // What was missed is found by the next look.
                Err(RecvError::Lagged(_)) => ear.looks = 0,
                Err(RecvError::Closed) => return,
            },
            _ = look.tick() => if let Err(error) = ear.look().await {
                tracing::warn!(%error, "changed streams cannot be looked up; trying again");
            },
            _ = expiry.tick() => app.hub.register.look_at_ends(&app),
        }
    }
}

struct Ear {
    cx: Cx,
    looks: u32,
    /// When the last look began that succeeded.
    looked_at: Timestamp,
    /// How far the streams of people and tenants were when the right to listen was last looked at.
    checked: HashMap<Stream, i64>,
}

impl Ear {
    fn hear(&mut self, signal: &Signal) {
        match signal {
            Signal::Event(recorded) => {
                self.judge(recorded);
                let hub = &self.cx.app().hub;
                hub.knock(recorded.stream, Knock::Event(recorded.clone()));
            }
            Signal::Job(job) => self
                .cx
                .app()
                .hub
                .knock(Stream::Tenant(job.tenant_id), Knock::Job(*job)),
        }
    }

    /// Looks whether the event ends anybody's right to listen.
    fn judge(&mut self, recorded: &Recorded) {
        let app = self.cx.app();
        app.hub.register.hear(app, &recorded.event);
        // What the bus tells without a gap need not be looked for.
        if let Some(seq) = self.checked.get_mut(&recorded.stream)
            && recorded.seq == *seq + 1
        {
            *seq = recorded.seq;
        }
    }

    /// Looks how far the streams are that have changed lately; now and then, how far all are.
    async fn look(&mut self) -> Result<()> {
        let app = self.cx.app().clone();
        let begun = self.cx.now();
        // They were let in by what was known before they were here, and what was heard meanwhile was not
        // for them.
        for user in app.hub.register.newcomers() {
            self.checked.remove(&Stream::User(user));
        }
        let listened = app.hub.streams();
        let connected = app.hub.register.streams();
        if listened.is_empty() && connected.is_empty() {
            self.checked.clear();
            self.looked_at = begun;
            return Ok(());
        }
        self.checked.retain(|stream, _| connected.contains(stream));
        let all = self.looks == 0;
        self.looks = (self.looks + 1) % LOOKS;
        let mut heads = Vec::new();
        if all {
            let mut streams: Vec<_> = listened
                .into_iter()
                .chain(connected.iter().copied())
                .collect();
            streams.sort_unstable();
            streams.dedup();
            for streams in streams.chunks(STREAMS) {
                heads.extend(store::heads_of(self.cx.db(), streams).await?);
            }
        } else {
            heads = store::changed_since(self.cx.db(), self.looked_at - OVERLAP).await?;
        }
        self.looked_at = begun;
        for (stream, head) in heads {
            app.hub.knock(stream, Knock::Head(head));
            if connected.contains(&stream) && self.checked.insert(stream, head) != Some(head) {
                app.hub.register.recheck_stream(&app, stream);
            }
        }
        Ok(())
    }
}
