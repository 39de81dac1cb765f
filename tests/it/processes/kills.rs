//! The worker is killed at every boundary of every step, and in the middle of each.

use std::collections::BTreeMap;

use super::{CREATE, Scene, ask, company, completed, gone, performed};
use crate::support::{
    process::{Place, Signal},
    world::World,
};

/// Where calls can be stopped on the way of one step; what is killed after the work is found done.
const POINTS: [&str; 4] = ["check", "before", "half", "verify"];

/// Kills the worker at each of these points in turn, and lets the next one go on from there.
async fn killed_at(points: &[String], place: &Place, world: &World) {
    for point in points {
        let worker = place.worker().await;
        let process = world.reached(point).await;
        worker.signal(Signal::KILL);
        assert_eq!(worker.ended().await.0, None, "it was killed");
        // What it had started ends with it, though it stands still at a point.
        gone(process).await;
        world.resume(point);
    }
}

async fn a_site_is_made_in_spite_of_kills(points: &[&str]) {
    let scene = Scene::new().await;
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let ann = company(&server, "acme").await;
    let points: Vec<_> = CREATE
        .iter()
        .flat_map(|step| {
            points
                .iter()
                .map(move |point| format!("{point}.create.{step}"))
        })
        .collect();
    for point in &points {
        world.pause(point);
    }
    let job = ask(&ann, "create_site").await;
    killed_at(&points, place, world).await;
    let worker = place.worker().await;
    let told = completed(&ann, &job).await;
    assert_eq!(told["progress"], 100);
    assert_eq!(told["attempt"], 1, "a crash is no attempt of a person's");

    let once: BTreeMap<_, _> = CREATE
        .iter()
        .map(|step| ((job.clone(), format!("create.{step}")), 1))
        .collect();
    assert_eq!(performed(world), once);
    assert_eq!(world.sites(), ["acme"]);
    let mut whole: Vec<_> = CREATE.iter().map(ToString::to_string).collect();
    whole.push("id".into());
    whole.sort();
    assert_eq!(world.site("acme"), whole, "nothing is half there");
    worker.stop().await;
    server.stop().await;
    scene.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_step_begins_or_has_ended() {
    a_site_is_made_in_spite_of_kills(&["check", "before", "after"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_step_and_while_looking_at_it() {
    a_site_is_made_in_spite_of_kills(&["half", "verify"]).await;
}

/// Backing up and removing, which cannot be told from the site alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_backing_up_and_removing() {
    let scene = Scene::new().await;
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let ann = company(&server, "acme").await;
    let create = ask(&ann, "create_site").await;
    let worker = place.worker().await;
    completed(&ann, &create).await;
    worker.stop().await;

    for (verb, steps) in [
        ("backup", &["backup"][..]),
        ("delete", &["backup", "drop-site"]),
    ] {
        let points: Vec<_> = steps
            .iter()
            .flat_map(|step| {
                POINTS
                    .iter()
                    .map(move |point| format!("{point}.{verb}.{step}"))
            })
            .collect();
        for point in &points {
            world.pause(point);
        }
        let job = ask(&ann, &format!("{verb}_site")).await;
        killed_at(&points, place, world).await;
        let worker = place.worker().await;
        completed(&ann, &job).await;
        let times = performed(world);
        for step in steps {
            assert_eq!(
                times[&(job.clone(), format!("{verb}.{step}"))],
                1,
                "{verb}.{step}"
            );
        }
        worker.stop().await;
    }
    assert!(world.sites().is_empty());
    assert_eq!(
        world.backups().len(),
        2,
        "one was asked for, one goes before the removal"
    );
    server.stop().await;
    scene.remove().await;
}

/// Stopped gently, a worker gives its job back at once and undoes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_stopped_hands_its_job_over() {
    let mut scene = Scene::new().await;
    // Nobody could wait so long for a lease to lapse.
    scene.place.set("PROVISION_LEASE_SECONDS", "600");
    let Scene { place, world, .. } = &scene;
    let server = place.serve().await;
    let ann = company(&server, "acme").await;
    world.pause("half.create.install-apps");
    let job = ask(&ann, "create_site").await;
    let worker = place.worker().await;
    let process = world.reached("half.create.install-apps").await;
    worker.stop().await;
    gone(process).await;
    world.resume("half.create.install-apps");
    let worker = place.worker().await;
    completed(&ann, &job).await;
    assert!(performed(world).values().all(|times| *times == 1));
    worker.stop().await;
    server.stop().await;
    scene.remove().await;
}
