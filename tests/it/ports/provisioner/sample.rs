//! The worked example for `frappe_docker`, with a docker that only pretends to have containers.

use std::{ffi::OsString, fs, path::Path};

use entity::provisioning_job::{ErrorClass, JobType};
use erpmax::ports::provisioner::{Executable, Facts, Standing, Step};
use tempfile::TempDir;

use super::subject::{Subject, backup, executable};

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/docs/examples/provisioner-frappe-docker"
);
const FAKES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/ports/provisioner/fakes"
);

/// The example in front of an empty bench.
fn sample() -> (Subject, TempDir) {
    let bench = tempfile::tempdir().unwrap();
    fs::create_dir(bench.path().join("sites")).unwrap();
    let mut driver: Executable = executable(Path::new(SAMPLE), "FAKE_BENCH", bench.path().to_str());
    // The system's own Python starts sooner than one that a wrapper has to choose first.
    let mut path = OsString::from(format!("{FAKES}:/usr/bin:/bin:"));
    path.push(&driver.environment[0].1);
    driver.environment[0].1 = path;
    let fakes = ("FAKES".to_owned(), FAKES.into());
    driver.environment.push(fakes);
    (Subject::new(std::sync::Arc::new(driver), None), bench)
}

/// Does a job as a worker does: looks, performs, looks again.
async fn run(subject: &Subject, job_type: JobType, reference: Option<&str>) -> Vec<Facts> {
    let mut order = subject.order(job_type);
    order.backup = reference.map(backup);
    if let Some(owner) = &mut order.owner {
        owner.full_name = "--force \"; touch owned #".to_owned();
    }
    let mut facts = Vec::new();
    for Step { name, .. } in subject.plan(&order).await {
        let seen = subject.check(&order, &name).await.expect("a look");
        if seen.standing == Standing::Absent {
            let done = subject.perform(&order, &name).await;
            facts.push(done.unwrap_or_else(|failure| panic!("{name}: {failure:?}")));
        }
        let seen = subject.verify(&order, &name).await.expect("a look");
        assert_eq!(seen.standing, Standing::Done, "{job_type:?} {name}");
        facts.push(seen.facts);
    }
    facts
}

#[tokio::test]
async fn a_site_lives_from_its_making_to_its_end() {
    let (subject, bench) = sample();
    let site = bench.path().join("sites/acme.sites.localhost");
    let facts = run(&subject, JobType::Create, None).await;
    assert!(facts.iter().any(|facts| facts.url.is_some()));
    let mut apps = facts.iter().flat_map(|facts| &facts.apps);
    let erpnext = apps.find(|app| app.name == "erpnext").unwrap();
    assert_eq!(erpnext.version.as_deref(), Some("15.36.0"));
    // A name that looks like an option is a name.
    let user = fs::read_to_string(site.join("user")).unwrap();
    let expected = "--first-name=--force \"; touch owned #\n--\nann@example.com\n";
    assert_eq!(user, expected);

    let facts = run(&subject, JobType::Backup, None).await;
    let made = facts[0].backup.as_ref().unwrap();
    assert_eq!(made.files.len(), 4);
    run(&subject, JobType::Suspend, None).await;
    let order = subject.order(JobType::Resume);
    let seen = subject.check(&order, "health-check").await.unwrap();
    assert_eq!(seen.standing, Standing::Absent, "it is closed");
    run(&subject, JobType::Resume, None).await;
    run(&subject, JobType::Restore, Some(&made.reference)).await;
    let restored = fs::read_to_string(site.join("restored")).unwrap();
    let restored: Vec<_> = restored.lines().collect();
    let path = format!("sites/.erpmax/backups/{}/20260109-acme", made.reference);
    let expected = [
        format!("{path}-database.sql.gz"),
        "--force".to_owned(),
        format!("--with-public-files={path}-files.tar"),
        format!("--with-private-files={path}-private-files.tar"),
    ];
    assert_eq!(restored, expected);
    run(&subject, JobType::Delete, None).await;
    assert!(!site.exists());
    let again = subject.order(JobType::Delete);
    let seen = subject.check(&again, "drop-site").await.unwrap();
    assert!(seen.standing == Standing::Done && seen.facts.already_absent);
    // The name is free, and nothing ran that was only a name.
    run(&subject, JobType::Create, None).await;
    assert!(!bench.path().join("owned").exists());
}

#[tokio::test]
async fn a_half_made_site_is_taken_back_and_made_again() {
    let (subject, bench) = sample();
    let order = subject.order(JobType::Create);
    subject.perform(&order, "reserve-name").await.unwrap();
    fs::write(bench.path().join("break"), "").unwrap();
    let failure = subject.perform(&order, "new-site").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
    let seen = subject.check(&order, "new-site").await.unwrap();
    assert_eq!(seen.standing, Standing::Partial);
    subject.undo(&order, "new-site").await.unwrap();
    subject.perform(&order, "new-site").await.unwrap();
    let seen = subject.check(&order, "new-site").await.unwrap();
    assert_eq!(seen.standing, Standing::Done);
    for step in ["new-site", "reserve-name", "reserve-name"] {
        subject.undo(&order, step).await.unwrap();
    }
    assert!(!bench.path().join("sites/acme.sites.localhost").exists());
}

/// Our notes say it only of the attempt, or of the site, that it happened to.
#[tokio::test]
async fn what_was_done_once_is_done_again_when_it_should_be() {
    let (subject, _bench) = sample();
    let create = subject.order(JobType::Create);
    for _ in 0..2 {
        for Step { name, .. } in subject.plan(&create).await {
            let seen = subject.check(&create, &name).await;
            // That shows at the site.
            if name != "health-check" {
                assert_eq!(seen.unwrap().standing, Standing::Absent, "{name}");
            }
            subject.perform(&create, &name).await.unwrap();
        }
        for step in ["new-site", "reserve-name"] {
            subject.undo(&create, step).await.unwrap();
        }
    }
    subject.run(&create).await;
    for job_type in [JobType::Update, JobType::Suspend, JobType::Resume] {
        let mut order = subject.order(job_type);
        subject.run(&order).await;
        order.attempt = 2;
        for Step { name, .. } in subject.plan(&order).await {
            if name != "health-check" {
                let seen = subject.check(&order, &name).await.unwrap();
                assert_eq!(seen.standing, Standing::Absent, "{job_type:?} {name}");
            }
            subject.perform(&order, &name).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_site_of_somebody_else_is_left_alone() {
    let (subject, bench) = sample();
    let site = bench.path().join("sites/acme.sites.localhost");
    fs::create_dir(&site).unwrap();
    let order = subject.order(JobType::Create);
    let failure = subject.check(&order, "reserve-name").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
    for step in ["new-site", "reserve-name"] {
        subject.undo(&order, step).await.unwrap();
    }
    assert!(site.exists());
}

#[tokio::test]
async fn a_reference_is_no_path() {
    let (subject, _bench) = sample();
    run(&subject, JobType::Create, None).await;
    let mut order = subject.order(JobType::Restore);
    order.backup = Some(backup("../../../etc"));
    let failure = subject.perform(&order, "restore").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Final, "{failure:?}");
}

#[tokio::test]
async fn what_cannot_be_reached_is_not_absent() {
    let (subject, bench) = sample();
    run(&subject, JobType::Create, None).await;
    fs::write(bench.path().join("down"), "").unwrap();
    let order = subject.order(JobType::Delete);
    let failure = subject.check(&order, "drop-site").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Retryable, "{failure:?}");
    assert!(failure.message.contains("cannot be reached"), "{failure:?}");
}
