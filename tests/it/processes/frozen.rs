//! Workers that stand still, or cannot reach the database: their commands end before anybody else begins,
//! and when they go on they change nothing.

use entity::{Timestamp, provisioning_job as job};
use erpmax::ports::clock::Clock;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, TransactionTrait};
use serde_json::Value;

use super::{CREATE, Scene, ask, company, completed, gone, is_there, performed};
use crate::support::{
    process::{Server, Signal},
    storage,
};

/// Where commands stand still in the middle of a step.
const POINT: &str = "half.create.install-apps";
/// Takes every row that a worker writes.
const HOLD: &str = "UPDATE provisioning_jobs SET fence = fence";

/// Lets a worker stand still, and nobody wait for what it has locked.
async fn freeze(worker: &Server, db: &DatabaseConnection) {
    loop {
        worker.signal(Signal::STOP);
        let trying = db.begin().await.unwrap();
        let limit = if storage::full_stack() {
            "SET LOCAL lock_timeout = '200ms'"
        } else {
            "PRAGMA busy_timeout = 200"
        };
        trying.execute_unprepared(limit).await.unwrap();
        let free = trying.execute_unprepared(HOLD).await.is_ok();
        trying.rollback().await.unwrap();
        if free {
            return;
        }
        worker.signal(Signal::CONT);
    }
}

async fn row(db: &DatabaseConnection) -> job::Model {
    job::Entity::find().one(db).await.unwrap().unwrap()
}

fn each_once(scene: &Scene) {
    let performed = performed(&scene.world);
    assert_eq!(performed.len(), CREATE.len(), "{performed:?}");
    assert!(performed.values().all(|times| *times == 1), "{performed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_worker_is_replaced_and_changes_nothing() {
    let scene = Scene::new().await;
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let db = place.storage.connect().await;
    let ann = company(&server, "acme").await;
    world.pause(POINT);
    let id = ask(&ann, "create_site").await;
    let frozen = place.worker().await;
    let first = world.reached(POINT).await;
    freeze(&frozen, &db).await;
    let other = place.worker().await;
    // It has taken the job over, has undone what was half there and does it anew.
    let second = world.reached(POINT).await;
    assert!(!is_there(first), "two commands at the same time");
    let before = row(&db).await;
    assert_eq!(before.fence, 2);

    frozen.signal(Signal::CONT);
    frozen.signal(Signal::TERM);
    let (code, said) = frozen.ended().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(is_there(second), "nobody stops the other one's command");
    let after = row(&db).await;
    let of = |job: &job::Model| (job.fence, job.status, job.claimed_by.clone());
    assert_eq!(of(&after), of(&before));
    world.resume(POINT);
    completed(&ann, &id).await;
    each_once(&scene);
    let fences = world.effects().into_iter().map(|effect| effect.fence);
    assert!(fences.is_sorted(), "{:?}", world.effects());
    let path = format!("/provisioning/jobs/{id}/logs");
    let reply = ann.rest(reqwest::Method::GET, &path, None).await;
    let log = reply.expect(200).to_string();
    assert!(!log.contains("was killed"), "nothing has failed: {log}");
    other.stop().await;
    server.stop().await;
    scene.remove().await;
}

/// Nobody takes over, and it goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_thaws_does_its_job_anew() {
    let mut scene = Scene::new().await;
    // What was ended for it while it stood still is no failed try.
    scene.place.set("PROVISION_STEP_TRIES", "1");
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let db = place.storage.connect().await;
    let ann = company(&server, "acme").await;
    world.pause(POINT);
    let id = ask(&ann, "create_site").await;
    let worker = place.worker().await;
    let process = world.reached(POINT).await;
    freeze(&worker, &db).await;
    gone(process).await;
    let lapses = row(&db).await.lease_until.unwrap();
    assert!(
        Clock::system().now() < lapses,
        "it ends before the lease does"
    );
    worker.signal(Signal::CONT);
    world.reached(POINT).await;
    world.resume(POINT);
    let told: Value = completed(&ann, &id).await;
    assert_eq!(told["attempt"], 1);
    each_once(&scene);
    worker.stop().await;
    server.stop().await;
    scene.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_cannot_write_stops_its_command_before_its_lease_lapses() {
    let mut scene = Scene::new().await;
    scene.place.set("PROVISION_LEASE_SECONDS", "4");
    scene.place.set("PROVISION_HEARTBEAT_MILLISECONDS", "500");
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let db = place.storage.connect().await;
    let ann = company(&server, "acme").await;
    world.pause(POINT);
    let id = ask(&ann, "create_site").await;
    let worker = place.worker().await;
    let process = world.reached(POINT).await;
    let holding = db.begin().await.unwrap();
    holding.execute_unprepared(HOLD).await.unwrap();
    // Nobody renews it any more.
    let lapses: Timestamp = row(&db).await.lease_until.unwrap();
    gone(process).await;
    assert!(
        Clock::system().now() < lapses,
        "it ends before the lease does"
    );
    holding.rollback().await.unwrap();
    world.resume(POINT);
    completed(&ann, &id).await;
    each_once(&scene);
    worker.stop().await;
    server.stop().await;
    scene.remove().await;
}
