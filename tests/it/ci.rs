//! The scripts of `.ci`, on a machine that has nothing: what they would install and start there. Commands of
//! such a machine only write down that they were called, and apt-get brings more of them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What is on any Debian machine.
const BASE: [&str; 9] = [
    "awk", "bash", "cat", "dirname", "env", "mkdir", "rm", "sed", "touch",
];
/// What packages bring.
const PACKAGES: [(&str, &[&str]); 7] = [
    (
        "postgresql",
        &["psql", "pg_isready", "pg_lsclusters", "pg_ctlcluster"],
    ),
    ("redis-server", &["redis-cli", "redis-server"]),
    ("rabbitmq-server", &["rabbitmq-server", "rabbitmqctl"]),
    ("nodejs", &["node"]),
    ("npm", &["npm"]),
    ("jq", &["jq"]),
    ("python3-venv", &["python3"]),
];
/// A command of such a machine.
const COMMAND: &str = r#"#!/usr/bin/env bash
name=${0##*/}
case $name in sleep | uname | getent | timeout | runuser) ;; *) echo "$name $*" >>"$MACHINE/calls" ;; esac
runs() { [[ -e $MACHINE/runs-$1 ]]; }
case "$name $*" in
    "apt-get install "*)
        for word; do if [[ -e $MACHINE/packages/$word ]]; then
            while read -r command; do cat "$0" >"$MACHINE/bin/$command"; "$CHMOD" +x "$MACHINE/bin/$command"; done <"$MACHINE/packages/$word"
        fi; done ;;
    "runuser "*) shift 3 && exec "$@" ;;
    "psql --version") ;;
    "psql "*) cat >/dev/null; runs postgres ;;
    pg_isready*) runs postgres ;;
    pg_lsclusters*) echo "15 main 5432 down postgres" ;;
    pg_ctlcluster*) touch "$MACHINE/runs-postgres" ;;
    redis-cli*) runs redis && echo PONG ;;
    "redis-server --daemonize"*) touch "$MACHINE/runs-redis" ;;
    "rabbitmq-server "*) touch "$MACHINE/runs-rabbitmq" ;;
    timeout*) runs rabbitmq ;;
    getent*) exit 2 ;;
esac
"#;

/// A machine that has nothing but what `BASE` says.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for part in ["bin", "packages"] {
            fs::create_dir(dir.path().join(part)).unwrap();
        }
        let machine = Self(dir);
        for name in BASE {
            symlink(real(name), machine.at("bin").join(name)).unwrap();
        }
        for name in ["apt-get", "sleep", "uname", "getent", "timeout", "runuser"] {
            let file = machine.at("bin").join(name);
            fs::write(&file, COMMAND).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (package, commands) in PACKAGES {
            let text = commands.join("\n") + "\n";
            fs::write(machine.at("packages").join(package), text).unwrap();
        }
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Something runs there already, by whatever means.
    fn has(&self, name: &str) {
        fs::write(self.at(&format!("runs-{name}")), "").unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let (script, arguments) = arguments.split_first().expect("a script");
        let ended = Command::new(real("bash"))
            .arg(Path::new(ROOT).join(script))
            .args(arguments)
            .env_clear()
            .env("PATH", self.at("bin"))
            .env("MACHINE", self.0.path())
            .env("CHMOD", real("chmod"))
            .output();
        ended.expect("bash is there")
    }

    /// What was called since this was last asked, and changes something.
    fn deeds(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.at("calls")).unwrap_or_default();
        fs::remove_file(self.at("calls")).ok();
        let looks = ["psql --version", "redis-server --version", "rabbitmqctl"];
        let asks = ["pg_isready", "pg_lsclusters", "redis-cli", "apt-get update"];
        let is_deed = |call: &&str| {
            let query = call.contains("SELECT 1");
            !query
                && ![&looks[..], &asks]
                    .concat()
                    .iter()
                    .any(|look| call.starts_with(look))
        };
        let deeds = calls.lines().filter(is_deed);
        deeds.map(str::to_owned).collect()
    }
}

/// Where a command of this machine is.
fn real(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH is set");
    let mut places = std::env::split_paths(&path).map(|dir| dir.join(name));
    places
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("there is no {name}"))
}

fn succeeds(ended: &Output) {
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

const INSTALL: &str = "apt-get install -y -qq --no-install-recommends";
const CLUSTER: &str = "pg_ctlcluster --skip-systemctl-redirect 15 main start";
const ROLE: &str = "psql --quiet --no-psqlrc --dbname postgres --set ON_ERROR_STOP=1";
const REDIS: &str =
    "redis-server --daemonize yes --bind 127.0.0.1 --port 6379 --save  --appendonly no";
const RABBITMQ: &str = "rabbitmq-server -detached";

#[test]
fn every_script_can_be_read() {
    let mut count = 0;
    for file in fs::read_dir(Path::new(ROOT).join(".ci")).unwrap() {
        let file = file.unwrap().path();
        let read = Command::new("bash").arg("-n").arg(&file).output().unwrap();
        succeeds(&read);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{} cannot be run", file.display());
        count += 1;
    }
    assert!(count >= 6);
}

#[test]
fn the_services_are_installed_and_started_where_nothing_is() {
    let machine = Machine::new();
    succeeds(&machine.run(&[".ci/services"]));
    let install = format!("{INSTALL} postgresql redis-server redis-server rabbitmq-server");
    let expected = [&install, CLUSTER, ROLE, REDIS, RABBITMQ];
    assert_eq!(machine.deeds(), expected);
    succeeds(&machine.run(&[".ci/services"]));
    assert!(machine.deeds().is_empty(), "all is there");
}

#[test]
fn services_that_answer_are_left_alone() {
    let machine = Machine::new();
    machine.has("postgres");
    machine.has("redis");
    succeeds(&machine.run(&[".ci/services"]));
    let deeds = machine.deeds();
    assert_eq!(deeds.len(), 2, "{deeds:?}");
    assert!(deeds[0].starts_with(INSTALL) && deeds[1] == RABBITMQ);
}

#[test]
fn what_cannot_be_installed_is_named() {
    let machine = Machine::new();
    let ended = machine.run(&[".ci/need", "bash", "jq", "ensurepip=python3-venv"]);
    succeeds(&ended);
    assert_eq!(machine.deeds(), [format!("{INSTALL} jq python3-venv")]);
    succeeds(&machine.run(&[".ci/need", "bash", "jq"]));
    assert!(machine.deeds().is_empty());
    fs::remove_file(machine.at("bin/apt-get")).unwrap();
    let ended = machine.run(&[".ci/need", "node=nodejs", "npm"]);
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(said, "needed, and not here: nodejs npm\n");
}
