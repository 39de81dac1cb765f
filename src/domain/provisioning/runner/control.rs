//! Whether a run may go on. A heartbeat renews the lease, and notices that the job was called off or
//! is somebody else's; whoever works asks here, and is told at once.

use std::{sync::Arc, time::Duration};

use entity::ids::ProvisioningJobId;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    claim_store::{self, Standing},
    hold::{Claimed, Hold},
};
use crate::{
    config::Provisioning,
    domain::{cx::Cx, db, event::DomainEvent, signal::Signal},
    error::{Error, Result},
    ports::provisioner::{Lease, Moment},
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
    /// The database does not take what is to be written: trying again, here or elsewhere, does not help.
    Refused,
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
    /// Until when commands may go on that we cannot stop any more, and who tells them.
    lease: Lease,
    renewals: watch::Sender<Moment>,
}

impl Control {
    /// For a job that was claimed just now. The heartbeat beats until the guard is dropped.
    pub fn start(cx: &Cx, claimed: &Claimed) -> (Self, DropGuard) {
        let (hold, asked_at) = (claimed.hold(), claimed.asked_at);
        let spans = Spans::of(&cx.app().config.provisioning);
        let (renewals, lease) = Lease::until(asked_at.after(spans.theirs));
        let control = Self(Arc::new(Inner {
            cx: cx.clone(),
            hold,
            cancelled: CancellationToken::new(),
            lost: CancellationToken::new(),
            stopping: cx.app().shutdown.clone(),
            lease,
            renewals,
        }));
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        let beating = control.clone();
        cx.app().spawn("heartbeat", async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = beating.beat(asked_at, spans) => {}
            }
        });
        (control, guard)
    }

    /// The proof with which the job is written.
    pub fn hold(&self) -> Hold {
        self.0.hold
    }

    /// How long what works for us may go on.
    pub fn lease(&self) -> &Lease {
        &self.0.lease
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
            lease,
            ..
        } = &*self.0;
        if lost.is_cancelled() || lease.is_over() {
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
    /// another one may begin; where it cannot even do that, the command's guard does.
    async fn beat(&self, claimed_at: Moment, spans: Spans) {
        let every = self.0.cx.app().config.provisioning.heartbeat;
        let mut bus = self.0.cx.app().bus.subscribe();
        let now = Instant::now();
        let mut ours_until = now + spans.ours.saturating_sub(claimed_at.elapsed());
        let mut next = now + every.saturating_sub(claimed_at.elapsed());
        loop {
            let heard = async {
                loop {
                    match bus.recv().await {
                        Ok(told) if calls_off(&told, self.0.hold.job_id) => return,
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = heard => {}
            }
            let (asked_at, moment) = (Instant::now(), Moment::now());
            match timeout_at(ours_until, self.look()).await {
                Ok(Ok(Standing::Lost)) => return,
                Ok(Ok(Standing::Wanted | Standing::Unwanted)) => {
                    ours_until = asked_at + spans.ours;
                    self.0.renewals.send_replace(moment.after(spans.theirs));
                }
                Ok(Err(error)) if Instant::now() < ours_until => {
                    tracing::warn!(
                        %error, provisioning.job = %self.0.hold.job_id,
                        "a provisioning job's lease could not be renewed"
                    );
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::error!(
                        provisioning.job = %self.0.hold.job_id,
                        "a provisioning job's lease ran out: its command is stopped"
                    );
                    self.0.lost.cancel();
                    return;
                }
            }
            next = asked_at + every;
        }
    }
}

/// How much of a lease is used.
#[derive(Clone, Copy)]
struct Spans {
    /// After so long without a renewal we stop the command.
    ours: Duration,
    /// After so long its guard does, because we have not. Then it still has its time to stop before the
    /// lease has lapsed.
    theirs: Duration,
}

impl Spans {
    fn of(settings: &Provisioning) -> Self {
        let before = |spare: Duration| settings.lease.saturating_sub(settings.stop_grace + spare);
        Self {
            ours: before(settings.heartbeat),
            theirs: before(settings.heartbeat / 2),
        }
    }
}

fn calls_off(signal: &Signal, id: ProvisioningJobId) -> bool {
    let Signal::Event(told) = signal else {
        return false;
    };
    matches!(&told.event, DomainEvent::JobCancelled(job) if job.job_id == id)
}

/// How often a write is tried that must not be given up lightly.
const WRITES: u32 = 8;

/// Patience with a database that is away for a moment.
pub struct Patience<'a> {
    control: &'a Control,
    phase: Phase,
    /// What is read or written, for the log, and of which step.
    what: &'static str,
    step: Option<&'a str>,
    failed: u32,
}

impl<'a> Patience<'a> {
    /// For one write, or one question.
    pub fn new(control: &'a Control, phase: Phase, what: &'static str) -> Self {
        Self {
            control,
            phase,
            what,
            step: None,
            failed: 0,
        }
    }

    /// It is about this step.
    #[must_use]
    pub fn about(mut self, step: &'a str) -> Self {
        self.step = Some(step);
        self
    }

    /// Waits a little after a failure, and longer after the next. After too many, the job is left to
    /// whoever takes it when the lease has lapsed.
    pub async fn after(&mut self, error: Error) -> Result<(), Halt> {
        self.failed += 1;
        let (job, step, what) = (self.control.hold().job_id, self.step, self.what);
        if let Some(cause) = db::refusal(&error) {
            // Never the value, which the error may quote.
            tracing::error!(
                provisioning.job = %job, provisioning.step = step, what, %cause,
                "the database refuses what is to be written of a provisioning job"
            );
            return Err(Halt::Refused);
        }
        if self.failed >= WRITES {
            tracing::error!(
                %error, provisioning.job = %job, provisioning.step = step, what,
                "what became of a provisioning job cannot be written down"
            );
            self.control.0.lost.cancel();
            return Err(Halt::Lost);
        }
        tracing::warn!(
            %error, provisioning.job = %job, provisioning.step = step, what,
            "the database is asked again about a provisioning job"
        );
        let pause = Duration::from_millis(50) * 2_u32.pow(self.failed);
        // Called off or not, what has happened is to be written down.
        match self.control.halt(self.phase) {
            Some(halt @ (Halt::Lost | Halt::Stopping)) => Err(halt),
            Some(Halt::Cancelled | Halt::Refused) | None => {
                sleep(pause).await;
                Ok(())
            }
        }
    }
}
