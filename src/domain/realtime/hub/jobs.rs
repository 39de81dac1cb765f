//! What the jobs of a tenant say while they run. Their lines and progress are no events: the tables have
//! them, and a room that somebody listens to looks there, at most twice a second for each job.

use std::{collections::HashMap, time::Duration};

use entity::{
    ids::{ProvisioningJobId, TenantId},
    provisioning_job::JobStatus,
};
use tokio::time::{Instant, sleep_until};

use crate::{
    domain::{
        cx::Cx,
        event::{DomainEvent, JobFacts, Stream},
        provisioning::{self, Said},
        realtime::Told,
        signal::JobSignal,
    },
    error::Result,
};

/// How soon a job that runs is looked at again, and twice as soon when it is said to have said something;
/// each look tells at most its progress and its lines.
const EVERY: Duration = Duration::from_secs(1);
/// How long a running job may be silent before it is looked at unasked, as while the bus is away.
const SILENCE: Duration = Duration::from_secs(2);
/// How many lines are told at a time.
const LINES: u64 = 200;

/// The jobs that a room tells of.
#[derive(Debug)]
pub struct Jobs {
    tenant: Option<TenantId>,
    watched: HashMap<ProvisioningJobId, Watched>,
}

#[derive(Debug)]
struct Watched {
    /// The last line that was told.
    line: i64,
    /// Lines of earlier attempts are old.
    attempt: i32,
    /// What was told last of its progress.
    progress: Option<(i32, String)>,
    look_at: Instant,
}

impl Watched {
    fn new(line: i64, attempt: i32, look_at: Instant) -> Self {
        Self {
            line,
            attempt,
            progress: None,
            look_at,
        }
    }
}

impl Jobs {
    /// Of the tenant whose stream it is, if it is one's.
    pub fn new(stream: Stream) -> Self {
        let tenant = match stream {
            Stream::Tenant(tenant) => Some(tenant),
            Stream::User(_) => None,
        };
        Self {
            tenant,
            watched: HashMap::new(),
        }
    }

    /// Finds the job that is under way.
    pub async fn begin(&mut self, cx: &Cx) -> Result<()> {
        self.watched.clear();
        let Some(tenant) = self.tenant else {
            return Ok(());
        };
        if let Some((job, attempt, line)) = provisioning::under_way(cx, tenant).await? {
            let watched = Watched::new(line, attempt, Instant::now() + SILENCE);
            self.watched.insert(job, watched);
        }
        Ok(())
    }

    /// A job is said to have said something.
    pub fn note(&mut self, signal: JobSignal) {
        let now = Instant::now();
        let before = signal.first_line.map_or(i64::MAX, |first| first - 1);
        self.watched
            .entry(signal.job_id)
            .and_modify(|watched| watched.look_at = watched.look_at.min(now + EVERY / 2))
            .or_insert_with(|| Watched::new(before, 0, now));
    }

    /// Something happened to a job.
    pub fn hear(&mut self, event: &DomainEvent) {
        if let DomainEvent::JobStarted(job) = event {
            let mut watched = Watched::new(0, job.attempt, Instant::now() + EVERY);
            watched.progress = Some((job.progress, job.message.clone()));
            self.watched.insert(job.job_id, watched);
        }
    }

    /// When something may have to be told.
    pub async fn due(&self) {
        match self.watched.values().map(|watched| watched.look_at).min() {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// What those jobs have to tell whose turn it is.
    pub async fn look(&mut self, cx: &Cx) -> Vec<Told> {
        let now = Instant::now();
        let mut told = Vec::new();
        let mut over = Vec::new();
        for (id, watched) in &mut self.watched {
            if watched.look_at > now {
                continue;
            }
            watched.look_at = now + SILENCE;
            match said(cx, *id, watched).await {
                Ok(Some((said, more))) => {
                    let progress = (said.job.progress, said.job.message.clone());
                    if more {
                        watched.look_at = now + EVERY;
                    }
                    if said.status != JobStatus::InProgress {
                        // What it has left to say is told first.
                        if !more {
                            over.push(*id);
                        }
                    } else if watched.progress.as_ref() != Some(&progress) {
                        watched.progress = Some(progress);
                        told.push(Told::StatusUpdate {
                            job: said.job.clone(),
                            status: said.status,
                        });
                    }
                    told.extend(lines(said));
                }
                Ok(None) => over.push(*id),
                Err(error) => tracing::warn!(%error, job.id = %id, "a job cannot be looked at"),
            }
        }
        for id in over {
            self.watched.remove(&id);
        }
        told
    }

    /// What a job has left to say before its end is told.
    pub async fn end(&mut self, cx: &Cx, id: ProvisioningJobId) -> Vec<Told> {
        let mut told = Vec::new();
        let Some(mut watched) = self.watched.remove(&id) else {
            return told;
        };
        loop {
            match said(cx, id, &mut watched).await {
                Ok(Some((said, more))) => {
                    told.extend(lines(said));
                    if !more {
                        return told;
                    }
                }
                Ok(None) => return told,
                Err(error) => {
                    tracing::warn!(%error, job.id = %id, "the last lines of a job cannot be read");
                    return told;
                }
            }
        }
    }
}

/// What a job has said since, and whether there is more.
async fn said(
    cx: &Cx,
    id: ProvisioningJobId,
    watched: &mut Watched,
) -> Result<Option<(Said, bool)>> {
    let said = provisioning::said(cx, id, (watched.attempt, watched.line), LINES).await?;
    Ok(said.map(|said| {
        if let Some(last) = said.lines.last() {
            watched.line = last.seq;
        } else if watched.line == i64::MAX {
            watched.line = said.last_line;
        }
        let more = said.lines.len() == usize::try_from(LINES).unwrap_or(usize::MAX);
        (said, more)
    }))
}

fn lines(said: Said) -> Option<Told> {
    let Said { job, lines, .. } = said;
    let job: JobFacts = job;
    (!lines.is_empty()).then_some(Told::StatusLog { job, lines })
}
