//! Runs an executable under its guard: reads all it prints, asks it to stop, kills it, and leaves nothing
//! behind, however the call ends.

use std::{io, path::Path};

use super::{
    Executable,
    answer::{Answer, How},
};
use crate::ports::provisioner::{Call, Failure};

/// How a process ended, and what it said.
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) answer: Answer,
}

/// Runs it, and waits for its end.
#[cfg(unix)]
pub(super) async fn run(
    executable: &Executable,
    file: &Path,
    action: &'static str,
    request: &[u8],
    call: Call<'_>,
) -> Result<Ended, Failure> {
    unix::run(executable, file, action, request, call)
        .await
        .map_err(|error: io::Error| {
            // Too many processes or open files, as a rule.
            Failure::retryable(format!("the executable cannot be started: {error}"))
        })
}

/// There are no process groups.
#[cfg(not(unix))]
pub(super) async fn run(
    _: &Executable,
    _: &Path,
    _: &'static str,
    _: &[u8],
    _: Call<'_>,
) -> Result<Ended, Failure> {
    Err(Failure::lasting(
        "the provisioner `command` needs a Unix system",
    ))
}

#[cfg(unix)]
mod unix {
    use std::{
        io,
        path::Path,
        pin::pin,
        process::{ExitStatus, Stdio},
        time::Duration,
    };

    use rustix::process::{Pid, Signal, kill_process_group};
    use tokio::{
        io::AsyncWriteExt,
        process::{Child, ChildStdin, Command},
        time::{sleep, timeout},
    };

    use super::Ended;
    use crate::ports::provisioner::{
        Call, Lease,
        command::{
            Executable, GUARD,
            answer::{Answer, How, hear_warning},
            lines,
        },
    };

    /// How long the end of the output is waited for when all processes are gone. Only one that left
    /// the group can still hold it open.
    const LAST_WORDS: Duration = Duration::from_millis(500);
    /// How much longer than the executable has to stop the guard may take to clear up.
    const TO_CLEAR_UP: Duration = Duration::from_millis(1500);

    /// A process group of ours.
    struct Group(Option<Pid>);

    impl Group {
        fn signal(&self, signal: Signal) {
            if let Some(leader) = self.0 {
                // An error means that nobody is left in it.
                kill_process_group(leader, signal).ok();
            }
        }
    }

    pub(super) async fn run(
        executable: &Executable,
        file: &Path,
        action: &'static str,
        request: &[u8],
        call: Call<'_>,
    ) -> io::Result<Ended> {
        let lease = call.lease.ends();
        if lease.has_come() {
            // Whoever has the job now may have begun.
            let (how, answer) = (How::Stopped, Answer::default());
            return Ok(Ended { how, answer });
        }
        let mut child = Command::new(&executable.guard)
            .arg(GUARD)
            .arg(executable.grace.as_millis().to_string())
            .arg(lease.to_string())
            .arg(file)
            .arg(action)
            .env_clear()
            .envs(
                executable
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let group = Group(group);
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        // Held open to the end: the guard ends everything when it closes, as it does when this future is
        // dropped, or brings no renewal in time.
        let mut lifeline = child.stdin.take().ok_or_else(gone)?;
        let out = child.stdout.take().ok_or_else(gone)?;
        let err = child.stderr.take().ok_or_else(gone)?;

        let mut answer = Answer::default();
        let mut warning = None;
        let status = {
            let mut reading = pin!(async {
                tokio::join!(
                    lines::each(out, |line, cut| answer.hear(line, cut, call.output)),
                    lines::each(err, |line, _| hear_warning(line, &mut warning, call.output)),
                );
            });
            let ending = async {
                // A guard that is gone before it has read everything says why by its status.
                lifeline.write_all(request).await.ok();
                wait(&mut child, &group, lifeline, executable.grace, call).await
            };
            let mut ending = pin!(ending);
            let mut read = false;
            let ended = loop {
                tokio::select! {
                    ended = &mut ending => break ended?,
                    () = &mut reading, if !read => read = true,
                }
            };
            // What it left behind.
            group.signal(Signal::KILL);
            if !read {
                timeout(LAST_WORDS, reading).await.ok();
            }
            ended
        };
        answer.warned(warning);
        Ok(Ended {
            how: status,
            answer,
        })
    }

    /// Waits for its end; brings it about when it is to stop.
    async fn wait(
        child: &mut Child,
        group: &Group,
        mut lifeline: ChildStdin,
        grace: Duration,
        call: Call<'_>,
    ) -> io::Result<How> {
        let ended = tokio::select! {
            status = child.wait() => Some(how(status?)),
            () = call.stop.cancelled() => None,
            () = renew(&mut lifeline, call.lease.clone()) => None,
        };
        let (how, stopped) = if let Some(how) = ended {
            // The guard may have been first to see that the lease was over.
            (how, call.lease.is_over())
        } else {
            // It asks the group to end, and sees that nothing is left.
            drop(lifeline);
            let status = tokio::select! {
                status = child.wait() => status?,
                () = sleep(grace + TO_CLEAR_UP) => {
                    group.signal(Signal::KILL);
                    child.wait().await?
                }
            };
            (self::how(status), true)
        };
        // What was finished in the last moment is finished.
        match how {
            How::Code(0) => Ok(How::Code(0)),
            _ if stopped => Ok(How::Stopped),
            how => Ok(how),
        }
    }

    /// Tells the guard of every renewal of the lease, to the end.
    async fn renew(lifeline: &mut ChildStdin, mut lease: Lease) {
        loop {
            let line = format!("{}\n", lease.renewed().await);
            // A guard that is gone says so by its status.
            lifeline.write_all(line.as_bytes()).await.ok();
        }
    }

    fn how(status: ExitStatus) -> How {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            // As the guard and shells say it.
            (Some(code @ 129..=192), _) => How::Signal(code - 128),
            (Some(code), _) => How::Code(code),
            (None, signal) => How::Signal(signal.unwrap_or_default()),
        }
    }
}
