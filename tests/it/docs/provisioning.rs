//! What docs/PROVISIONING.md shows: its walk with a simulation and with both executables that it shows, its
//! script of faults, and what is done about jobs that were given up.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use serde_json::json;
use tempfile::TempDir;

use super::{fence, walk_beside};
use crate::{
    cli::queue::{given_up, owner},
    support::{process::Place, rabbitmq::Broker, storage},
};

const PAGE: &str = "docs/PROVISIONING.md";
/// A docker whose containers are a directory.
const FAKES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/ports/provisioner/fakes"
);
/// What the walk shows, whoever makes the site.
const SHOWN: &[&str] = &[
    "completed",
    "\"status\":\"COMPLETED\"",
    "\"tenant\":{\"status\":\"ACTIVE\"",
    ".sites.localhost",
    "1 job\n",
    "letters       0 waiting, 0 sent, 0 given up",
    "no job was given up",
];

/// A server that leaves jobs to workers, with a broker on the full stack.
struct Scene {
    place: Place,
    broker: Option<Broker>,
}

impl Scene {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let mut place = Place::new().await;
        let broker = if storage::full_stack() {
            Some(Broker::new().await)
        } else {
            None
        };
        if let Some(broker) = &broker {
            place.set("RABBITMQ_URL", broker.url());
            place.set("RABBITMQ_PREFIX", &broker.settings.prefix);
        }
        place.set("WORKER_IN_PROCESS", "no");
        place.set("LOG_FILTER", "warn");
        place.set("RELAY_INTERVAL_MILLISECONDS", "50");
        for (name, value) in settings {
            place.set(name, value);
        }
        Self { place, broker }
    }

    /// Types these blocks one after the other, and more beside them.
    async fn walk(&self, before: &str, blocks: &[&str], words: &[&str]) {
        let server = self.place.serve().await;
        let blocks = blocks.iter().map(|name| fence(PAGE, name));
        let script = [before.to_owned()].into_iter().chain(blocks);
        let script = script.collect::<Vec<_>>().join("\n");
        walk_beside(&self.place, &server, &script, words).await;
        server.stop().await;
    }

    async fn remove(self) {
        if let Some(broker) = self.broker {
            broker.remove().await;
        }
        self.place.remove().await;
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("its name is text")
}

#[tokio::test]
async fn the_walk_holds_with_a_simulation() {
    let scene = Scene::new(&[
        ("PROVISION_DRY_RUN_MILLISECONDS", "400"),
        // Long enough to be called off on any machine.
        ("PROVISION_DRY_RUN_SCRIPT", "backup.*=slow:60s"),
    ])
    .await;
    let mut words = SHOWN.to_vec();
    words.extend([
        "[dry-run]",
        "completed (simulated)",
        "Cancelled by user",
        "exit status 1",
    ]);
    scene.walk("", &["walk", "walk-on"], &words).await;
    scene.remove().await;
}

/// The executable as it is shown, with a directory of its own to make sites in.
fn executable() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let sites = dir.path().join("sites");
    let script = fence(PAGE, "executable");
    assert!(script.contains("=/srv/sites/"), "{script}");
    let script = script.replace("/srv/sites", text(&sites));
    let file = dir.path().join("executable");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

#[tokio::test]
async fn the_walk_holds_with_the_executable() {
    let dir = executable();
    let file = dir.path().join("executable");
    let settings = [
        ("PROVISIONER", "command"),
        ("PROVISION_COMMAND", text(&file)),
    ];
    let scene = Scene::new(&settings).await;
    scene.walk("", &["walk"], SHOWN).await;
    let mut made = fs::read_dir(dir.path().join("sites")).unwrap();
    let made = made.next().expect("a site").unwrap().path();
    let page = fs::read_to_string(made.join("index.html")).unwrap();
    assert_eq!(page, "Hello\n");
    scene.remove().await;
}

#[tokio::test]
async fn the_executable_says_what_it_sees() {
    let dir = executable();
    let place = Place::new().await;
    let site = dir.path().join("sites/acme");
    for (action, verb, code) in [
        ("plan", "create", 82),
        ("check", "create", 80),
        ("check", "delete", 0),
        ("perform", "create", 0),
        ("check", "create", 0),
        ("check", "delete", 80),
        ("perform", "delete", 0),
        ("check", "delete", 0),
        ("perform", "create", 0),
        ("undo", "create", 0),
        ("undo", "create", 0),
        ("check", "create", 80),
        ("perform", "backup", 82),
    ] {
        let request = json!({ "order": { "job_type": verb, "site": { "name": "acme" } } });
        let script = format!("\"$EXECUTABLE\" {action} <<< '{request}'");
        let variables = [(
            "EXECUTABLE",
            text(&dir.path().join("executable")).to_owned(),
        )];
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let ended = place.bash(&script, &variables).await;
        assert_eq!(ended.code, Some(code), "{action} {verb}: {ended:#?}");
    }
    assert!(!site.exists());
    place.remove().await;
}

#[tokio::test]
async fn the_walk_holds_with_frappe_docker() {
    let bench = tempfile::tempdir().unwrap();
    fs::create_dir(bench.path().join("sites")).unwrap();
    let mut scene = Scene::new(&[("FAKES", FAKES), ("FAKE_BENCH", text(bench.path()))]).await;
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    symlink(docs, scene.place.dir.path().join("docs")).unwrap();
    scene.place.ok(&["migrate", "up"]).await;

    // First it is looked whether it would work, as the page says.
    let before = "PATH=$FAKES:$PATH DB_ROOT_PASSWORD=one ADMIN_PASSWORD=two\n";
    let before = format!("{before}export COMPOSE_PROJECT_NAME=frappe\n");
    let script = format!("{before}{}", fence(PAGE, "frappe"));
    let tried = scene.place.bash(&script, &[]).await;
    assert!(tried.success, "{tried:#?}");
    let answers = "docs/examples/provisioner-frappe-docker answers; to create a site takes 7 steps";
    assert!(tried.out.contains(answers), "{tried:#?}");
    let secrets = fs::read_to_string(bench.path().join("sites/common_site_config.json"));
    assert_eq!(secrets.unwrap(), "root_password one\nadmin_password two\n");

    let settings = [
        ("PROVISIONER", "command"),
        (
            "PROVISION_COMMAND",
            "docs/examples/provisioner-frappe-docker",
        ),
        ("PROVISION_COMMAND_ENV", "FAKES,FAKE_BENCH"),
    ];
    for (name, value) in settings {
        scene.place.set(name, value);
    }
    let mut words = SHOWN.to_vec();
    words.extend(["erpnext", "\"name\":\"install-apps\""]);
    // The system's own Python starts sooner than one that a wrapper has to choose first.
    let before = "PATH=$FAKES:/usr/bin:/bin:$PATH\n";
    scene.walk(before, &["walk"], &words).await;
    scene.remove().await;
}

#[tokio::test]
async fn the_script_of_faults_can_be_read() {
    let place = Place::new().await;
    let script = fence(PAGE, "script");
    let script = format!("export {script}\nerpmax config");
    let ended = place.bash(&script, &[]).await;
    assert!(ended.success, "{ended:#?}");
    assert!(
        ended.out.contains("create.new-site=half, acme/*"),
        "{ended:#?}"
    );
    place.remove().await;
}

#[tokio::test]
async fn what_was_given_up_is_seen_and_done_after_all() {
    // Letters cannot be written, and one attempt is all there is.
    let scene = Scene::new(&[("JOB_MAX_ATTEMPTS", "1"), ("WORKER_IN_PROCESS", "yes")]).await;
    fs::create_dir_all(scene.place.data_dir()).unwrap();
    let mail = scene.place.data_dir().join("mail");
    fs::write(&mail, "in the way").unwrap();
    let server = scene.place.serve().await;
    let (ann, invite) = owner(&server.visitor()).await;
    for email in ["one@example.com", "two@example.com"] {
        let body = json!({ "email": email, "role": "member" });
        ann.post(&invite, body).await.expect(201);
    }
    given_up(&scene.place, 2).await;
    server.stop().await;
    let walked = scene.place.bash(&fence(PAGE, "dead"), &[]).await;
    assert!(walked.success, "{walked:#?}");
    for word in [
        "letters       0 waiting, 0 sent, 2 given up",
        "invitation_mail (letters)",
        "1 job is due again\n1 given up are left\n1 job is due again\n",
    ] {
        assert!(
            walked.out.contains(word),
            "{word} is missing in {walked:#?}"
        );
    }
    scene.remove().await;
}
