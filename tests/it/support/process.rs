//! The real program as a process of its own, in an empty directory and with a bare environment.

use std::{
    io::{Read, Seek, Write},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use reqwest::Method;
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::{Actor, storage};
use crate::support::storage::Storage;

/// How long anything that a process does may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_erpmax");

/// A directory with a database of its own, in which the program is run.
pub struct Place {
    /// The working directory.
    pub dir: TempDir,
    /// The database; empty at first.
    pub storage: Storage,
    settings: Vec<(String, String)>,
    open_files: Option<u32>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether the exit status was 0.
    pub success: bool,
    /// Its exit status, unless a signal ended it.
    pub code: Option<i32>,
    /// What it answered.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

impl Place {
    /// On the stack that is tested.
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let storage = Storage::empty(dir.path()).await;
        let mut settings = vec![
            ("DATABASE_URL".to_owned(), storage.url.clone()),
            ("DATABASE_MAX_CONNECTIONS".to_owned(), "6".to_owned()),
            ("PORT".to_owned(), "0".to_owned()),
            ("LOG_FORMAT".to_owned(), "pretty".to_owned()),
        ];
        if storage::full_stack() {
            settings.push(("REDIS_URL".to_owned(), storage::redis_url()));
            settings.push(("REDIS_PREFIX".to_owned(), format!("{}:", storage.name)));
        }
        Self {
            dir,
            storage,
            settings,
            open_files: None,
        }
    }

    /// Runs with so many file descriptors, unless the program asks for more.
    pub fn limit_open_files(&mut self, limit: u32) {
        self.open_files = Some(limit);
    }

    /// Runs with one more setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Runs without a setting.
    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| known != name);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let command = match self.open_files {
            None => Command::new(PROGRAM),
            Some(limit) => {
                let mut shell = Command::new("bash");
                let limited = format!("ulimit -Sn {limit} && exec \"$0\" \"$@\"");
                shell.args(["-c", &limited, PROGRAM]);
                shell
            }
        };
        self.prepared(command, arguments, true)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str], bare: bool) -> Command {
        if bare {
            command.env_clear();
        }
        command
            .args(arguments)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        end(self.command(arguments)).await
    }

    /// Runs a command to its end that reads this text.
    pub async fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(input.as_bytes()).expect("it can be written");
        file.rewind().expect("it can be read from its start");
        let mut command = self.command(arguments);
        command.stdin(Stdio::from(file));
        end(command).await
    }

    /// Runs a command at a terminal and answers its questions; how it ended, and what the terminal
    /// has shown of what was typed.
    #[cfg(unix)]
    pub async fn type_into(
        &self,
        arguments: &[&str],
        dialogue: impl Iterator<Item = (&str, &str)>,
    ) -> (Ended, String) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let master = openpt(flags).expect("a terminal");
        grantpt(&master).expect("it can be given away");
        unlockpt(&master).expect("it can be opened");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let mut terminal = std::fs::OpenOptions::new();
        terminal.read(true).write(true);
        let keyboard = terminal.open(name.to_str().expect("its name is text"));
        let keyboard = keyboard.expect("it can be opened");
        let watched = keyboard.try_clone().expect("it can be shared");
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::from(keyboard))
            .spawn()
            .expect("the program can be started");
        let mut master = std::fs::File::from(master);
        let mut questions = child.stderr.take().expect("a pipe");
        for (question, answer) in dialogue {
            let mut asked = String::new();
            while !asked.ends_with(question) {
                let byte = timeout(PATIENCE, questions.read_u8()).await;
                asked.push(byte.expect("it asks in time").expect("it asks").into());
            }
            writeln!(master, "{answer}").expect("it can be typed");
        }
        let mut err = String::new();
        let reading = questions.read_to_string(&mut err);
        let (output, read) = tokio::join!(timeout(PATIENCE, child.wait_with_output()), reading);
        read.expect("it complains in text");
        let mut ended = Ended::of(&output.expect("the command ends").expect("a status"));
        ended.err = err;
        // A mark of ours, so that reading ends.
        writeln!(&watched, "the end").expect("it can be shown");
        let mut shown = String::new();
        let mut byte = [0];
        while !shown.contains("the end") {
            master.read_exact(&mut byte).expect("it can be read");
            shown.push(byte[0].into());
        }
        (ended, shown)
    }

    /// Runs a script as a person types it, who has the program, the settings and these variables.
    pub async fn bash(&self, script: &str, variables: &[(&str, &str)]) -> Ended {
        let bash = Command::new("bash");
        let mut command = self.prepared(bash, &["-euo", "pipefail", "-c", script], false);
        let programs = Path::new(PROGRAM).parent().expect("it lies in a directory");
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", programs.display()));
        command.envs(variables.iter().copied());
        end(command).await
    }

    /// Starts a command, to do something to it.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let child = self.command(arguments).spawn();
        Running(child.expect("the program can be started"))
    }

    /// Runs a command that must succeed; what it answered.
    pub async fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(ended.success, "{arguments:?} failed: {ended:#?}");
        ended.out
    }

    /// Starts the server and waits until it says where it listens.
    pub async fn serve(&self) -> Server {
        let listens = |line: &str| {
            let mut words = line.split_whitespace();
            let address = words.find(|word| word.starts_with("http://127"))?;
            let address = line.contains("GraphQL").then_some(address)?;
            Some(address.trim_end_matches("/graphql").to_owned())
        };
        self.stay("serve", listens).await
    }

    /// Starts a worker and waits until it says that it works.
    pub async fn worker(&self) -> Server {
        let works = |line: &str| line.contains("Ctrl-C stops it").then(String::new);
        self.stay("worker", works).await
    }

    /// Starts what stays, and waits for the line that tells where.
    async fn stay(&self, command: &str, tells: fn(&str) -> Option<String>) -> Server {
        let mut child = self
            .command(&[command])
            .spawn()
            .expect("the program can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut said = String::new();
        let base = timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.expect("text") {
                said.push_str(&line);
                said.push('\n');
                let told = tells(&line);
                if told.is_some() {
                    return told;
                }
            }
            None
        })
        .await
        .expect("it starts in time");
        let Some(base) = base else {
            let mut err = String::new();
            if let Some(mut pipe) = child.stderr.take() {
                let _ = pipe.read_to_string(&mut err).await;
            }
            panic!("`{command}` ended before it was there: {said}\n{err}");
        };
        Server {
            child,
            lines: lines.into_inner(),
            base,
            said,
        }
    }

    /// Tidies away.
    pub async fn remove(self) {
        self.storage.remove().await;
    }

    /// The directory of the program's files.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

async fn end(mut command: Command) -> Ended {
    let ended = timeout(PATIENCE, command.output()).await;
    let output = ended.expect("the command ends");
    Ended::of(&output.expect("the program can be started"))
}

/// A command that runs.
pub struct Running(Child);

impl Running {
    /// Sends a signal, as a supervisor or a person does.
    pub fn signal(&self, signal: Signal) {
        send(&self.0, signal);
    }

    /// Waits for its end; its exit status, unless a signal ended it.
    pub async fn wait(&mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.0.wait()).await;
        ended.expect("it ends").expect("a status").code()
    }
}

fn send(child: &Child, signal: Signal) {
    let id = child.id().expect("it runs");
    let id = Pid::from_raw(id.try_into().expect("a small number")).expect("not zero");
    kill_process(id, signal).expect("the signal can be sent");
}

/// A process that stays.
pub struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Where it listens, if it serves.
    pub base: String,
    /// What it said up to then.
    pub said: String,
}

impl Server {
    /// Somebody without an account.
    pub fn visitor(&self) -> Actor {
        Actor {
            base: self.base.as_str().into(),
            http: reqwest::Client::new(),
            email: String::new(),
            id: String::new(),
            access: None,
            refresh: String::new(),
        }
    }

    /// Whether it still answers.
    pub async fn lives(&self) -> bool {
        self.visitor()
            .send(Method::GET, "/health", None)
            .await
            .status
            == 200
    }

    /// Sends a signal, as a supervisor or a person does.
    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Waits for its end; its exit status and all it said.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let mut err = self.child.stderr.take().expect("a pipe");
        let (mut out, mut complaints) = (String::new(), String::new());
        let status = timeout(PATIENCE, async {
            let (status, ..) = tokio::join!(
                self.child.wait(),
                self.lines.read_to_string(&mut out),
                err.read_to_string(&mut complaints),
            );
            status.expect("a status")
        });
        let status = status.await.expect("it stops in time");
        (status.code(), format!("{}{out}{complaints}", self.said))
    }

    /// Stops it gently and asserts that it went well.
    pub async fn stop(self) {
        self.signal(Signal::TERM);
        let (code, said) = self.ended().await;
        assert_eq!(code, Some(0), "{said}");
    }
}

/// Waits until something holds that another task or process brings about.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Waits until a letter to an address lies in a directory; its text.
pub async fn letter_to(mail: &Path, address: &str) -> String {
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    let found = timeout(PATIENCE, async {
        loop {
            interval.tick().await;
            for file in std::fs::read_dir(mail).into_iter().flatten().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                if text.starts_with(&format!("To: {address}\n")) {
                    return text;
                }
            }
        }
    });
    found.await.expect("the letter comes in time")
}
