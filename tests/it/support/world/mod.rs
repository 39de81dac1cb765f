//! A world of sites in a directory, and the executable that changes it, so that tests can count what was
//! really done and kill whoever does it at any point. The script beside this file says how.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{interval, timeout};

/// How long anything in a world may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The executable, for `PROVISION_COMMAND`.
pub const EXECUTABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/support/world/provisioner"
);

/// A world. Where it is has to be told to the executable by the variable `WORLD`.
pub struct World {
    dir: TempDir,
}

/// Something that was really done: the step `<verb>.<step>` of a job was performed, or undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The job.
    pub job: String,
    /// `<verb>.<step>`.
    pub step: String,
    /// `perform` or `undo`.
    pub what: String,
    /// The number that the worker had.
    pub fence: i64,
}

impl World {
    /// An empty one.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for part in ["pause", "at"] {
            fs::create_dir(dir.path().join(part)).expect("a directory can be made");
        }
        Self { dir }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// What goes wrong from now on, a line each, e.g. `create.new-site=fail:2`.
    pub fn script(&self, lines: &[&str]) {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        fs::write(self.file("script"), text).expect("the script can be written");
    }

    /// Lets whoever comes to a point stay there, e.g. `half.create.new-site`.
    pub fn pause(&self, point: &str) {
        fs::write(self.file("pause").join(point), "").expect("it can be written");
    }

    /// Lets go on who stays at a point, and who will come there.
    pub fn resume(&self, point: &str) {
        fs::remove_file(self.file("pause").join(point)).expect("it was paused");
        fs::remove_file(self.file("at").join(point)).ok();
    }

    /// Waits until somebody has come to a point; its process id. Nobody else is seen there until the next
    /// one comes.
    pub async fn reached(&self, point: &str) -> i32 {
        let file = self.file("at").join(point);
        let id = appears(&file).await;
        fs::remove_file(&file).expect("it can be removed");
        id.trim().parse().expect("a number")
    }

    /// Everything that was really done, in order.
    pub fn effects(&self) -> Vec<Effect> {
        let text = fs::read_to_string(self.file("effects.log")).unwrap_or_default();
        let effect = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let [job, step, what, fence] = words[..] else {
                panic!("{line}")
            };
            Effect {
                job: job.to_owned(),
                step: step.to_owned(),
                what: what.to_owned(),
                fence: fence.parse().expect("a number"),
            }
        };
        text.lines().map(effect).collect()
    }

    /// Every call so far, e.g. `perform create.new-site`.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("calls.log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What there is of a site, by file, in order; nothing if there is none.
    pub fn site(&self, name: &str) -> Vec<String> {
        names(&self.file("sites").join(name))
    }

    /// The names of all sites, in order.
    pub fn sites(&self) -> Vec<String> {
        names(&self.file("sites"))
    }

    /// The references of all backups, in order.
    pub fn backups(&self) -> Vec<String> {
        names(&self.file("backups"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// Waits for a file that appears whole; what is in it.
pub async fn appears(file: &Path) -> String {
    let mut look = interval(Duration::from_millis(5));
    let appeared = timeout(PATIENCE, async {
        loop {
            look.tick().await;
            if let Ok(text) = fs::read_to_string(file)
                && !text.is_empty()
            {
                return text;
            }
        }
    });
    let missing = || panic!("{} does not appear", file.display());
    appeared.await.unwrap_or_else(|_| missing())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
