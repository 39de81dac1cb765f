//! The process between us and an executable. It is the leader of the process group that the executable
//! and all it starts belong to, and holds the reading end of a pipe of ours: when that closes, because we
//! died or gave the call up, it ends everything. So it does when our lease is over: each renewal is written
//! into the pipe as the moment until which the job is ours, and when the last one has come, we stand still or
//! cannot reach the database, and somebody else may begin. So nothing goes on working on a site after its
//! worker is gone.
//!
//! The environment here is the executable's: no settings are read.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use crate::ports::provisioner::Moment;

/// The first argument that makes the program a guard.
pub const GUARD: &str = "provision-guard";

/// Becomes the guard of an executable:
/// `<milliseconds of grace> <until when> <executable> <action>`.
pub fn guard(arguments: &[OsString]) -> ExitCode {
    let [grace, until, executable, action] = arguments else {
        complain("this is run by the worker, not by people");
        return ExitCode::from(64);
    };
    let grace = grace.to_str().and_then(|grace| grace.parse().ok());
    let until = until.to_str().and_then(|until| until.parse().ok());
    let (Some(grace), Some(until)) = (grace, until) else {
        complain("the times are not numbers");
        return ExitCode::from(64);
    };
    let limits = Limits {
        grace: Duration::from_millis(grace),
        until,
    };
    match watch(limits, executable, action) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Tenants read it, and where our files are is not for them.
            complain(&format!("the executable cannot be run: {error}"));
            ExitCode::from(match error.kind() {
                io::ErrorKind::NotFound => 127,
                _ => 126,
            })
        }
    }
}

/// How long an executable may work.
#[derive(Clone, Copy)]
#[cfg_attr(not(unix), expect(dead_code, reason = "nothing is run"))]
struct Limits {
    /// For how long it is asked to stop before it is killed.
    grace: Duration,
    /// When it is to be stopped, unless the lease is renewed.
    until: Moment,
}

fn complain(text: &str) {
    // Where nobody listens, nobody is missed.
    writeln!(io::stderr(), "{text}").ok();
}

#[cfg(not(unix))]
fn watch(_: Limits, _: &OsStr, _: &OsStr) -> io::Result<u8> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn watch(limits: Limits, executable: &OsStr, action: &OsStr) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(unix::watch(limits, executable, action))
}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        io,
        os::{fd::AsFd, unix::process::ExitStatusExt},
        process::{Command, ExitStatus, Stdio},
    };

    use rustix::process::{Signal, getpgrp, kill_process_group};
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::unix::pipe,
        process::ChildStdin,
        signal::unix::{SignalKind, signal},
        time::timeout,
    };

    use super::Limits;
    use crate::ports::provisioner::{Moment, command::family::Family};

    /// How it ends when nobody wants it any more.
    const UNWANTED: u8 = 75;

    /// Runs it to its end, or ends it. Its exit code, or 128 and the signal that ended it.
    pub(super) async fn watch(
        limits: Limits,
        executable: &OsStr,
        action: &OsStr,
    ) -> io::Result<u8> {
        // Signals to the group are for the others; we see how they end. Held until the end.
        let _deaf = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ];
        let mut family = Family::new()?;
        let mut lifeline = Lifeline::new(limits.until)?;
        let Some(request) = lifeline.request().await else {
            // Whoever wanted it is gone already, or has been replaced.
            return Ok(UNWANTED);
        };
        // Buried by the family, and by nobody else.
        let mut child = Command::new(executable)
            .arg(action)
            .stdin(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().map(ChildStdin::from_std).transpose()?;
        let telling = async {
            if let Some(mut stdin) = stdin {
                // It need not read it.
                stdin.write_all(&request).await.ok();
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = family.ended(child.id()) => Some(ended?),
            () = lifeline.ended() => None,
            () = telling => None,
        };
        let status = if ended.is_some() {
            ended
        } else {
            Family::ask_to_end();
            let ended = timeout(limits.grace, family.ended(child.id())).await;
            ended.ok().transpose()?
        };
        // What it left behind ends too, wherever it has gone.
        if !family.kill().await {
            // As far as the group goes. Whoever still wants the call kills it when we have said how it ended.
            match status {
                Some(_) => Family::ask_to_end(),
                None => kill_process_group(getpgrp(), Signal::KILL)?,
            }
        }
        Ok(status.map_or(UNWANTED, code))
    }

    /// What whoever wants the call says: what it wants, and until when it may.
    struct Lifeline {
        pipe: BufReader<pipe::Receiver>,
        until: Moment,
    }

    impl Lifeline {
        fn new(until: Moment) -> io::Result<Self> {
            let pipe = io::stdin().as_fd().try_clone_to_owned()?;
            let pipe = BufReader::new(pipe::Receiver::from_owned_fd(pipe)?);
            Ok(Self { pipe, until })
        }

        /// The first line; nothing when it does not come in time.
        async fn request(&mut self) -> Option<Vec<u8>> {
            let request = self.line().await?;
            (!self.until.has_come()).then_some(request)
        }

        /// Waits until whoever wanted the call is gone, or has not said in time that it still may.
        async fn ended(&mut self) {
            while let Some(line) = self.line().await {
                let said = str::from_utf8(&line).ok();
                let Some(Ok(until)) = said.map(|said| said.trim_end().parse()) else {
                    return;
                };
                self.until = until;
            }
        }

        /// The next line, if it comes in time. What has come is read first, however late it is.
        async fn line(&mut self) -> Option<Vec<u8>> {
            let mut line = Vec::new();
            tokio::select! {
                biased;
                read = self.pipe.read_until(b'\n', &mut line) => drop(read.ok()?),
                () = self.until.come() => return None,
            }
            (line.last() == Some(&b'\n')).then_some(line)
        }
    }

    fn code(status: ExitStatus) -> u8 {
        let code = status.code().or_else(|| Some(128 + status.signal()?));
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(u8::MAX)
    }
}
