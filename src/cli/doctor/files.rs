//! The directory of the program's files: can it be written to, is there room?

use std::path::{Path, PathBuf};

use super::{Facts, check::Check};
use crate::ports::clock::Ids;

/// With less, writing is about to fail.
const ROOM_MIN: u64 = 100 << 20;
/// With less, somebody should make room.
const ROOM_NOTED: u64 = 1 << 30;

/// Looks at the directory, off the async threads.
pub(super) async fn look(facts: &Facts) -> Check {
    if facts.config.environment.is_production() {
        return Check::off("files", "production keeps nothing in files");
    }
    if let Some(problem) = facts.problem("DATA_DIR") {
        let reason = "not tried: DATA_DIR cannot be used";
        return Check::failed("files", reason, problem.to_string());
    }
    let dir = facts.config.data_dir.clone();
    let looked = tokio::task::spawn_blocking(move || look_at(&dir)).await;
    looked.unwrap_or_else(|error| Check::failed("files", error.to_string(), "please report this"))
}

fn look_at(dir: &Path) -> Check {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    // What is not there will be made in what is.
    let Some(there) = absolute.ancestors().find(|path| path.exists()) else {
        return Check::failed(
            "files",
            format!("there is no {}", dir.display()),
            "set DATA_DIR",
        );
    };
    let advice = "let the server's user write there, or set DATA_DIR to where it may";
    if !there.is_dir() {
        let reason = format!("{} is no directory", there.display());
        return Check::failed("files", reason, advice);
    }
    if let Err(error) = write(there) {
        let reason = format!("{} cannot be written to: {error}", there.display());
        return Check::failed("files", reason, advice);
    }
    let made = if there == absolute {
        ""
    } else {
        " (made at the first start)"
    };
    let place = format!("{}{made}", dir.display());
    let Some(room) = room(there) else {
        return Check::ok("files", format!("{place} can be written to"));
    };
    let reason = format!("{place} can be written to, {} MiB free", room >> 20);
    if room < ROOM_MIN {
        Check::failed("files", reason, "make room on the disk, or move DATA_DIR")
    } else if room < ROOM_NOTED {
        Check::warning("files", reason, "make room on the disk, or move DATA_DIR")
    } else {
        Check::ok("files", reason)
    }
}

/// Makes a file and removes it.
fn write(dir: &Path) -> std::io::Result<()> {
    let file: PathBuf = dir.join(format!(".erpmax-doctor-{}", Ids::system().next()));
    std::fs::write(&file, b"written by `erpmax doctor`; can be deleted")?;
    std::fs::remove_file(&file)
}

#[cfg(unix)]
fn room(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<u64> {
    None
}
