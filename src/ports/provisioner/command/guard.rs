//! The process between us and an executable. It is the leader of the process group that the executable
//! and all it starts belong to, and holds the reading end of a pipe of ours: when that closes, because we
//! died or gave the call up, it ends the whole group. So nothing goes on working on a site after its
//! worker is gone.
//!
//! The environment here is the executable's: no settings are read.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    process::ExitCode,
};

/// The first argument that makes the program a guard.
pub const GUARD: &str = "provision-guard";

/// Becomes the guard of an executable: `<milliseconds of grace> <executable> <action>`.
pub fn guard(arguments: &[OsString]) -> ExitCode {
    let [grace, executable, action] = arguments else {
        complain("this is run by the worker, not by people");
        return ExitCode::from(64);
    };
    let Some(grace) = grace.to_str().and_then(|grace| grace.parse().ok()) else {
        complain("the grace period is not a number");
        return ExitCode::from(64);
    };
    match watch(std::time::Duration::from_millis(grace), executable, action) {
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

fn complain(text: &str) {
    // Where nobody listens, nobody is missed.
    writeln!(io::stderr(), "{text}").ok();
}

#[cfg(not(unix))]
fn watch(_: std::time::Duration, _: &OsStr, _: &OsStr) -> io::Result<u8> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn watch(grace: std::time::Duration, executable: &OsStr, action: &OsStr) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(unix::watch(grace, executable, action))
}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        io,
        os::{fd::AsFd, unix::process::ExitStatusExt},
        process::{ExitStatus, Stdio},
        time::Duration,
    };

    use rustix::process::{Signal, getpgrp, kill_process_group};
    use tokio::{
        io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
        net::unix::pipe,
        process::{Child, Command},
        signal::unix::{SignalKind, signal},
        time::sleep,
    };

    /// Runs it to its end, or ends it. Its exit code, or 128 and the signal that ended it.
    pub(super) async fn watch(
        grace: Duration,
        executable: &OsStr,
        action: &OsStr,
    ) -> io::Result<u8> {
        // Signals to the group are for the others; we see how they end. Held until the end.
        let _deaf = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ];
        let lifeline = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
        let mut lifeline = BufReader::new(lifeline);
        let mut request = Vec::new();
        lifeline.read_until(b'\n', &mut request).await?;
        if request.last() != Some(&b'\n') {
            // Whoever wanted it is gone already.
            return Ok(75);
        }
        let mut child = Command::new(executable)
            .arg(action)
            .stdin(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let telling = async {
            if let Some(mut stdin) = stdin {
                // It need not read it.
                stdin.write_all(&request).await.ok();
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = child.wait() => Some(ended?),
            () = closed(&mut lifeline) => None,
            () = telling => None,
        };
        match ended {
            Some(status) => {
                // What it left behind ends too; whoever wanted the call makes sure of that.
                kill_process_group(getpgrp(), Signal::TERM).ok();
                Ok(code(status))
            }
            None => end(&mut child, grace).await,
        }
    }

    /// Waits for the end of who wanted the call.
    async fn closed(lifeline: &mut BufReader<pipe::Receiver>) {
        let mut bytes = [0; 64];
        while lifeline.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    }

    /// Asks the group to end, and then ends it, this process included.
    async fn end(child: &mut Child, grace: Duration) -> io::Result<u8> {
        kill_process_group(getpgrp(), Signal::TERM).ok();
        tokio::select! {
            _ = child.wait() => {}
            () = sleep(grace) => {}
        }
        kill_process_group(getpgrp(), Signal::KILL)?;
        Ok(75)
    }

    fn code(status: ExitStatus) -> u8 {
        let code = status.code().or_else(|| Some(128 + status.signal()?));
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(u8::MAX)
    }
}
