//! Nothing that an executable has started outlives its call: neither when that is stopped, nor when it is
//! given up, nor when the process that made it is killed, or stands still until its lease is over.

use std::{fs, path::Path, process::Stdio, time::Duration};

use entity::provisioning_job::JobType;
use erpmax::ports::provisioner::Moment;
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    time::{interval, timeout},
};

use super::subject::{Subject, Talk, command, executable, guard};
use crate::support::{
    process::{Place, Signal},
    world::appears,
};

const SOON: Duration = Duration::from_secs(20);
const PUPPET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/world/puppet");
/// A child, a grandchild and one that has left for a session of its own, none of whom want to go, and the
/// list of all of them.
const FAMILY: &str = r#"
    trap '' TERM HUP INT
    (trap '' TERM; (trap '' TERM; echo $BASHPID >>"$DIR/some"; sleep 1000) & echo $BASHPID >>"$DIR/some"; sleep 1000) &
    (setsid bash -c 'trap "" TERM HUP; echo $$ >>"$DIR/some"; sleep 1000; :' &)
    echo $$ >>"$DIR/some"
    while [[ $(wc -l <"$DIR/some") -lt 4 ]]; do sleep 0.01; done
    cp "$DIR/some" "$DIR/family.new"; mv "$DIR/family.new" "$DIR/family"
"#;

/// An executable that founds a family, and then does this.
fn family(dir: &Path, then: &str) -> Subject {
    let script = format!("export DIR={}; {FAMILY} {then}", dir.display());
    let driver = executable(Path::new(PUPPET), "PUPPET", Some(&script));
    Subject::new(std::sync::Arc::new(driver), None)
}

/// The process ids of a family that was founded.
async fn members(dir: &Path) -> Vec<i32> {
    let text = appears(&dir.join("family")).await;
    let members: Vec<_> = text.lines().map(|id| id.parse().unwrap()).collect();
    assert_eq!(members.len(), 4);
    assert!(members.iter().all(|id| lives(*id)), "{members:?}");
    members
}

/// Whether a process does anything; one that only waits for its parent to notice does not.
fn lives(id: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

async fn assert_gone(members: &[i32]) {
    let mut look = interval(Duration::from_millis(5));
    let gone = timeout(SOON, async {
        while members.iter().any(|id| lives(*id)) {
            look.tick().await;
        }
    });
    gone.await
        .unwrap_or_else(|_| panic!("some of {members:?} live on"));
}

#[tokio::test]
async fn when_it_ends_what_it_left_behind_ends() {
    let dir = tempfile::tempdir().unwrap();
    let subject = family(dir.path(), "exit 0");
    let order = subject.order(JobType::Create);
    let done = timeout(SOON, subject.perform(&order, "new-site")).await;
    done.expect("it waits for nobody").unwrap();
    let text = fs::read_to_string(dir.path().join("family")).unwrap();
    let members: Vec<_> = text.lines().map(|id| id.parse().unwrap()).collect();
    assert_gone(&members).await;
}

#[tokio::test]
async fn when_it_is_stopped_all_end() {
    let dir = tempfile::tempdir().unwrap();
    let subject = family(dir.path(), "wait");
    let order = subject.order(JobType::Create);
    let talk = Talk::new(&order);
    let stopping = async {
        let members = members(dir.path()).await;
        talk.stop.cancel();
        members
    };
    let performing = subject.driver.perform("new-site", talk.call());
    let both = async { tokio::join!(performing, stopping) };
    let (done, members) = timeout(SOON, both).await.expect("it ends soon");
    done.unwrap_err();
    assert_gone(&members).await;
}

#[tokio::test]
async fn when_it_is_given_up_all_end() {
    let dir = tempfile::tempdir().unwrap();
    let subject = family(dir.path(), "wait");
    let order = subject.order(JobType::Create);
    let talk = Talk::new(&order);
    let members = tokio::select! {
        _ = subject.driver.perform("new-site", talk.call()) => panic!("it waits"),
        members = members(dir.path()) => members,
    };
    assert_gone(&members).await;
}

#[tokio::test]
async fn when_the_lease_is_over_all_end() {
    let dir = tempfile::tempdir().unwrap();
    let subject = family(dir.path(), "wait");
    let order = subject.order(JobType::Create);
    let later = Moment::now().after(Duration::from_mins(1));
    let (talk, renewals) = Talk::until(&order, later);
    let lapsing = async {
        let members = members(dir.path()).await;
        // Renewed until a moment that has come already: nobody renews it in time.
        renewals.send_replace(Moment::now());
        members
    };
    let performing = subject.driver.perform("new-site", talk.call());
    let both = async { tokio::join!(performing, lapsing) };
    let (done, members) = timeout(SOON, both).await.expect("it ends soon");
    done.unwrap_err();
    assert_gone(&members).await;
}

/// Each renewal counts, and none does no harm to what is done in time.
#[tokio::test]
async fn while_the_lease_is_renewed_it_works() {
    let dir = tempfile::tempdir().unwrap();
    let (ready, go) = (dir.path().join("ready"), dir.path().join("go"));
    let script = format!(
        "echo ready >{}; while ! [[ -e {} ]]; do sleep 0.01; done",
        ready.display(),
        go.display()
    );
    let driver = executable(Path::new(PUPPET), "PUPPET", Some(&script));
    let subject = Subject::new(std::sync::Arc::new(driver), None);
    let order = subject.order(JobType::Create);
    let span = Duration::from_secs(3);
    let first = Moment::now().after(span);
    let (talk, renewals) = Talk::until(&order, first);
    let renewing = async {
        appears(&ready).await;
        while !first.has_come() {
            renewals.send_replace(Moment::now().after(span));
            tokio::time::sleep(span / 10).await;
        }
        fs::write(&go, "").unwrap();
    };
    let performing = subject.driver.perform("new-site", talk.call());
    let (done, ()) = tokio::join!(performing, renewing);
    done.unwrap();
}

#[tokio::test]
async fn when_the_lease_is_over_nothing_begins() {
    let dir = tempfile::tempdir().unwrap();
    let begun = dir.path().join("begun");
    let driver = executable(
        Path::new(PUPPET),
        "PUPPET",
        Some(&format!("echo begun >{}", begun.display())),
    );
    let subject = Subject::new(std::sync::Arc::new(driver), None);
    let order = subject.order(JobType::Create);
    let (talk, _renewals) = Talk::until(&order, Moment::now());
    let done = subject.driver.perform("new-site", talk.call()).await;
    done.unwrap_err();
    // Neither where it lapses on the way to the guard.
    let mut guard = Command::new(guard());
    let moment = Moment::now().to_string();
    guard.args(["provision-guard", "100", &moment, PUPPET, "perform"]);
    guard.env("PUPPET", format!("echo begun >{}", begun.display()));
    let mut guard = guard.stdin(Stdio::piped()).spawn().unwrap();
    guard
        .stdin
        .take()
        .unwrap()
        .write_all(b"{}\n")
        .await
        .unwrap();
    assert_eq!(guard.wait().await.unwrap().code(), Some(75));
    assert!(!begun.exists());
}

/// It may put things in order first; what it says then still counts.
#[tokio::test]
async fn when_it_is_stopped_it_is_asked_before_it_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let (ready, tidied) = (dir.path().join("ready"), dir.path().join("tidied"));
    let script = format!(
        "trap 'echo tidied >{}; exit 75' TERM; echo ready >{}; while :; do sleep 0.01; done",
        tidied.display(),
        ready.display()
    );
    let driver = executable(Path::new(PUPPET), "PUPPET", Some(&script));
    let subject = Subject::new(std::sync::Arc::new(driver), None);
    let order = subject.order(JobType::Create);
    let talk = Talk::new(&order);
    let stopping = async {
        appears(&ready).await;
        talk.stop.cancel();
    };
    let performing = subject.driver.perform("new-site", talk.call());
    let (done, ()) = tokio::join!(performing, stopping);
    done.unwrap_err();
    assert_eq!(fs::read_to_string(&tidied).unwrap(), "tidied\n");
}

/// The world's executable, in the middle of a step and deaf.
#[tokio::test]
async fn a_deaf_executable_is_killed() {
    let subject = command(&["create.new-site=deaf"]);
    let world = subject.world.as_ref().unwrap();
    world.pause("half.create.new-site");
    let order = subject.order(JobType::Create);
    let talk = Talk::new(&order);
    let stopping = async {
        let id = world.reached("half.create.new-site").await;
        world.resume("half.create.new-site");
        talk.stop.cancel();
        id
    };
    let performing = subject.driver.perform("new-site", talk.call());
    let (done, id) = tokio::join!(performing, stopping);
    done.unwrap_err();
    assert_gone(&[id]).await;
}

/// `doctor` asks for a plan: a process of ours that can be killed while an executable works for it.
#[tokio::test]
async fn when_the_process_that_asked_is_killed_all_end() {
    for signal in [Signal::KILL, Signal::TERM] {
        let mut place = Place::new().await;
        let dir = place.dir.path().to_owned();
        let script = format!("export DIR={}; {FAMILY} wait", dir.display());
        for (name, value) in [
            ("PROVISIONER", "command"),
            ("PROVISION_COMMAND", PUPPET),
            ("PROVISION_COMMAND_ENV", "PUPPET"),
            ("PUPPET", &script),
            ("PROVISION_STOP_MILLISECONDS", "200"),
        ] {
            place.set(name, value);
        }
        place.set("PATH", &std::env::var("PATH").unwrap());
        let mut doctor = place.start(&["doctor"]);
        let members = members(&dir).await;
        doctor.signal(signal);
        doctor.wait().await;
        assert_gone(&members).await;
        place.remove().await;
    }
}

/// What is in `.env` is for the worker; its guard stands in front of somebody else's program.
#[tokio::test]
async fn the_guard_reads_no_settings() {
    let mut place = Place::new().await;
    let dir = place.dir.path().to_owned();
    fs::write(
        dir.join(".env"),
        "LEAKED=secret\nPROVISION_STOP_MILLISECONDS=100\n",
    )
    .unwrap();
    place.set("PATH", &std::env::var("PATH").unwrap());
    place.set("PROVISIONER", "command");
    place.set("PROVISION_COMMAND", PUPPET);
    place.set("PROVISION_COMMAND_ENV", "PUPPET");
    let heard = dir.join("heard");
    let script = format!("env >{}; exit 82", heard.display());
    place.set("PUPPET", &script);
    place.ok(&["doctor"]).await;
    let heard = fs::read_to_string(heard).unwrap();
    assert!(heard.contains("PATH="), "{heard}");
    for word in ["LEAKED", "PROVISION", "DATABASE_URL"] {
        assert!(!heard.contains(word), "{word} in {heard}");
    }
    // It is not for people.
    let ended = place.run(&["provision-guard"]).await;
    assert_eq!(ended.code, Some(64), "{ended:#?}");
    place.remove().await;
}
