//! Two workers, many tenants, and messages that come several times, in any order, or make no sense.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::json;

use super::{CREATE, Scene, ask, company, completed, performed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_is_done_once() {
    const TENANTS: usize = 6;
    let mut scene = Scene::new().await;
    scene.place.set("PROVISION_LEASE_SECONDS", "30");
    let Scene {
        place,
        world,
        broker,
    } = &scene;
    let server = place.serve().await;
    let workers = [place.worker().await, place.worker().await];
    let names: Vec<_> = (0..TENANTS).map(|n| format!("company{n}")).collect();
    let owners = join_all(names.iter().map(|name| company(&server, name))).await;
    // In the order asked, though all wait at once.
    let asked = join_all(owners.iter().map(async |owner| {
        let mut jobs = Vec::new();
        for job_type in ["create_site", "backup_site", "update_site"] {
            jobs.push(ask(owner, job_type).await);
        }
        jobs
    }))
    .await;
    if let Some(broker) = broker {
        // As the legacy system asks, several times, backwards, and with nonsense in between.
        for _ in 0..3 {
            for job in asked.iter().flatten().rev() {
                let message = json!({ "job_id": job }).to_string();
                broker.put("provisioning", message.as_bytes()).await;
            }
            for nonsense in ["", "{}", "[1", r#"{"job_id":"../x"}"#, r#"{"job_id":null}"#] {
                broker.put("provisioning", nonsense.as_bytes()).await;
            }
        }
    }
    let mut expected = BTreeMap::new();
    for (owner, jobs) in owners.iter().zip(&asked) {
        let mut before = None;
        for job in jobs {
            let told = completed(owner, job).await;
            let began = told["started_at"].as_str().map(str::to_owned);
            assert!(before <= began, "they run in the order asked");
            before = told["completed_at"].as_str().map(str::to_owned);
        }
        for step in CREATE {
            expected.insert((jobs[0].clone(), format!("create.{step}")), 1);
        }
        expected.insert((jobs[1].clone(), "backup.backup".into()), 1);
        for step in [
            "maintenance-on",
            "backup",
            "migrate",
            "maintenance-off",
            "health-check",
        ] {
            expected.insert((jobs[2].clone(), format!("update.{step}")), 1);
        }
    }
    assert_eq!(performed(world), expected);
    assert_eq!(world.sites(), names);
    for worker in workers {
        worker.stop().await;
    }
    server.stop().await;
    scene.remove().await;
}
