//! Jobs that are called off: at once and for good, and what had begun is undone before the tenant's next
//! job begins.

use std::time::Duration;

use entity::{
    provisioning_job::{JobStatus, JobType},
    site::SiteStatus,
    tenant::TenantStatus,
};

use erpmax::domain::provisioning;

use crate::support::{
    TestApp,
    jobs::{self, ask},
    stage::{Fault, until},
};

#[tokio::test]
async fn what_had_begun_is_undone_in_reverse() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let gate = stage.gate("in perform create.make");
    let calling_off = async {
        gate.reached().await;
        assert!(jobs::cancel(&acme, id).await);
    };
    tokio::join!(app.settle(), calling_off);
    let job = jobs::job(&app, id).await;
    assert_eq!(job.status, JobStatus::Cancelled);
    assert_eq!(
        (job.progress, job.undo_attempt, job.lease_until),
        (0, None, None)
    );
    assert_eq!(job.message, "Cancelled");
    let expected = ["name Undone 1", "make Undone 1", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    assert_eq!(
        stage.effects(),
        ["create.name", "-create.make", "-create.name"]
    );
    assert!(stage.things().is_empty());
    let texts = jobs::texts(&app, id).await;
    let expected = [
        "Taking the name",
        "Taking the name: done",
        "Making the site",
        "The job was called off and is undone.",
        "Making the site: undone",
        "Taking the name: undone",
    ];
    assert_eq!(texts, expected);
    // The name is free again, and so is the tenant.
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Pending);
    assert_eq!(jobs::site_of(&app, tenant.id).await, None);
    app.finish().await;
}

#[tokio::test]
async fn the_next_job_waits_until_the_last_is_undone() {
    let (app, stage) = TestApp::staged_with(|config| config.worker.slots = 3).await;
    let acme = app.company("Acme").await;
    let first = ask(&acme, JobType::Create).await;
    let doing = stage.gate("in perform create.make");
    let undoing = stage.gate("before undo create.make");
    let next = async {
        doing.reached().await;
        let next = ask(&acme, JobType::Create).await;
        jobs::cancel(&acme, first).await;
        undoing.reached().await;
        doing.open();
        // Word of the next one comes, and nothing comes of it.
        let slot = app.app.slots.try_acquire().unwrap();
        provisioning::wake(&app.system(), next, slot).await.unwrap();
        assert_eq!(jobs::status(&app, next).await, JobStatus::Pending);
        undoing.open();
        next
    };
    let (_, next) = tokio::join!(app.settle(), next);
    assert_eq!(jobs::status(&app, next).await, JobStatus::Completed);
    let expected = [
        "create.name",
        "-create.make",
        "-create.name",
        "create.name",
        "create.make",
        "create.look",
    ];
    assert_eq!(stage.effects(), expected);
    app.finish().await;
}

#[tokio::test]
async fn one_that_waits_is_called_off_and_never_begins() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    assert!(jobs::cancel(&acme, id).await);
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Cancelled);
    assert!(stage.said().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn one_that_has_ended_stays_as_it_is() {
    let (app, _) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert!(!jobs::cancel(&acme, id).await);
    assert_eq!(jobs::status(&app, id).await, JobStatus::Completed);
    app.finish().await;
}

#[tokio::test]
async fn only_what_can_be_undone_is() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let id = ask(&acme, JobType::Update).await;
    let gate = stage.gate("after perform update.migrate");
    let calling_off = async {
        gate.reached().await;
        jobs::cancel(&acme, id).await;
    };
    tokio::join!(app.settle(), calling_off);
    let expected = ["close Undone 1", "migrate Completed 1", "open Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    assert_eq!(
        stage.effects()[3..],
        ["update.close", "update.migrate", "-update.close"]
    );
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Active);
    app.finish().await;
}

#[tokio::test]
async fn what_an_earlier_attempt_has_made_is_undone_too() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.look", [Fault::Refuse]);
    let id = ask(&acme, JobType::Create).await;
    app.settle().await;
    assert_eq!(jobs::status(&app, id).await, JobStatus::Failed);
    let gate = stage.gate("before check create.name");
    jobs::retry(&acme, id).await;
    let calling_off = async {
        gate.reached().await;
        jobs::cancel(&acme, id).await;
    };
    tokio::join!(app.settle(), calling_off);
    // Nothing was done in this attempt, and yet everything is to go.
    let expected = ["create.name", "create.make", "-create.make", "-create.name"];
    assert_eq!(stage.effects(), expected);
    let expected = ["name Undone 0", "make Undone 0", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 2).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn what_was_there_before_stays() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    ask(&acme, JobType::Create).await;
    app.settle().await;
    let again = ask(&acme, JobType::Create).await;
    let gate = stage.gate("before plan create");
    let calling_off = async {
        gate.reached().await;
        jobs::cancel(&acme, again).await;
    };
    let things = stage.things();
    tokio::join!(app.settle(), calling_off);
    assert_eq!(jobs::status(&app, again).await, JobStatus::Cancelled);
    assert_eq!(stage.things(), things);
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Active);
    app.finish().await;
}

#[tokio::test]
async fn called_off_and_tried_again_it_is_undone_first() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let doing = stage.gate("in perform create.make");
    let undoing = stage.gate("before undo create.make");
    let retrying = async {
        doing.reached().await;
        jobs::cancel(&acme, id).await;
        undoing.reached().await;
        jobs::retry(&acme, id).await;
        doing.open();
        undoing.open();
    };
    tokio::join!(app.settle(), retrying);
    let job = jobs::job(&app, id).await;
    assert_eq!(
        (job.status, job.attempt),
        (JobStatus::Completed, 2),
        "{job:#?}"
    );
    let expected = ["name Undone 1", "make Undone 1", "look Pending 0"];
    assert_eq!(jobs::ledger(&app, id, 1).await, expected);
    let expected = ["name Completed 1", "make Completed 1", "look Completed 1"];
    assert_eq!(jobs::ledger(&app, id, 2).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_undone_is_tried_later_and_given_up_in_the_end() {
    let (app, stage) = TestApp::staged().await;
    let acme = app.company("Acme").await;
    let id = ask(&acme, JobType::Create).await;
    let gate = stage.gate("after perform create.make");
    stage.fault("undo create.make", vec![Fault::Fail; 1000]);
    let calling_off = async {
        gate.reached().await;
        jobs::cancel(&acme, id).await;
    };
    tokio::join!(app.settle(), calling_off);
    let next = ask(&acme, JobType::Backup).await;
    app.settle().await;
    let job = jobs::job(&app, id).await;
    assert_eq!(
        (job.status, job.undo_attempt),
        (JobStatus::Cancelled, Some(1))
    );
    let ledger = jobs::ledger(&app, id, 1).await;
    assert_eq!(ledger[..2], ["name Completed 1", "make Undoing 1"]);
    assert_eq!(jobs::status(&app, next).await, JobStatus::Pending);
    // Each time it rests as long as it has been tried so far.
    let mut rounds = 0;
    while jobs::job(&app, id).await.undo_attempt.is_some() {
        assert_eq!(app.rescue().await, 0, "it rests");
        let lease = jobs::job(&app, id).await.lease_until.unwrap();
        let rests = (lease - app.app.clock.now()).to_std().unwrap();
        app.advance(rests + Duration::from_secs(1));
        assert_eq!(app.rescue().await, 1);
        app.settle().await;
        rounds += 1;
    }
    assert_eq!(
        rounds, 8,
        "half a minute, twice as long each time, up to an hour"
    );
    assert!(
        jobs::texts(&app, id)
            .await
            .last()
            .unwrap()
            .contains("left as it is")
    );
    // The site stays half made, and known to be.
    let tenant = jobs::tenant_of(&app, &acme).await;
    assert_eq!(tenant.status, TenantStatus::Pending);
    let site = jobs::site_of(&app, tenant.id).await.unwrap();
    assert_eq!(site.status, SiteStatus::Creating);
    assert_eq!(
        jobs::status(&app, next).await,
        JobStatus::Failed,
        "there is no site to back up"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_driver_that_does_not_stop_is_left_behind() {
    let (app, stage) = TestApp::staged_with(|config| {
        config.provisioning.stop_grace = Duration::from_millis(10);
    })
    .await;
    let acme = app.company("Acme").await;
    stage.fault("perform create.make", [Fault::Hang]);
    let id = ask(&acme, JobType::Create).await;
    let calling_off = async {
        until("it hangs", async || {
            stage.said().contains(&"perform create.make".to_owned())
        })
        .await;
        jobs::cancel(&acme, id).await;
    };
    tokio::join!(app.settle(), calling_off);
    assert_eq!(stage.effects(), ["create.name", "-create.name"]);
    assert_eq!(jobs::job(&app, id).await.undo_attempt, None);
    app.finish().await;
}

/// Whenever it is called off, it either completes or is undone; never both, never neither.
#[tokio::test]
async fn to_complete_and_to_be_called_off_exclude_each_other() {
    let (app, stage) = TestApp::staged().await;
    let (mut completed, mut undone) = (0, 0);
    for round in 0..24 {
        let acme = app.company(&format!("Acme{round}")).await;
        let id = ask(&acme, JobType::Create).await;
        let calling_off = async {
            for _ in 0..round * 12 {
                tokio::task::yield_now().await;
            }
            jobs::cancel(&acme, id).await
        };
        let (_, called_off) = tokio::join!(app.settle(), calling_off);
        let job = jobs::job(&app, id).await;
        let heard = jobs::heard(&app, &acme).await;
        let told = |kind: &str| heard.iter().any(|heard| heard == kind);
        let host = format!("acme{round}.sites.localhost");
        let things = stage
            .things()
            .iter()
            .filter(|it| it.starts_with(&host))
            .count();
        if called_off {
            assert_eq!(job.status, JobStatus::Cancelled);
            assert!(told("job_cancelled") && !told("job_completed"), "{heard:?}");
            assert!(
                job.result.is_none() && job.undo_attempt.is_none(),
                "{job:#?}"
            );
            // A step that is not undoable leaves nothing of a site.
            assert!(things <= 1, "{:?}", stage.things());
            undone += 1;
        } else {
            assert_eq!(job.status, JobStatus::Completed);
            assert!(!told("job_cancelled") && told("job_completed"), "{heard:?}");
            assert_eq!(things, 3);
            completed += 1;
        }
    }
    assert!(undone > 0, "{completed} completed, {undone} undone");
    app.finish().await;
}
