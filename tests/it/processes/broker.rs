//! The broker is stopped and started again while jobs are asked for.

use std::collections::BTreeSet;

use super::{ask, company, completed, performed, place};
use crate::support::{
    process::{Place, Signal},
    rabbitmq_server::RabbitMqServer,
    storage,
    world::World,
};

/// What is accepted while there is no broker waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_accepted_jobs_finish() {
    if !storage::full_stack() {
        // The embedded stack has no broker.
        return;
    }
    let world = World::new();
    let mut place: Place = place(&world).await;
    let mut broker = RabbitMqServer::start().await;
    place.set("RABBITMQ_URL", &broker.url());
    place.set("PROVISION_LEASE_SECONDS", "30");
    let server = place.serve().await;
    let worker = place.worker().await;

    let mut asked = Vec::new();
    let mut some = async |from: usize| {
        for n in from..from + 4 {
            let owner = company(&server, &format!("company{n}")).await;
            let job = ask(&owner, "create_site").await;
            asked.push((owner, job));
        }
    };
    some(0).await;
    broker.signal(Signal::TERM);
    some(4).await;
    broker.ended().await;
    some(8).await;
    broker.start_again().await;
    some(12).await;
    for (owner, job) in &asked {
        completed(owner, job).await;
    }
    let times = performed(&world);
    let jobs: BTreeSet<_> = times.keys().map(|(job, _)| job).collect();
    assert_eq!(jobs.len(), asked.len());
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    worker.stop().await;
    server.stop().await;
    place.remove().await;
}
