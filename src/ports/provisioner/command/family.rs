//! All that an executable has started, and its end. The guard is the leader of their process group, and on
//! Linux their reaper, too: whoever loses its parent becomes its child, also from another group or
//! session, so that nobody gets out of its sight.

#[cfg(target_os = "linux")]
use std::time::Duration;
use std::{io, process::ExitStatus};

use rustix::process::{Signal as Word, WaitOptions, getpgrp, kill_process_group, wait};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long it may take until all are gone that were killed.
#[cfg(target_os = "linux")]
const TO_GO: Duration = Duration::from_secs(5);
/// After so long those that are still there are killed again.
#[cfg(target_os = "linux")]
const AGAIN: Duration = Duration::from_millis(10);

/// The processes below this one.
pub(super) struct Family {
    deaths: Signal,
}

/// Who was buried.
enum Buried {
    /// The one that was looked for, which has ended so.
    Looked(ExitStatus),
    /// All that were dead, and some live.
    Dead,
    /// All: there is no child any more.
    All,
}

impl Family {
    /// To be called before the first process is started.
    pub(super) fn new() -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let deaths = signal(SignalKind::child())?;
        Ok(Self { deaths })
    }

    /// Waits for the end of one of them; the others that end are buried.
    pub(super) async fn ended(&mut self, member: u32) -> io::Result<ExitStatus> {
        loop {
            match bury(Some(member))? {
                Buried::Looked(status) => return Ok(status),
                Buried::All => return Err(io::ErrorKind::NotFound.into()),
                Buried::Dead => {}
            }
            self.deaths.recv().await;
        }
    }

    /// Asks the group to end. This process has to be deaf to it.
    pub(super) fn ask_to_end() {
        kill_process_group(getpgrp(), Word::TERM).ok();
    }

    /// Kills all of them; `false` when that cannot be done, or cannot be seen.
    #[cfg(target_os = "linux")]
    pub(super) async fn kill(&mut self) -> bool {
        let killing = async {
            loop {
                match bury(None) {
                    Ok(Buried::All) => return true,
                    Ok(Buried::Looked(_) | Buried::Dead) => {}
                    Err(_) => return false,
                }
                let Ok(living) = linux::below(std::process::id()) else {
                    return false;
                };
                for member in living {
                    // One that is gone meanwhile is gone.
                    rustix::process::kill_process(member, Word::KILL).ok();
                }
                tokio::select! {
                    _ = self.deaths.recv() => {}
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        };
        tokio::time::timeout(TO_GO, killing).await.unwrap_or(false)
    }

    /// Nobody can tell who belongs to it.
    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub(super) async fn kill(&mut self) -> bool {
        false
    }
}

/// Buries the dead, up to the one that is looked for.
fn bury(looked: Option<u32>) -> io::Result<Buried> {
    use std::os::unix::process::ExitStatusExt;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((who, status))) => {
                let who = u32::try_from(who.as_raw_nonzero().get()).ok();
                if who.is_some() && who == looked {
                    return Ok(Buried::Looked(ExitStatus::from_raw(status.as_raw())));
                }
            }
            Ok(None) => return Ok(Buried::Dead),
            Err(rustix::io::Errno::CHILD) => return Ok(Buried::All),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Who belongs to whom, from `/proc`.
#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, io};

    use rustix::process::Pid;

    struct Process {
        id: u32,
        parent: u32,
    }

    /// All living processes below one.
    pub(super) fn below(root: u32) -> io::Result<Vec<Pid>> {
        let processes = processes()?;
        let mut found = vec![root];
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            let children = processes.iter().filter(|process| process.parent == parent);
            found.extend(children.map(|process| process.id));
            at += 1;
        }
        let pid = |id: &u32| Pid::from_raw(i32::try_from(*id).ok()?);
        Ok(found.iter().skip(1).filter_map(pid).collect())
    }

    fn processes() -> io::Result<Vec<Process>> {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Ok(entry) = entry else { continue };
            let Some(id) = entry.file_name().to_str().and_then(|it| it.parse().ok()) else {
                continue;
            };
            // Gone meanwhile, or somebody else's.
            let stat = fs::read_to_string(entry.path().join("stat"));
            if let Some(parent) = stat.ok().as_deref().and_then(parent) {
                processes.push(Process { id, parent });
            }
        }
        Ok(processes)
    }

    /// The parent of a process that lives, from its `stat`: `1 (any name) S 0 …`.
    fn parent(stat: &str) -> Option<u32> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut words = rest.split(' ');
        let lives = !matches!(words.next()?, "Z" | "X");
        let parent = words.next()?.parse().ok()?;
        lives.then_some(parent)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_name_may_look_like_the_rest() {
            for (stat, expected) in [
                ("7 (bash) S 5 7 7 0", Some(5)),
                ("7 (a) Z 9 (b) R 5 7 7 0", Some(5)),
                ("7 (bash) Z 5 7 7 0", None),
                ("7 (bash) S", None),
                ("", None),
            ] {
                assert_eq!(parent(stat), expected, "{stat}");
            }
        }
    }
}
