//! Whether a run may go on. A heartbeat renews the lease, and notices that the job was called off or
//! is somebody else's; whoever works asks here, and is told at once.

use std::{sync::Arc, time::Duration};

use entity::ids::ProvisioningJobId;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    claim_store::{self, Standing},
    hold::Hold,
};
use crate::{
    domain::{cx::Cx, event::DomainEvent},
    error::{Error, Result},
};

/// Why a run does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Somebody called the job off.
    Cancelled,
    /// The process ends.
    Stopping,
    /// The job is somebody else's, or over, or may be: nothing is written any more.
    Lost,
}

/// What a run is about at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// To do the job.
    Doing,
    /// To undo it, which nobody calls off.
    Undoing,
}

/// Whether a run may go on. Cloning it copies a handle.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    cx: Cx,
    hold: Hold,
    cancelled: CancellationToken,
    lost: CancellationToken,
    stopping: CancellationToken,
}

impl Control {
    /// For a job that was claimed just now. The heartbeat beats until the guard is dropped.
    pub fn start(cx: &Cx, hold: Hold, claimed_at: Instant) -> (Self, DropGuard) {
        let control = Self(Arc::new(Inner {
            cx: cx.clone(),
            hold,
            cancelled: CancellationToken::new(),
            lost: CancellationToken::new(),
            stopping: cx.app().shutdown.clone(),
        }));
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let beating = control.clone();
        cx.app().spawn("heartbeat", async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = beating.beat(claimed_at) => {}
            }
        });
        (control, guard)
    }

    /// The proof with which the job is written.
    pub fn hold(&self) -> Hold {
        self.0.hold
    }

    /// Who works.
    pub fn cx(&self) -> &Cx {
        &self.0.cx
    }

    /// Why the run does not go on, if it does not.
    pub fn halt(&self, phase: Phase) -> Option<Halt> {
        let Inner {
            cancelled,
            lost,
            stopping,
            ..
        } = &*self.0;
        if lost.is_cancelled() {
            Some(Halt::Lost)
        } else if stopping.is_cancelled() {
            Some(Halt::Stopping)
        } else if phase == Phase::Doing && cancelled.is_cancelled() {
            Some(Halt::Cancelled)
        } else {
            None
        }
    }

    /// Waits until the run is not to go on.
    pub async fn halted(&self, phase: Phase) -> Halt {
        tokio::select! {
            biased;
            () = self.0.lost.cancelled() => Halt::Lost,
            () = self.0.stopping.cancelled() => Halt::Stopping,
            () = self.0.cancelled.cancelled(), if phase == Phase::Doing => Halt::Cancelled,
        }
    }

    /// Waits, unless the run is not to go on.
    pub async fn pause(&self, phase: Phase, time: Duration) -> Result<(), Halt> {
        tokio::select! {
            biased;
            halt = self.halted(phase) => Err(halt),
            () = sleep(time) => Ok(()),
        }
    }

    /// Asks the database how the job stands, and renews the lease.
    pub async fn look(&self) -> Result<Standing> {
        let Inner { cx, hold, .. } = &*self.0;
        let lease = cx.app().config.provisioning.lease;
        let lease = chrono::Duration::from_std(lease).map_err(Error::internal)?;
        let standing = claim_store::renew(cx.db(), *hold, cx.now() + lease).await?;
        match standing {
            Standing::Wanted => {}
            Standing::Unwanted => self.0.cancelled.cancel(),
            Standing::Lost => self.0.lost.cancel(),
        }
        Ok(standing)
    }

    /// What a write that found the job changed has to do with it.
    pub async fn lost_or_cancelled(&self) -> Halt {
        match self.look().await {
            Ok(Standing::Unwanted) => Halt::Cancelled,
            Ok(Standing::Wanted | Standing::Lost) => {
                self.0.lost.cancel();
                Halt::Lost
            }
            Err(error) => {
                tracing::error!(%error, "how a provisioning job stands cannot be asked");
                self.0.lost.cancel();
                Halt::Lost
            }
        }
    }

    /// Renews the lease until the job is lost. A worker that cannot renew it stops its command before
    /// another one may begin.
    async fn beat(&self, claimed_at: Instant) {
        let settings = &self.0.cx.app().config.provisioning;
        let (every, lease) = (settings.heartbeat, settings.lease);
        let spare = settings.stop_grace + every;
        let mut bus = self.0.cx.app().bus.subscribe();
        let mut ours_until = claimed_at + lease.saturating_sub(spare);
        let mut next = claimed_at + every;
        loop {
            let heard = async {
                loop {
                    match bus.recv().await {
                        Ok(told) if calls_off(&told.event, self.0.hold.job_id) => return,
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = heard => {}
            }
            let asked_at = Instant::now();
            match timeout_at(ours_until, self.look()).await {
                Ok(Ok(Standing::Lost)) => return,
                Ok(Ok(Standing::Wanted | Standing::Unwanted)) => {
                    ours_until = asked_at + lease.saturating_sub(spare);
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a provisioning job's lease could not be renewed");
                }
                Err(_) => {
                    tracing::error!("a provisioning job's lease ran out: its command is stopped");
                    self.0.lost.cancel();
                    return;
                }
            }
            next = asked_at + every;
        }
    }
}

fn calls_off(event: &DomainEvent, id: ProvisioningJobId) -> bool {
    matches!(event, DomainEvent::JobCancelled(job) if job.job_id == id)
}

/// How often a write is tried that must not be given up lightly.
const WRITES: u32 = 8;

/// Patience with a database that is away for a moment.
pub struct Patience<'a> {
    control: &'a Control,
    phase: Phase,
    failed: u32,
}

impl<'a> Patience<'a> {
    /// For one write.
    pub fn new(control: &'a Control, phase: Phase) -> Self {
        Self {
            control,
            phase,
            failed: 0,
        }
    }

    /// Waits a little after a failure, and longer after the next. After too many, the job is left to
    /// whoever takes it when the lease has lapsed.
    pub async fn after(&mut self, error: Error) -> Result<(), Halt> {
        self.failed += 1;
        if self.failed >= WRITES {
            tracing::error!(%error, "what became of a provisioning job cannot be written down");
            self.control.0.lost.cancel();
            return Err(Halt::Lost);
        }
        tracing::warn!(%error, "what became of a provisioning job is written down again");
        let pause = Duration::from_millis(50) * 2_u32.pow(self.failed);
        // Called off or not, what has happened is to be written down.
        match self.control.halt(self.phase) {
            Some(halt @ (Halt::Lost | Halt::Stopping)) => Err(halt),
            Some(Halt::Cancelled) | None => {
                sleep(pause).await;
                Ok(())
            }
        }
    }
}
